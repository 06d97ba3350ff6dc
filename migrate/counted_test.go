package migrate_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping"
	"chatbridge/mapping/chat"
	"chatbridge/migrate"
)

// readAll reads the channel as a verb does, and returns how many came and what was
// found.
func readAll(t *testing.T, src migrate.Source) (members, messages int, found []mapping.Finding, err error) {
	t.Helper()
	ctx := migrate.Noting(t.Context(), nobody{}, func(fs []mapping.Finding) { found = append(found, fs...) })
	for range src.Users(ctx, "IS1") {
	}
	for _, err := range src.Channels(ctx, "IS1") {
		if err != nil {
			return 0, 0, found, err
		}
	}
	for _, err := range src.Members(ctx, "IS1", "CH0") {
		if err != nil {
			return members, messages, found, err
		}
		members++
	}
	for _, err := range src.Messages(ctx, "IS1", "CH0", migrate.Span{After: migrate.All}) {
		if err != nil {
			return members, messages, found, err
		}
		messages++
	}
	return members, messages, found, nil
}

func TestChannelsThatOnlyUsersName(t *testing.T) {
	last := func(t *testing.T, lists ...func() error) (err error) {
		for _, read := range lists {
			if err == nil {
				err = read()
			}
		}
		return err
	}
	for name, c := range map[string]struct {
		change func(*halfShown)
		short  bool
	}{
		"prove that the list of channels is short": {func(*halfShown) {}, true},
		"prove nothing if they are newer than all": {func(s *halfShown) { s.newer = true }, false},
		"prove nothing if they are gone":           {func(s *halfShown) { s.gone = true }, false},
		"prove nothing if the list shows them":     {func(s *halfShown) { s.channels = append(s.channels, chat.Channel{SID: "CH9"}) }, false},
	} {
		for _, usersFirst := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s, users first: %v", name, usersFirst), func(t *testing.T) {
				s := halfOf(1, 1)
				c.change(s)
				src := migrate.Counted(s)
				users := func() (last error) {
					for _, err := range src.UserChannels(t.Context(), "IS1", "US1") {
						last = err
					}
					return last
				}
				channels := func() (last error) {
					for _, err := range src.Channels(t.Context(), "IS1") {
						last = err
					}
					return last
				}
				lists := []func() error{channels, users}
				if usersFirst {
					slices.Reverse(lists)
				}
				err := last(t, lists...)
				if !c.short {
					require.NoError(t, err)
					return
				}
				require.ErrorIs(t, err, migrate.ErrShort)
				require.ErrorContains(t, err, "a user is in CH9")
			})
		}
	}
}

// What nothing counts is read until a reading shows nothing new.
func TestServicesAndUsersAreReadTwice(t *testing.T) {
	for name, c := range map[string]struct {
		shows []int
		came  int
		left  int // readings that were not needed
	}{
		"whole both times":       {[]int{2, 2, 9}, 2, 1},
		"short the first time":   {[]int{1, 2, 2, 9}, 2, 1},
		"short the second time":  {[]int{2, 1, 9}, 2, 1},
		"nothing, and then all":  {[]int{0, 0, 0, 2}, 2, 1},
		"nothing as often as it": {[]int{0, 0, 0, 0, 9}, 0, 1},
	} {
		t.Run(name, func(t *testing.T) {
			s := halfOf(0, 0)
			s.users = []int64{1, 2}
			src := migrate.Counted(s)
			s.shows["services"], s.shows["users"] = slices.Clone(c.shows), slices.Clone(c.shows)
			services, users := 0, 0
			for _, err := range src.Services(t.Context()) {
				require.NoError(t, err)
				services++
			}
			for _, err := range src.Users(t.Context(), "IS1") {
				require.NoError(t, err)
				users++
			}
			require.Equal(t, []int{c.came, c.came}, []int{services, users})
			require.Len(t, s.shows["services"], c.left)
			require.Len(t, s.shows["users"], c.left)
		})
	}
	t.Run("those who read stop when they like, and hear of errors", func(t *testing.T) {
		s := halfOf(0, 0)
		s.users = []int64{1, 2}
		for range migrate.Counted(s).Users(t.Context(), "IS1") {
			break
		}
	})
}

