package verify

import (
	"context"
	"fmt"
	"iter"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"chatbridge/mapping/chat"
	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
)

// sides are both sides of one channel, as a source and a target would read them.
type sides struct {
	want []chat.Message
	have []conversations.Message
}

// sourceOf and targetOf keep the two Messages of sides apart.
type (
	sourceOf struct {
		migrate.Source
		*sides
	}
	targetOf struct {
		migrate.TargetReader
		*sides
	}
)

func (s sourceOf) Messages(context.Context, string, string, migrate.Span) iter.Seq2[chat.Message, error] {
	return sequence(s.want)
}

func (s targetOf) Messages(context.Context, string, string, bool) iter.Seq2[conversations.Message, error] {
	return sequence(s.have)
}

func sequence[T any](all []T) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for _, one := range all {
			if !yield(one, nil) {
				return
			}
		}
	}
}

var firstDay = time.Date(2018, 5, 7, 9, 0, 0, 0, time.UTC)

// drawSides draws a channel that arrived whole. People repeat themselves, also
// within a second.
func drawSides(t *rapid.T) *sides {
	s := &sides{}
	at := firstDay
	for i := range rapid.SampledFrom([]int{0, 1, 2, 3, 5, 9, 30, 100}).Draw(t, "messages") {
		at = at.Add(rapid.SampledFrom([]time.Duration{0, 0, time.Second, time.Minute, time.Hour}).Draw(t, "pause"))
		attributes := rapid.SampledFrom([]string{"{}", `{"a":1}`}).Draw(t, "attributes")
		m := chat.Message{
			SID: fmt.Sprint("IM-source-", i), Index: int64(i),
			From: rapid.SampledFrom([]string{"ann", "bo"}).Draw(t, "author"), Body: rapid.SampledFrom([]string{"yes", "no"}).Draw(t, "body"),
			Attributes: &attributes, DateCreated: chat.Time{Time: at}, DateUpdated: chat.Time{Time: at},
		}
		if m.Body == "no" && at.Minute()%2 == 0 { // twins were edited both or neither: nothing else tells them apart
			m.WasEdited, m.DateUpdated.Time = true, at.Add(time.Minute)
		}
		s.want = append(s.want, m)
		s.have = append(s.have, s.arrived(m, i))
	}
	return s
}

func (s *sides) arrived(m chat.Message, i int) conversations.Message {
	v := &verifiedService{comparison: &comparison{}}
	out, _ := v.set.Mapper.Message(m, firstDay)
	out.SID, out.Index = fmt.Sprint("IM-target-", i), int64(i)
	return out
}

// Services are none: nobody knows when the target was made.
func (targetOf) Services(context.Context) iter.Seq2[conversations.Service, error] {
	return func(func(conversations.Service, error) bool) {}
}

// compare is what verify does with the messages of one channel; the ledger has
// those of the target that are ours.
func (s *sides) compare(t *testing.T, ours ...string) *channelFound {
	t.Helper()
	v := &Verifier{Source: sourceOf{sides: s}, Target: targetOf{sides: s}}
	if ours != nil {
		v.Ledger = known(ours)
	}
	f := &channelFound{undated: firstDay}
	service := &verifiedService{comparison: &comparison{Verifier: v}}
	require.NoError(t, service.compareMessages(t.Context(), "CH1", "CH2", newHorizonIndex(nil), f))
	return f
}

// confirmedMessages is a ledger that knows some messages of the target.
type confirmedMessages struct {
	migrate.LedgerReader
	sids []string
}

func known(sids []string) confirmedMessages { return confirmedMessages{sids: sids} }

func (c confirmedMessages) Messages(context.Context, string, int64) iter.Seq2[migrate.MessageRecord, error] {
	var all []migrate.MessageRecord
	for _, sid := range c.sids {
		all = append(all, migrate.MessageRecord{TargetSID: sid})
	}
	return sequence(all)
}

// kinds are the class and field of each difference.
func (f *channelFound) kinds() (all []string) {
	for _, d := range f.differences {
		all = append(all, fmt.Sprintf("%s %s", d.Class, d.Field))
	}
	return all
}

// fresh is a message of the target that nobody has written in the source.
func fresh(at time.Time) conversations.Message {
	return conversations.Message{SID: "IM-fresh", Author: "cy", Body: "fresh", DateCreated: at}
}
