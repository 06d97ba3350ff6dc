package ledgertest

import (
	"crypto/sha256"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
)

var noon = time.Date(2024, 2, 29, 12, 0, 0, 0, time.UTC)

func testServices(t *testing.T, create New) {
	t.Run("a put service is found and listed, and replaces the one before", func(t *testing.T) {
		l := fresh(t, create)
		_, ok, err := l.Service(t.Context(), sid("IS", 1))
		require.NoError(t, err)
		require.False(t, ok)
		planned := migrate.ServiceRecord{SourceSID: sid("IS", 1), FriendlyName: "Desk ✨", Before: []string{sid("IS", 7), "IS8"}}
		other := migrate.ServiceRecord{SourceSID: sid("IS", 2), FriendlyName: "Desk ✨", Stage: migrate.Done, Created: true, Saved: []byte(`{"log_enabled":true}`)}
		require.NoError(t, l.PutService(t.Context(), planned))
		require.NoError(t, l.PutService(t.Context(), other))
		got, ok, err := l.Service(t.Context(), planned.SourceSID)
		require.NoError(t, err)
		require.True(t, ok)
		require.Equal(t, planned, got)

		opened := planned
		opened.TargetSID, opened.Stage = sid("IS", 9), migrate.Open
		require.NoError(t, l.PutService(t.Context(), opened))

		all, err := l.Services(t.Context())
		require.NoError(t, err)
		require.ElementsMatch(t, []migrate.ServiceRecord{opened, other}, all)
	})
}

func testEntities(t *testing.T, create New) {
	t.Run("kinds are kept apart although their SIDs are equal", func(t *testing.T) {
		l := fresh(t, create)
		horizon := int64(0)
		for _, kind := range []migrate.EntityKind{migrate.RoleEntity, migrate.UserEntity, migrate.MemberEntity, migrate.UserChannelEntity} {
			r := migrate.EntityRecord{Kind: kind, SourceSID: "XX1", TargetSID: "XX2", ParentSID: "XX3", Existing: kind == migrate.UserEntity}
			if kind == migrate.MemberEntity {
				r.Horizon = &horizon
			}
			require.NoError(t, l.PutEntity(t.Context(), r))
			got, ok, err := l.Entity(t.Context(), kind, "XX1")
			require.NoError(t, err)
			require.True(t, ok)
			require.Equal(t, r, got)
			require.Equal(t, []migrate.EntityRecord{r}, collect(t, l.Entities(t.Context(), kind, "XX3")))
		}
		_, ok, err := l.Entity(t.Context(), migrate.RoleEntity, "XX2")
		require.NoError(t, err)
		require.False(t, ok)
	})

	t.Run("what is forgotten is gone, and nothing else; forgetting it again changes nothing", func(t *testing.T) {
		l := fresh(t, create)
		for _, kind := range []migrate.EntityKind{migrate.RoleEntity, migrate.UserEntity} {
			for n := range 2 {
				require.NoError(t, l.PutEntity(t.Context(), migrate.EntityRecord{Kind: kind, SourceSID: sid("XX", n), TargetSID: "XX", ParentSID: "IS"}))
			}
		}
		for range 2 {
			require.NoError(t, l.ForgetEntity(t.Context(), migrate.UserEntity, sid("XX", 1)))
		}
		require.Len(t, collect(t, l.Entities(t.Context(), migrate.RoleEntity, "IS")), 2)
		left := collect(t, l.Entities(t.Context(), migrate.UserEntity, "IS"))
		require.Len(t, left, 1)
		require.Equal(t, sid("XX", 0), left[0].SourceSID)
	})

	t.Run("a loop over more than a page may forget what it walks over", func(t *testing.T) {
		l := fresh(t, create)
		const members = 1203
		for n := range members {
			r := migrate.EntityRecord{Kind: migrate.MemberEntity, SourceSID: sid("MB", n), TargetSID: sid("MB", n+members), ParentSID: sid("CH", 1)}
			require.NoError(t, l.PutEntity(t.Context(), r))
		}
		seen := 0
		for r, err := range l.Entities(t.Context(), migrate.MemberEntity, sid("CH", 1)) {
			require.NoError(t, err)
			require.NoError(t, l.ForgetEntity(t.Context(), migrate.MemberEntity, r.SourceSID))
			seen++
		}
		require.Equal(t, members, seen)
		require.Empty(t, collect(t, l.Entities(t.Context(), migrate.MemberEntity, sid("CH", 1))))
	})

	t.Run("a loop over more than a page may put what it walks over", func(t *testing.T) {
		l := fresh(t, create)
		const members = 1203
		for n := range members {
			r := migrate.EntityRecord{Kind: migrate.MemberEntity, SourceSID: sid("MB", n), TargetSID: sid("MB", n+members), ParentSID: sid("CH", 1)}
			require.NoError(t, l.PutEntity(t.Context(), r))
		}
		seen := map[string]bool{}
		for r, err := range l.Entities(t.Context(), migrate.MemberEntity, sid("CH", 1)) {
			require.NoError(t, err)
			require.False(t, seen[r.SourceSID], "seen twice")
			seen[r.SourceSID] = true
			horizon := int64(len(seen))
			r.Horizon = &horizon
			require.NoError(t, l.PutEntity(t.Context(), r))
		}
		require.Len(t, seen, members)
		for _, r := range collect(t, l.Entities(t.Context(), migrate.MemberEntity, sid("CH", 1))) {
			require.NotNil(t, r.Horizon)
		}
	})
}

