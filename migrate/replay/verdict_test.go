package replay

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping"
	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
	"chatbridge/migrate/origin"
)

var (
	long  = time.Date(2001, 1, 1, 0, 0, 0, 0, time.UTC)
	birth = long.AddDate(1, 0, 0)
	later = birth.AddDate(1, 0, 0)
)

// What is ours is compared to the letter, and who made the difference decides what
// becomes of it.
func TestOursThatSaysSomethingElse(t *testing.T) {
	const nothing, otherwise, edited, altered = "", "stored otherwise", "edited in the source", "altered by people"
	for name, c := range map[string]struct {
		kind    origin.Kind
		change  func(p *pairing, l *lane)
		want    string
		because string
	}{
		"it does not":               {origin.Ours, func(*pairing, *lane) {}, nothing, ""},
		"nor in an author renamed":  {origin.Ours, func(p *pairing, _ *lane) { p.want.Before = p.want.Author }, nothing, ""},
		"too many to be held":       {origin.Ours, func(p *pairing, _ *lane) { *p = pairing{} }, nothing, ""},
		"of too many, the content":  {origin.OursOtherwise, func(p *pairing, _ *lane) { *p = pairing{} }, otherwise, "other content"},
		"of too many, when adopted": {origin.OursOtherwise, func(p *pairing, l *lane) { *p = pairing{}; l.Record.Adopted = true }, altered, "other content"},
		"held, the content":         {origin.OursOtherwise, func(p *pairing, _ *lane) { p.have.Body = "TWO" }, otherwise, "TWO"},
		"white space":               {origin.Ours, func(p *pairing, _ *lane) { p.have.Body = "two " }, otherwise, "body"},
		"the name of before": {origin.Ours, func(p *pairing, _ *lane) {
			p.have.Author, p.want.Before = "user0", "user0"
		}, otherwise, "--identities"},
		"a text of before": {origin.Ours, func(p *pairing, _ *lane) { p.have.Body, p.want.message.DateUpdated = "2", later }, edited, ""},
		"of the same date": {origin.Ours, func(p *pairing, _ *lane) {
			p.have.Body, p.have.DateUpdated, p.want.message.DateUpdated = "2", later, later
		}, otherwise, "body"},
		"by an edit in the target":     {origin.Ours, func(p *pairing, _ *lane) { p.have.Body, p.have.DateUpdated = "2", later }, altered, "body"},
		"by one before it was there":   {origin.Ours, func(p *pairing, _ *lane) { p.have.Body, p.have.DateUpdated = "2", long.Add(time.Hour) }, otherwise, "body"},
		"of a birth that nobody knows": {origin.Ours, func(p *pairing, l *lane) { p.have.Body, p.have.DateUpdated, l.birth = "2", later, origin.Birth{} }, otherwise, "body"},
		"of a date that nobody knows":  {origin.Ours, func(p *pairing, _ *lane) { p.have.Body, p.have.DateUpdated = "2", time.Time{} }, otherwise, "body"},
		"at the time it was written":   {origin.Ours, func(p *pairing, _ *lane) { p.have.Body, p.have.DateUpdated, p.have.DateCreated = "2", later, later }, otherwise, "body"},
		"since the ledger was lost":    {origin.OursOtherwise, func(p *pairing, l *lane) { p.have.Body, l.Record.Adopted = "2", true }, altered, "body"},
		"though the ledger was lost":   {origin.Ours, func(p *pairing, l *lane) { p.have.Body, l.Record.Adopted = "two ", true }, otherwise, "body"},
	} {
		t.Run(name, func(t *testing.T) {
			message := conversations.Message{Author: "anna", Body: "two", DateCreated: long, DateUpdated: long}
			want := message
			want.DateUpdated = time.Time{}
			p := pairing{want: wanted{Want: origin.WantOf("IM1", 1, "", want), message: want}, have: message, held: true}
			l := &lane{knowledge: knowledge{birth: origin.BornAt(birth)}}
			c.change(&p, l)
			seen := &look{named: map[string]bool{}}
			l.stored(seen, origin.Verdict{Kind: c.kind, SourceSID: "IM1", TargetSID: "IM2"}, p)
			got, why := nothing, ""
			switch {
			case len(seen.found) > 0:
				require.Equal(t, mapping.MessageAltered, seen.found[0].Code)
				got, why = altered, seen.found[0].Detail
			case len(seen.edited) > 0:
				got = edited
			case seen.otherwise.SID != "":
				got, why = otherwise, seen.otherwise.Detail
			}
			require.Equal(t, c.want, got)
			require.Contains(t, why, c.because)
		})
	}
}

