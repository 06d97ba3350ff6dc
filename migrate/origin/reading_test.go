package origin_test

import (
	"errors"
	"fmt"
	"iter"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate/origin"
)

// reading is a small case of Read, written in words. Messages of the source are
// S0, S1 and so on by their place, those of the target T0, T1; see word.
type reading struct {
	source, target string
	known          string // "0:1" says that the ledger has S0 as T1; "none" is a ledger with none, "" is no ledger
	doubts         string // "1>0x2" says that S1 was sent twice without an answer, when T0 was the newest
	crashed        bool
	tail, alone    bool
	partial        bool

	says string // verdicts in their order, and what follows
}

// word is a message: its letter gives its date and its author, and each stroke
// behind it another text. So a and a' have one author and second, and two a are
// twins.
//
//	a to e  past            A to E  young
//	u, v    before the birth, and not so long that they are past
//	n, N    of anna, who was ann before (o, O: the same from ann)
//	Y, Z    young, of system
//	-       one that was deleted
func word(w string) line {
	letter := strings.TrimRight(w, "'")
	l := line{author: "al", body: letter + w[1:]}
	switch at := int(letter[0]); {
	case letter == "-":
		return line{}
	case strings.ContainsAny(letter, "noNO"):
		l.author = map[bool]string{true: "anna", false: "ann"}[strings.ContainsAny(letter, "nN")]
		l.at = map[bool]int{true: past, false: later}[strings.ContainsAny(letter, "no")]
		l.body = "n" + w[1:]
	case strings.ContainsAny(letter, "uv"):
		l.at = at - 'v' - 30
	case strings.ContainsAny(letter, "YZ"):
		l.author, l.at = "system", later+at
	case letter >= "a":
		l.at = past + at
	default:
		l.at = later + at
	}
	return l
}

func words(text string) (all []line) {
	for w := range strings.FieldsSeq(text) {
		all = append(all, word(w))
	}
	return all
}

func (r reading) knowledge(t *testing.T) origin.Knowledge {
	k := origin.Knowledge{Birth: origin.BornAt(birth), Crashed: r.crashed, Tail: r.tail, Alone: r.alone, Partial: r.partial, Absent: true}
	for w := range strings.FieldsSeq(r.doubts) {
		var d origin.Doubt
		_, err := fmt.Sscanf(w, "%d>%dx%d", &d.SourceIndex, &d.After, &d.Sends)
		require.NoError(t, err)
		k.Doubts = append(k.Doubts, d)
	}
	var confirmed []origin.Confirmed
	for w := range strings.FieldsSeq(strings.TrimPrefix(r.known, "none")) {
		var c origin.Confirmed
		_, err := fmt.Sscanf(w, "%d:%d", &c.SourceIndex, &c.TargetIndex)
		require.NoError(t, err)
		c.SourceSID, c.TargetSID = sid("S", int(c.SourceIndex)), sid("T", int(c.TargetIndex))
		confirmed = append(confirmed, c)
	}
	if r.known != "" {
		k.Confirmed = all(confirmed)
	}
	return k
}

// answer is all that Read says about r, in words.
func (r reading) answer(t *testing.T) string {
	var said []string
	d, err := origin.Read(wants(words(r.source)), haves(words(r.target)), r.knowledge(t), func(v origin.Verdict) error {
		said = append(said, spoken(t, v))
		return nil
	})
	require.NoError(t, err)
	text := strings.Join(said, ", ")
	if d.Next != origin.None {
		text += "; next " + sid("S", int(d.Next))
	}
	if d.Whole {
		text += "; asks for the whole"
	}
	for _, p := range d.Present {
		require.Equal(t, p, origin.Present{SourceSID: sid("S", int(p.SourceIndex)), TargetSID: sid("T", int(p.TargetIndex)), SourceIndex: p.SourceIndex, TargetIndex: p.TargetIndex})
		text += "; has " + p.SourceSID
	}
	for _, c := range d.Copies {
		text += "; deletes " + c.SID + " beside " + c.Of
	}
	if d.Stop != nil {
		text += fmt.Sprintf("; stops (%s) at %s", reasons[d.Stop.Reason], strings.Join(d.Stop.Target, " "))
		if d.Stop.Source != nil {
			text += " for " + strings.Join(d.Stop.Source, " ")
		}
	}
	return text
}

var reasons = map[origin.Reason]string{
	origin.FitsNothing: "fits nothing", origin.CopyOrLater: "copy or later", origin.OtherContent: "other content", origin.OutOfPlace: "out of place", origin.TooMany: "too many",
}

// spoken is a verdict in words.
func spoken(t *testing.T, v origin.Verdict) string {
	if v.SourceSID != "" {
		require.Equal(t, v.SourceSID, sid("S", int(v.SourceIndex)))
	}
	if v.TargetSID != "" {
		require.Equal(t, v.TargetSID, sid("T", int(v.TargetIndex)))
	}
	text := strings.TrimSpace(v.SourceSID+" "+v.TargetSID) + " " + v.Kind.String()
	if v.Like != "" {
		text += fmt.Sprintf(" of S%d like %s", v.SourceIndex, v.Like)
	}
	if v.MayBeCopy {
		text += "?"
	}
	return text
}

var errBroken = errors.New("broken")

// broken is a sequence that breaks after n of its items; met is set when it does.
func broken[T any](items iter.Seq2[T, error], n int, met *bool) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		left := n
		for item, err := range items {
			if left == 0 {
				break
			}
			left--
			if !yield(item, err) {
				return
			}
		}
		*met = true
		yield(*new(T), errBroken)
	}
}

// breaks reads r again and again, each time with an error somewhere else. Read
// has to return each error that it meets, and to say nothing after it.
func (r reading) breaks(t *testing.T) {
	const most = 12
	for at := range most {
		for _, where := range []string{"source", "target", "ledger", "see"} {
			source, target, k, met, said := wants(words(r.source)), haves(words(r.target)), r.knowledge(t), false, 0
			switch where {
			case "source":
				source = broken(source, at, &met)
			case "target":
				target = broken(target, at, &met)
			case "ledger":
				if k.Confirmed == nil {
					continue
				}
				k.Confirmed = broken(k.Confirmed, at, &met)
			}
			_, err := origin.Read(source, target, k, func(origin.Verdict) error {
				require.False(t, met, "a verdict after an error of %s %d", where, at)
				if said++; where == "see" && said == at+1 {
					met = true
					return errBroken
				}
				return nil
			})
			if met {
				require.Equal(t, errBroken, err, "the error of %s %d is lost", where, at)
			} else {
				require.NoError(t, err)
			}
		}
	}
}

func TestReadings(t *testing.T) {
	for name, r := range readings {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, r.says, r.answer(t))
			r.breaks(t)
		})
	}
}

// What a decision covers: see word for the messages.
func TestReadingsCover(t *testing.T) {
	created := func(w string) time.Time { return birth.Add(time.Duration(word(w).at) * time.Second) }
	fresh := origin.Unread(origin.BornAt(birth))
	require.Equal(t, origin.None, fresh.Next)
	require.True(t, fresh.Covers(origin.Want{Created: created("a")}), "nobody else can have written a past one")
	require.False(t, fresh.Covers(origin.Want{Created: created("A")}), "people may have begun at once")
	require.False(t, fresh.Covers(origin.Want{Created: created("u")}), "clocks differ")
}