func testOriginals(t *testing.T, create New) {
	t.Run("a loop over more than a page may forget what it walks over", func(t *testing.T) {
		l := fresh(t, create)
		const people = 1203
		for n := range people {
			kind := []migrate.EntityKind{migrate.RoleEntity, migrate.UserEntity}[n%2]
			require.NoError(t, l.PutOriginal(t.Context(), migrate.Original{Kind: kind, TargetSID: sid("US", n), ParentSID: sid("IS", 1), Before: []byte("{}")}))
		}
		seen := map[string]bool{}
		for o, err := range l.Originals(t.Context(), sid("IS", 1)) {
			require.NoError(t, err)
			require.False(t, seen[o.TargetSID], "seen twice")
			seen[o.TargetSID] = true
			require.NoError(t, l.ForgetOriginal(t.Context(), o.Kind, o.TargetSID))
		}
		require.Len(t, seen, people)
		require.Empty(t, collect(t, l.Originals(t.Context(), sid("IS", 1))))
	})
}

func testChannels(t *testing.T, create New) {
	t.Run("the channels of a service come in the order of their SIDs, whatever their shape", func(t *testing.T) {
		l := fresh(t, create)
		sids := []string{"", "AA", "CH0", sid("CH", 1), sid("CH", 0xab), "CHA", "CHz", "XXz"}
		for i := len(sids) - 1; i >= 0; i-- {
			require.NoError(t, l.PutChannel(t.Context(), migrate.ChannelRecord{SourceSID: sids[i], ServiceSID: sid("IS", 1)}))
		}
		require.NoError(t, l.PutChannel(t.Context(), migrate.ChannelRecord{SourceSID: sid("CH", 2), ServiceSID: sid("IS", 2)}))

		var got []string
		for _, r := range collect(t, l.Channels(t.Context(), sid("IS", 1))) {
			got = append(got, r.SourceSID)
		}
		require.Equal(t, sids, got)
	})

	t.Run("a put channel replaces the one before and keeps its messages", func(t *testing.T) {
		l := fresh(t, create)
		r := migrate.ChannelRecord{
			SourceSID: sid("CH", 1), ServiceSID: sid("IS", 1), FriendlyName: "a \x00 b", MembersCount: 3, MessagesCount: 1 << 40, DateUpdated: noon, BornAt: noon.Add(time.Hour), Alone: true, Writing: true,
			Listed: migrate.Listed{Known: true, Members: 1, Messages: 2, LeftOutMembers: 3, LeftOutMessages: 4},
			Page:   migrate.Page{Address: "/v1/Services/IS1/Channels/CH1/Messages?Order=asc&PageToken=PT.1", SID: sid("IM", 1), Index: 1 << 40},
		}
		require.NoError(t, l.PutChannel(t.Context(), r))
		require.NoError(t, l.PutMessage(t.Context(), r.SourceSID, message(0, 0)))
		r.TargetSID, r.Stage, r.Adopted, r.Messages, r.Members = sid("CH", 2), migrate.Copied, true, 1, 2
		require.NoError(t, l.PutChannel(t.Context(), r))

		got, ok, err := l.Channel(t.Context(), r.SourceSID)
		require.NoError(t, err)
		require.True(t, ok)
		require.Equal(t, r, got)
		require.Equal(t, []migrate.MessageRecord{message(0, 0)}, collect(t, l.Messages(t.Context(), r.SourceSID, -1)))
	})

	t.Run("a conversation is the target of one channel, in whatever service, and a refusal costs nothing", func(t *testing.T) {
		l := fresh(t, create)
		taken := sid("CH", 9)
		first := migrate.ChannelRecord{SourceSID: sid("CH", 1), ServiceSID: sid("IS", 1), TargetSID: taken, Stage: migrate.Open}
		second := migrate.ChannelRecord{SourceSID: sid("CH", 2), ServiceSID: sid("IS", 2), FriendlyName: "second"}
		require.NoError(t, l.PutChannel(t.Context(), first))
		require.NoError(t, l.PutChannel(t.Context(), second))
		for _, r := range []migrate.ChannelRecord{
			{SourceSID: second.SourceSID, ServiceSID: second.ServiceSID, TargetSID: taken},
			{SourceSID: sid("CH", 3), ServiceSID: sid("IS", 1), TargetSID: taken},
		} {
			err := l.PutChannel(t.Context(), r)
			require.Equal(t, migrate.TargetTaken(r.SourceSID, taken, first.SourceSID), err)
			require.Equal(t, migrate.Conflict, migrate.KindOf(err))
		}
		got, ok, err := l.Channel(t.Context(), second.SourceSID)
		require.NoError(t, err)
		require.True(t, ok)
		require.Equal(t, second, got, "a refused record was stored")
		first.Stage = migrate.Done
		require.NoError(t, l.PutChannel(t.Context(), first), "its own target is not taken")
		first.TargetSID = ""
		require.NoError(t, l.PutChannel(t.Context(), first))
		second.TargetSID = taken
		require.NoError(t, l.PutChannel(t.Context(), second), "what was given up can be taken")
		require.NoError(t, l.Sync(t.Context()))
	})

	t.Run("a channel that only its messages name is not a channel record", func(t *testing.T) {
		l := fresh(t, create)
		require.NoError(t, l.PutMessage(t.Context(), sid("CH", 1), message(0, 0)))
		_, ok, err := l.Channel(t.Context(), sid("CH", 1))
		require.NoError(t, err)
		require.False(t, ok)
		require.Empty(t, collect(t, l.Channels(t.Context(), "")))
	})
}