// What is held of a message is held until both sides had their turn.
func TestTextsAreTakenOnce(t *testing.T) {
	held := texts{
		wants: map[int64]wanted{0: {}, 1: {}, 2: {}},
		haves: map[string]conversations.Message{"IM0": {}, "IM1": {}, "IM3": {}},
	}
	v := func(index int64, source, target string) origin.Verdict {
		return origin.Verdict{SourceIndex: index, SourceSID: source, TargetSID: target}
	}
	require.True(t, held.take(v(0, "IMa", "IM0")).held)
	require.False(t, held.take(v(0, "IMa", "IM0")).held)
	require.False(t, held.take(v(1, "IMb", "IM9")).held, "the target has no text")
	require.False(t, held.take(v(9, "IMc", "IM1")).held, "the source has no text")
	require.False(t, held.take(v(2, "", "IM3")).held, "of the target alone")
	require.Equal(t, map[int64]wanted{2: {}}, held.wants)
	require.Empty(t, held.haves)
}

// Whatever is not ours makes a conversation one in which others write.
func TestStrange(t *testing.T) {
	for kind, strange := range map[origin.Kind]bool{
		origin.AlreadyThere: true, origin.Altered: true, origin.Foreign: true,
		origin.CopyOf: false, origin.Deleted: false, origin.Hole: false, origin.Known: false,
	} {
		l, seen := &lane{}, &look{late: map[string]int64{}, named: map[string]bool{}}
		require.NoError(t, l.see(context.Background(), seen, origin.Verdict{Kind: kind, SourceSID: "IM1", TargetSID: "IM2"}, pairing{}))
		require.Equal(t, strange, seen.strange, kind)
		require.Equal(t, kind == origin.Altered, seen.past, kind)
		for _, r := range seen.theirs {
			require.True(t, r.Others)
		}
	}
}

// What may be a copy is said with what it is equal to, if it is.
func TestWhatMayBeACopyIsLike(t *testing.T) {
	for like, want := range map[string]string{"": "in CH9", "IM3": "in CH9, equal to IM3"} {
		l, seen := &lane{Job: Job{Record: migrate.ChannelRecord{TargetSID: "CH9"}}}, &look{named: map[string]bool{}}
		v := origin.Verdict{Kind: origin.Foreign, TargetSID: "IM2", Like: like, MayBeCopy: true}
		require.NoError(t, l.see(context.Background(), seen, v, pairing{}))
		require.Len(t, seen.found, 1)
		require.Equal(t, want, seen.found[0].Detail)
	}
}

// A message is as young as the latest look at both sides if it came within the minute
// after it. What is dated before the conversation is not, whatever the clock says.
func TestAsYoungAs(t *testing.T) {
	for name, c := range map[string]struct {
		created, looked time.Time
		want            bool
	}{
		"at once":               {later, later, true},
		"within a minute":       {later.Add(59 * time.Second), later, true},
		"a minute later":        {later.Add(time.Minute), later, false},
		"before it":             {later.Add(-time.Second), later, false},
		"never looked at":       {time.Time{}, time.Time{}, false},
		"by a clock set back":   {long, long, false},
		"never looked at, past": {long, time.Time{}, false},
	} {
		l := &lane{knowledge: knowledge{birth: origin.BornAt(birth)}, looked: c.looked}
		require.Equal(t, c.want, l.asYoungAs(origin.Want{Created: c.created}), name)
	}
}
