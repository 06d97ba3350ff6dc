package replay

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
)

// doubting is a ledger of what is in doubt, of which each method may break.
type doubting struct {
	migrate.Ledger
	all    []migrate.DoubtRecord
	broken string
	put    []migrate.DoubtRecord
	forgot []int64
}

func (d *doubting) fail(name string) error {
	if d.broken == name {
		return errBroke
	}
	return nil
}

func (d *doubting) Doubts(context.Context, string) ([]migrate.DoubtRecord, error) {
	return d.all, d.fail("Doubts")
}

func (d *doubting) PutDoubt(_ context.Context, _ string, one migrate.DoubtRecord) error {
	d.put = append(d.put, one)
	return d.fail("PutDoubt")
}

func (d *doubting) ForgetDoubt(_ context.Context, _ string, index int64) error {
	d.forgot = append(d.forgot, index)
	return d.fail("ForgetDoubt")
}

// spared counts what a lane says to its neighbours.
type spared struct {
	Neighbours
	n int
}

func (s *spared) Spare() { s.n++ }

// What is in doubt is remembered for a day. A ledger that did not note since when
// counts from now, and a create is none of the messages.
func TestRecall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(48 * time.Hour)
		now := time.Now()
		d := &doubting{all: []migrate.DoubtRecord{
			{SourceIndex: 1, Sends: 1},
			{SourceIndex: 2, Sends: 1, At: now.Add(-doubtKept - time.Second)},
			{SourceIndex: 3, Sends: 1, At: now.Add(-doubtKept)},
			{SourceIndex: migrate.NewConversation, Sends: 1, At: now},
			{SourceIndex: 5, Sends: 2, At: now},
		}}
		near := &spared{}
		l := &lane{Job: Job{Ledger: d, Neighbours: near}}
		require.NoError(t, l.recall(t.Context()))
		require.Equal(t, []migrate.DoubtRecord{
			{SourceIndex: 1, Sends: 1, At: now}, {SourceIndex: 3, Sends: 1, At: now.Add(-doubtKept)}, {SourceIndex: 5, Sends: 2, At: now},
		}, l.doubts)
		require.Equal(t, []migrate.DoubtRecord{{SourceIndex: 1, Sends: 1, At: now}}, d.put)
		require.Equal(t, []int64{2}, d.forgot)
		require.Equal(t, 1, near.n)
		for _, name := range []string{"Doubts", "PutDoubt", "ForgetDoubt"} {
			l := &lane{Job: Job{Ledger: &doubting{all: d.all, broken: name}, Neighbours: near}}
			require.ErrorIs(t, l.recall(t.Context()), errBroke, name)
		}
	})
}

// How the lane before ended says what a reading may lack.
func TestRecallOfHowItEnded(t *testing.T) {
	for name, c := range map[string]struct {
		record                 migrate.ChannelRecord
		doubts                 int
		crashed, unsure, alone bool
	}{
		"it is new":                           {},
		"new, and something is in doubt":      {doubts: 1},
		"cut off within its writes":           {record: migrate.ChannelRecord{TargetSID: "CH1", Stage: migrate.Open, Writing: true}, crashed: true, unsure: true},
		"stopped in good order":               {record: migrate.ChannelRecord{TargetSID: "CH1", Stage: migrate.Copied}},
		"stopped, one message in doubt":       {record: migrate.ChannelRecord{TargetSID: "CH1", Stage: migrate.Copied}, doubts: 1, unsure: true},
		"stopped, adopted":                    {record: migrate.ChannelRecord{TargetSID: "CH1", Stage: migrate.Open, Adopted: true}, unsure: true},
		"stopped, and alone until then":       {record: migrate.ChannelRecord{TargetSID: "CH1", Stage: migrate.Open, Alone: true}},
		"done, adopted, one message in doubt": {record: migrate.ChannelRecord{TargetSID: "CH1", Stage: migrate.Done, Adopted: true, Writing: true}, doubts: 1},
		"done, and alone":                     {record: migrate.ChannelRecord{TargetSID: "CH1", Stage: migrate.Done, Alone: true}, alone: true},
		"done, and others in it":              {record: migrate.ChannelRecord{TargetSID: "CH1", Stage: migrate.Done}},
	} {
		d := &doubting{}
		for i := range c.doubts {
			d.all = append(d.all, migrate.DoubtRecord{SourceIndex: int64(i), Sends: 1, At: time.Now()})
		}
		l := &lane{Job: Job{Ledger: d, Record: c.record}}
		require.NoError(t, l.recall(t.Context()))
		require.Equal(t, c.crashed, l.crashed, name)
		require.Equal(t, c.unsure, l.unsure, name)
		require.Equal(t, c.alone, l.alone, name)
	}
}

// A message that is sent once more is in doubt from then on.
func TestDoubtBeginsAnewWithEachSend(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &doubting{}
		l := &lane{Job: Job{Ledger: d}, last: 7}
		require.NoError(t, l.doubt(t.Context(), 3))
		time.Sleep(time.Hour)
		l.last = 9
		require.NoError(t, l.doubt(t.Context(), 3))
		require.Equal(t, []migrate.DoubtRecord{{SourceIndex: 3, After: 7, Sends: 2, At: time.Now()}}, l.doubts)
		require.Equal(t, l.doubts[0], d.put[1])
	})
}

func TestWhose(t *testing.T) {
	a, b := conversations.Message{Author: "a"}, conversations.Message{Author: "b"}
	require.Equal(t, "the same author", whose(a, a))
	require.Equal(t, "another author", whose(a, b))
}