func testDoubts(t *testing.T, create New) {
	t.Run("doubts are kept once each, in order, by channel, until they are forgotten", func(t *testing.T) {
		l := fresh(t, create)
		doubt := func(index int64, sends int) migrate.DoubtRecord {
			return migrate.DoubtRecord{SourceIndex: index, After: index - 1, Sends: sends, At: noon}
		}
		for _, d := range []migrate.DoubtRecord{doubt(9, 1), doubt(2, 1), doubt(9, 2), {SourceIndex: migrate.NewConversation, After: -1, Sends: 1}} {
			require.NoError(t, l.PutDoubt(t.Context(), sid("CH", 1), d))
		}
		require.NoError(t, l.PutDoubt(t.Context(), sid("CH", 2), doubt(4, 1)))
		got, err := l.Doubts(t.Context(), sid("CH", 1))
		require.NoError(t, err)
		require.Equal(t, []migrate.DoubtRecord{{SourceIndex: -1, After: -1, Sends: 1}, doubt(2, 1), doubt(9, 2)}, got)
		got, err = l.Doubts(t.Context(), sid("CH", 3))
		require.NoError(t, err)
		require.Empty(t, got)

		for _, index := range []int64{2, 4, -1} {
			require.NoError(t, l.ForgetDoubt(t.Context(), sid("CH", 1), index))
		}
		require.NoError(t, l.ForgetDoubt(t.Context(), sid("CH", 3), 1))
		got, err = l.Doubts(t.Context(), sid("CH", 1))
		require.NoError(t, err)
		require.Equal(t, []migrate.DoubtRecord{doubt(9, 2)}, got)
		got, err = l.Doubts(t.Context(), sid("CH", 2))
		require.NoError(t, err)
		require.Len(t, got, 1)
	})
}

