package replay

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping/chat"
	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
)

var errBroke = errors.New("it broke")

// sides are a source, a target and a ledger of one channel, all of which hold the
// messages from 0 to n-1 and then may break.
type sides struct {
	n     int64
	broke error
	reads int
	open  int // readings that nobody has ended yet
}

func yieldAll[T any](s *sides, after int64, newest bool, one func(index int64) T) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		s.reads++
		s.open++
		defer func() { s.open-- }()
		for i := range s.n - after - 1 {
			index := after + 1 + i
			if newest {
				index = s.n - 1 - i
			}
			if !yield(one(index), nil) {
				return
			}
		}
		if s.broke != nil {
			var none T
			yield(none, s.broke)
		}
	}
}

type someSource struct {
	migrate.Source
	*sides
}

func (s someSource) Messages(_ context.Context, _, _ string, span migrate.Span) iter.Seq2[chat.Message, error] {
	return yieldAll(s.sides, span.After, span.NewestFirst, func(index int64) chat.Message {
		attributes := "{}"
		m := chat.Message{SID: fmt.Sprint("IM", index), Index: index, Body: "text", Attributes: &attributes}
		m.DateCreated.Time = time.Unix(1e9, 0)
		return m
	})
}

type someTarget struct {
	migrate.Target
	*sides
}

func (s someTarget) Messages(_ context.Context, _, _ string, newest bool) iter.Seq2[conversations.Message, error] {
	return yieldAll(s.sides, -1, newest, func(index int64) conversations.Message { return conversations.Message{Index: index} })
}

type someLedger struct {
	migrate.Ledger
	*sides
}

func (s someLedger) Messages(_ context.Context, _ string, after int64) iter.Seq2[migrate.MessageRecord, error] {
	return yieldAll(s.sides, after, false, func(index int64) migrate.MessageRecord {
		return migrate.MessageRecord{SourceIndex: index, Gone: index == 1}
	})
}

func laneOf(s *sides) *lane {
	l := &lane{Job: Job{Source: someSource{sides: s}, Target: someTarget{sides: s}, Ledger: someLedger{sides: s}}}
	l.gone = map[int64]bool{}
	return l
}

// collect reads a sequence to its end, or lets go of it after so many.
func collect[T any](all iter.Seq2[T, error], most int, index func(T) int64) (got []int64, err error) {
	for one, failed := range all {
		if failed != nil {
			return got, failed
		}
		if got = append(got, index(one)); len(got) == most {
			break
		}
	}
	return got, nil
}

// Every sequence of a lane ends when it is let go of, and with the first error.
func TestSequencesEnd(t *testing.T) {
	ofWanted := func(all func(*lane) iter.Seq2[wanted, error]) func(*sides, int) ([]int64, error) {
		return func(s *sides, most int) ([]int64, error) {
			return collect(all(laneOf(s)), most, func(w wanted) int64 { return w.Index })
		}
	}
	for name, read := range map[string]func(s *sides, most int) ([]int64, error){
		"the source": ofWanted(func(l *lane) iter.Seq2[wanted, error] { return l.wantsAfter(context.Background(), 1) }),
		"what is in doubt": ofWanted(func(l *lane) iter.Seq2[wanted, error] {
			for i := range int64(9) {
				l.doubts = append(l.doubts, migrate.DoubtRecord{SourceIndex: 2 + i})
			}
			return l.wantsInDoubt(context.Background())
		}),
		"the first of many": ofWanted(func(l *lane) iter.Seq2[wanted, error] { return first(l.wantsAfter(context.Background(), 1)) }),
		"the tail": func(s *sides, most int) ([]int64, error) {
			return collect(laneOf(s).tail(context.Background(), 1), most, func(m conversations.Message) int64 { return m.Index })
		},
	} {
		t.Run(name, func(t *testing.T) {
			for most := 1; most <= 3; most++ {
				got, err := read(&sides{n: 6, broke: errBroke}, most)
				require.NoError(t, err)
				require.Equal(t, []int64{2, 3, 4}[:most], got)
			}
			got, err := read(&sides{n: 6}, 9)
			require.NoError(t, err)
			require.Equal(t, []int64{2, 3, 4, 5}, got)
			_, err = read(&sides{broke: errBroke}, 9)
			require.ErrorIs(t, err, errBroke)
		})
	}
}

// What the ledger confirmed up to a message ends there, and tells what is gone.
func TestConfirmed(t *testing.T) {
	read := func(s *sides, upTo int64, most int) (*lane, []int64, error) {
		l := laneOf(s)
		n := 0
		var got []int64
		for c, err := range l.confirmed(context.Background(), upTo) {
			if err != nil {
				return l, got, err
			}
			got = append(got, c.SourceIndex)
			if n++; n == most {
				break
			}
		}
		return l, got, nil
	}
	l, got, err := read(&sides{n: 6, broke: errBroke}, 3, 9)
	require.NoError(t, err)
	require.Equal(t, []int64{0, 1, 2, 3}, got)
	require.Equal(t, map[int64]bool{1: true}, l.gone)
	_, got, err = read(&sides{n: 6, broke: errBroke}, newestOfAll, 2)
	require.NoError(t, err)
	require.Equal(t, []int64{0, 1}, got)
	_, _, err = read(&sides{n: 6, broke: errBroke}, newestOfAll, 9)
	require.ErrorIs(t, err, errBroke)
	require.ErrorIs(t, err, migrate.Fatal(errBroke))
}

// The tail is read newest first, once, unless it is longer than what is kept.
func TestTailIsReadOnce(t *testing.T) {
	for _, c := range []struct {
		n, after int64
		reads    int
	}{{10, 4, 1}, {10, -1, 1}, {10, 9, 1}, {0, -1, 1}, {tailKept + 5, 3, 2}, {tailKept + 5, 10, 1}, {tailKept + 5, -1, 2}} {
		s := &sides{n: c.n}
		got, err := collect(laneOf(s).tail(context.Background(), c.after), int(c.n)+1, func(m conversations.Message) int64 { return m.Index })
		require.NoError(t, err)
		require.Equal(t, c.reads, s.reads, "%+v", c)
		require.Len(t, got, int(c.n-c.after-1), "%+v", c)
		for i, index := range got {
			require.Equal(t, c.after+1+int64(i), index)
		}
	}
	got, err := collect(laneOf(&sides{n: tailKept + 5}).tail(context.Background(), 1), 2, func(m conversations.Message) int64 { return m.Index })
	require.NoError(t, err)
	require.Equal(t, []int64{2, 3}, got)
	_, err = collect(laneOf(&sides{n: tailKept + 1, broke: errBroke}).tail(context.Background(), -1), tailKept+2, func(m conversations.Message) int64 { return m.Index })
	require.ErrorIs(t, err, errBroke)
}