func TestCounted(t *testing.T) {
	t.Run("asks for nothing where all agrees", func(t *testing.T) {
		s := halfOf(3, 4)
		s.users = []int64{1, 2}
		members, messages, found, err := readAll(t, migrate.Counted(s))
		require.NoError(t, err)
		require.Empty(t, found)
		require.Equal(t, []int{3, 4, 0}, []int{members, messages, s.fetches})
	})
	t.Run("takes the word of a channel that has changed since", func(t *testing.T) {
		s := halfOf(3, 4)
		src := migrate.Counted(s)
		_, _, _, err := readAll(t, src)
		require.NoError(t, err)
		s.members, s.channels[0].MembersCount = s.members[:2], 2
		for range src.Members(t.Context(), "IS1", "CH0") {
		}
		require.Equal(t, 1, s.fetches)
	})
	t.Run("goes on with members whom a second reading shows", func(t *testing.T) {
		s := halfOf(3, 0)
		s.users, s.shows["members"] = []int64{3}, []int{1, 3}
		members, _, found, err := readAll(t, migrate.Counted(s))
		require.NoError(t, err)
		require.Empty(t, found)
		require.Equal(t, 3, members)
	})
	t.Run("reads members as often as channels before it takes a counter for wrong", func(t *testing.T) {
		s := halfOf(3, 0)
		s.users, s.shows["members"] = []int64{3}, []int{1, 1, 1, 3}
		members, _, found, err := readAll(t, migrate.Counted(s))
		require.NoError(t, err)
		require.Empty(t, found)
		require.Equal(t, 3, members)
	})
	t.Run("proves a list of members short that shows another part each time", func(t *testing.T) {
		s := halfOf(3, 0)
		s.users, s.shows["members"] = []int64{3}, []int{1, 2}
		_, _, _, err := readAll(t, migrate.Counted(s))
		require.ErrorIs(t, err, migrate.ErrShort)
		require.ErrorContains(t, err, "list members CH0")
	})
	t.Run("finds members who never show, with both numbers", func(t *testing.T) {
		s := halfOf(3, 0)
		s.users, s.shows["members"] = []int64{3}, []int{2}
		members, _, found, err := readAll(t, migrate.Counted(s))
		require.NoError(t, err)
		require.Equal(t, 2, members)
		require.Equal(t, append(mapping.Mapper{}.CountsDiffer("CH0", "CH0", "members_count", 3, 2),
			mapping.Mapper{}.CountsDiffer("IS1", "", "joined_channels_count", 3, 2)...), found)
	})
	t.Run("goes on with channels that a second reading shows", func(t *testing.T) {
		s := halfOf(3, 0)
		s.channels = append(s.channels, chat.Channel{SID: "CH1", MembersCount: 2})
		s.users, s.shows["channels"] = []int64{4, 1}, []int{1, 2}
		src, n := migrate.Counted(s), 0
		for range src.Users(t.Context(), "IS1") {
		}
		for _, err := range src.Channels(t.Context(), "IS1") {
			require.NoError(t, err)
			n++
		}
		require.Equal(t, 2, n)
	})
	t.Run("finds that users are in more channels than there are, once", func(t *testing.T) {
		s := halfOf(3, 0)
		s.users = []int64{4, 1}
		src := migrate.Counted(s)
		_, _, found, err := readAll(t, src)
		require.NoError(t, err)
		require.Equal(t, mapping.Mapper{}.CountsDiffer("IS1", "", "joined_channels_count", 5, 3), found)
		_, _, found, err = readAll(t, src)
		require.NoError(t, err)
		require.Empty(t, found)
	})
	t.Run("finds the same where the counters of the channels hide it", func(t *testing.T) {
		s := halfOf(2, 0)
		s.users, s.channels[0].MembersCount = []int64{3, 2}, 5
		_, _, found, err := readAll(t, migrate.Counted(s))
		require.NoError(t, err)
		require.Equal(t, append(mapping.Mapper{}.CountsDiffer("CH0", "CH0", "members_count", 5, 2),
			mapping.Mapper{}.CountsDiffer("IS1", "", "joined_channels_count", 5, 2)...), found)
	})
	t.Run("proves a list of channels short that shows nothing, though users are in some", func(t *testing.T) {
		s := halfOf(1, 0)
		s.users, s.shows["channels"] = []int64{3}, []int{0}
		_, _, _, err := readAll(t, migrate.Counted(s))
		require.ErrorIs(t, err, migrate.ErrShort)
	})
	t.Run("proves a list of channels short that shows another part each time", func(t *testing.T) {
		s := halfOf(1, 0)
		s.channels = append(s.channels, chat.Channel{SID: "CH1", MembersCount: 1}, chat.Channel{SID: "CH2", MembersCount: 1})
		s.users, s.shows["channels"] = []int64{3}, []int{1, 2}
		_, _, _, err := readAll(t, migrate.Counted(s))
		require.ErrorIs(t, err, migrate.ErrShort)
		require.ErrorContains(t, err, "list channels IS1")
	})
	t.Run("proves a list of messages short that a second reading shows more of", func(t *testing.T) {
		s := halfOf(0, 4)
		s.shows["skipped"] = []int{1}
		_, messages, _, err := readAll(t, migrate.Counted(s))
		require.ErrorIs(t, err, migrate.ErrShort)
		require.Equal(t, 3, messages)
	})
	t.Run("so with the newest first, if somebody reads to the end", func(t *testing.T) {
		s := halfOf(0, 4)
		s.shows["skipped"] = []int{1}
		src := migrate.Counted(s)
		for range src.Channels(t.Context(), "IS1") {
		}
		var last error
		for _, err := range src.Messages(t.Context(), "IS1", "CH0", migrate.Span{After: migrate.All, NewestFirst: true, Listed: true}) {
			last = err
		}
		require.ErrorIs(t, last, migrate.ErrShort)
		for _, err := range src.Messages(t.Context(), "IS1", "CH0", migrate.Span{After: migrate.All, NewestFirst: true}) {
			require.NoError(t, err)
			break
		}
		for _, err := range src.Messages(t.Context(), "IS1", "CH0", migrate.Span{After: 2, NewestFirst: true}) {
			require.NoError(t, err)
		}
	})
	t.Run("finds once that a channel counts other messages, however often it is read", func(t *testing.T) {
		s := halfOf(0, 4)
		s.channels[0].MessagesCount = 5
		src := migrate.Counted(s)
		_, _, found, err := readAll(t, src)
		require.NoError(t, err)
		require.Len(t, found, 1)
		_, _, found, err = readAll(t, src)
		require.NoError(t, err)
		require.Empty(t, found)
	})
	t.Run("asks for nothing where a part is read, and there is none", func(t *testing.T) {
		s := halfOf(0, 4)
		s.shows["skipped"] = []int{4}
		for range migrate.Counted(s).Messages(t.Context(), "IS1", "CH0", migrate.Span{After: 2}) {
		}
		require.Zero(t, s.fetches)
	})
	t.Run("reads a list without messages as often as others, if some are announced", func(t *testing.T) {
		for empty := range 4 {
			s := halfOf(0, 4)
			for range empty {
				s.shows["skipped"] = append(s.shows["skipped"], 4)
			}
			s.shows["skipped"] = append(s.shows["skipped"], 0)
			_, messages, found, err := readAll(t, migrate.Counted(s))
			require.NoError(t, err)
			require.Empty(t, found)
			require.Equal(t, 4, messages)
		}
		s := halfOf(0, 4)
		s.shows["skipped"] = []int{4}
		_, messages, found, err := readAll(t, migrate.Counted(s))
		require.NoError(t, err)
		require.Zero(t, messages)
		require.Equal(t, mapping.Mapper{}.CountsDiffer("CH0", "CH0", "messages_count", 4, 0), found)
	})
	t.Run("finds that a channel counts other messages than it shows", func(t *testing.T) {
		for _, counted := range []int64{3, 5} {
			s := halfOf(0, 4)
			s.channels[0].MessagesCount = counted
			_, messages, found, err := readAll(t, migrate.Counted(s))
			require.NoError(t, err)
			require.Equal(t, 4, messages)
			require.Equal(t, mapping.Mapper{}.CountsDiffer("CH0", "CH0", "messages_count", counted, 4), found)
		}
	})
	t.Run("compares nothing of a channel that is gone", func(t *testing.T) {
		s := halfOf(3, 4)
		s.gone, s.channels[0].MembersCount, s.channels[0].MessagesCount = true, 9, 9
		_, _, found, err := readAll(t, migrate.Counted(s))
		require.NoError(t, err)
		require.Empty(t, found)
	})
	for _, membersFirst := range []bool{true, false} {
		t.Run(fmt.Sprintf("finds a member who has read beyond the end, members first: %v", membersFirst), func(t *testing.T) {
			s := halfOf(1, 4)
			beyond := int64(7)
			s.members[0].LastConsumedMessageIndex = &beyond
			var found []mapping.Finding
			ctx := migrate.Noting(t.Context(), nobody{}, func(fs []mapping.Finding) { found = append(found, fs...) })
			src := migrate.Counted(s)
			reads := []func(){
				func() {
					for range src.Members(ctx, "IS1", "CH0") {
					}
				},
				func() {
					for range src.Messages(ctx, "IS1", "CH0", migrate.Span{After: 2}) {
					}
				},
			}
			if !membersFirst {
				reads[0], reads[1] = reads[1], reads[0]
			}
			reads[0]()
			require.Empty(t, found)
			reads[1]()
			reads[0]()
			require.Equal(t, mapping.Mapper{}.HorizonBeyond("CH0", 7, 6), found)
		})
	}
}