func testFiles(t *testing.T, create New) {
	t.Run("files are kept once each, in order, by channel, until they are forgotten", func(t *testing.T) {
		l := fresh(t, create)
		file := func(index int64, size int64) migrate.FileRecord {
			return migrate.FileRecord{SourceIndex: index, SourceSID: sid("ME", int(index)), TargetSID: sid("ME", 100+int(index)), Size: size, SHA256: sha256.Sum256([]byte{byte(index)})}
		}
		for _, f := range []migrate.FileRecord{file(9, 1), file(2, 0), file(9, 5<<32)} {
			require.NoError(t, l.PutFile(t.Context(), sid("CH", 1), f))
		}
		require.NoError(t, l.PutFile(t.Context(), sid("CH", 2), file(4, 1)))
		require.Equal(t, []migrate.FileRecord{file(2, 0), file(9, 5<<32)}, collect(t, l.Files(t.Context(), sid("CH", 1))))
		got, ok, err := l.File(t.Context(), sid("CH", 1), 9)
		require.NoError(t, err)
		require.True(t, ok)
		require.Equal(t, file(9, 5<<32), got)
		_, ok, err = l.File(t.Context(), sid("CH", 2), 9)
		require.NoError(t, err)
		require.False(t, ok)
		require.Empty(t, collect(t, l.Files(t.Context(), sid("CH", 3))))

		require.NoError(t, l.ForgetFile(t.Context(), sid("CH", 1), 2))
		require.NoError(t, l.ForgetFile(t.Context(), sid("CH", 1), 2))
		require.NoError(t, l.ForgetFile(t.Context(), sid("CH", 3), 1))
		require.Equal(t, []migrate.FileRecord{file(9, 5<<32)}, collect(t, l.Files(t.Context(), sid("CH", 1))))
		require.Len(t, collect(t, l.Files(t.Context(), sid("CH", 2))), 1)
	})

	t.Run("the files of confirmed messages are counted, of all channels, without those that are gone", func(t *testing.T) {
		l := fresh(t, create)
		for index := range int64(3) {
			require.NoError(t, l.PutFile(t.Context(), sid("CH", 1), migrate.FileRecord{SourceIndex: index, Size: 10}))
			require.NoError(t, l.PutFile(t.Context(), sid("CH", 2), migrate.FileRecord{SourceIndex: index, Size: 3 << 40}))
		}
		n, bytes, err := l.CountFiles(t.Context())
		require.NoError(t, err)
		require.Zero(t, n)
		require.Zero(t, bytes)
		one := message(1, 0)
		require.NoError(t, l.PutMessage(t.Context(), sid("CH", 1), one))
		require.NoError(t, l.PutMessage(t.Context(), sid("CH", 2), one))
		two := message(2, 0)
		two.Gone = true
		require.NoError(t, l.PutMessage(t.Context(), sid("CH", 1), two))
		n, bytes, err = l.CountFiles(t.Context())
		require.NoError(t, err)
		require.EqualValues(t, 2, n)
		require.EqualValues(t, 10+3<<40, bytes)
	})

	t.Run("a loop over more than a page may forget what it walks over", func(t *testing.T) {
		l := fresh(t, create)
		const files = 600
		for n := range int64(files) {
			require.NoError(t, l.PutFile(t.Context(), sid("CH", 1), migrate.FileRecord{SourceIndex: n}))
		}
		seen := 0
		for f, err := range l.Files(t.Context(), sid("CH", 1)) {
			require.NoError(t, err)
			require.NoError(t, l.ForgetFile(t.Context(), sid("CH", 1), f.SourceIndex))
			seen++
		}
		require.Equal(t, files, seen)
	})
}

func testFailures(t *testing.T, create New) {
	t.Run("a failure is found, replaced and cleared", func(t *testing.T) {
		l := fresh(t, create)
		f := migrate.Failure{Kind: "channel", SourceSID: sid("CH", 1), ServiceSID: sid("IS", 1), TargetSID: sid("CH", 2), Reason: "refused", Hint: "shorten", At: noon}
		other := migrate.Failure{Kind: "user", Reason: "no SID", At: noon.Add(time.Millisecond)}
		require.NoError(t, l.PutFailure(t.Context(), f))
		require.NoError(t, l.PutFailure(t.Context(), other))
		f.Reason = "refused again"
		require.NoError(t, l.PutFailure(t.Context(), f))
		require.ElementsMatch(t, []migrate.Failure{f, other}, collect(t, l.Failures(t.Context())))

		require.NoError(t, l.ClearFailures(t.Context(), f.SourceSID))
		require.Equal(t, []migrate.Failure{other}, collect(t, l.Failures(t.Context())))
	})

	t.Run("a loop over more than a page may clear what it walks over", func(t *testing.T) {
		l := fresh(t, create)
		const failures = 1001
		for n := range failures {
			require.NoError(t, l.PutFailure(t.Context(), migrate.Failure{Kind: "user", SourceSID: sid("US", n), At: noon}))
		}
		seen := 0
		for f, err := range l.Failures(t.Context()) {
			require.NoError(t, err)
			require.NoError(t, l.ClearFailures(t.Context(), f.SourceSID))
			seen++
		}
		require.Equal(t, failures, seen)
		require.Empty(t, collect(t, l.Failures(t.Context())))
	})
}
