package verify

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"chatbridge/mapping/chat"
	"chatbridge/mapping/conversations"
)

// damages are the ways to damage one message, or one place, of a target.
var damages = map[string]struct {
	do   func(s *sides, i int)
	want string // class and field
}{
	"deleted":          {func(s *sides, i int) { s.have = slices.Delete(s.have, i, i+1) }, "missing "},
	"another body":     {func(s *sides, i int) { s.have[i].Body = "changed" }, "altered body"},
	"other attributes": {func(s *sides, i int) { s.have[i].Attributes = `{"changed":1}` }, "altered attributes"},
	"another author":   {func(s *sides, i int) { s.have[i].Author = "cy" }, "wrong author author"},
	"another date":     {func(s *sides, i int) { s.have[i].DateCreated = s.have[i].DateCreated.Add(-999 * time.Hour) }, "wrong date date_created"},
	"another date of edit": {func(s *sides, i int) {
		s.want[i].WasEdited, s.want[i].DateUpdated.Time = true, s.want[i].DateCreated.Add(999*time.Hour)
	}, "wrong date date_updated"},
	"written twice": {func(s *sides, i int) {
		again := s.have[i]
		again.SID = "IM-again"
		s.have = append(s.have, again)
	}, "doubled "},
	"a back-dated message before it": {func(s *sides, i int) {
		s.have = slices.Insert(s.have, i, fresh(firstDay.Add(-time.Hour)))
	}, "extra "},
	"a message from between at the end": {func(s *sides, i int) { s.have = append(s.have, fresh(s.have[i].DateCreated)) }, "extra "},
	"a later message at the end": {func(s *sides, i int) {
		s.have = append(s.have, fresh(s.have[len(s.have)-1].DateCreated.Add(time.Hour)))
	}, "foreign "},
}

func TestClassify(t *testing.T) {
	const seeds = 150
	each := func(t *testing.T, check func(t *testing.T, s *sides, seed int)) {
		t.Helper()
		generator := rapid.Custom(drawSides)
		for seed := range seeds {
			s := generator.Example(seed)
			check(t, s, seed)
		}
	}

	t.Run("equal sides have no difference", func(t *testing.T) {
		each(t, func(t *testing.T, s *sides, seed int) {
			f := s.compare(t)
			require.Empty(t, f.differences, "seed %d", seed)
			require.EqualValues(t, len(s.want), f.messages, "seed %d", seed)
		})
	})

	for name, damage := range damages {
		t.Run("one damage has its class and no other: "+name, func(t *testing.T) {
			each(t, func(t *testing.T, s *sides, seed int) {
				if len(s.want) == 0 {
					return
				}
				i := seed * 7 % len(s.want)
				damage.do(s, i)
				f := s.compare(t)
				require.Equal(t, []string{damage.want}, f.kinds(), "seed %d, message %d of %d", seed, i, len(s.want))
				require.EqualValues(t, len(s.want), f.messages, "seed %d", seed)
			})
		})
	}

	t.Run("one that another takes the place of is missing, and the other is extra", func(t *testing.T) {
		each(t, func(t *testing.T, s *sides, seed int) {
			if len(s.want) < 2 {
				return
			}
			s.have[seed*7%len(s.want)] = fresh(firstDay.Add(-time.Hour))
			require.Equal(t, []string{"missing ", "extra "}, s.compare(t).kinds(), "seed %d", seed)
		})
	})

	for name, change := range map[string]func(m *conversations.Message){
		"author and date": func(m *conversations.Message) { m.Author, m.DateCreated = "cy", firstDay.Add(-time.Hour) },
		"author and body": func(m *conversations.Message) { m.Author, m.Body = "cy", "changed" },
		"body and date":   func(m *conversations.Message) { m.Body, m.DateCreated = "changed", firstDay.Add(-time.Hour) },
	} {
		t.Run("one with another "+name+" is another message", func(t *testing.T) {
			each(t, func(t *testing.T, s *sides, seed int) {
				if len(s.want) < 2 {
					return
				}
				change(&s.have[seed*7%(len(s.want)-1)]) // what is last may be new
				require.Equal(t, []string{"missing ", "extra "}, s.compare(t).kinds(), "seed %d", seed)
			})
		})
	}

	t.Run("one that mapping stops at is missing, whatever the target has", func(t *testing.T) {
		each(t, func(t *testing.T, s *sides, seed int) {
			if len(s.want) < 2 {
				return
			}
			i := seed * 7 % (len(s.want) - 1)
			s.want[i].Body, s.want[i].Type, s.want[i].Media = "a file", "media", &chat.Media{SID: "ME1"}
			s.have[i].Body = "a file"
			f := s.compare(t)
			require.Equal(t, []string{"missing ", "extra "}, f.kinds(), "seed %d", seed)
			require.Equal(t, "media-unavailable", f.differences[0].Detail)
		})
	})

	t.Run("several changes in a row are paired in their order", func(t *testing.T) {
		each(t, func(t *testing.T, s *sides, seed int) {
			if len(s.want) < 3 {
				return
			}
			at := s.have[1].DateCreated
			for i := range 3 {
				s.want[i].From, s.want[i].Body, s.want[i].DateCreated.Time = "ann", fmt.Sprint("before ", i), at
				s.have[i].Author, s.have[i].Body, s.have[i].DateCreated = "ann", fmt.Sprint("after ", i), at
				s.want[i].WasEdited, s.want[i].DateUpdated.Time = false, at
			}
			f := s.compare(t)
			require.Len(t, f.differences, 3)
			for i, d := range f.differences {
				require.Equal(t, s.want[i].SID, d.SourceSID, "seed %d", seed)
				require.Equal(t, s.have[i].SID, d.TargetSID, "seed %d", seed)
			}
		})
	})

	t.Run("a message elsewhere is reordered, and nothing else", func(t *testing.T) {
		each(t, func(t *testing.T, s *sides, seed int) {
			if len(s.want) == 0 {
				return
			}
			from, to := seed*7%len(s.want), seed*3%len(s.want)
			moved := s.have[from]
			s.have = slices.Insert(slices.Delete(s.have, from, from+1), to, moved)
			for _, kind := range s.compare(t).kinds() {
				require.Equal(t, "reordered ", kind, "seed %d, from %d to %d of %d", seed, from, to, len(s.want))
			}
		})
	})

	t.Run("what the ledger knows is extra wherever it is", func(t *testing.T) {
		each(t, func(t *testing.T, s *sides, seed int) {
			s.have = append(s.have, fresh(firstDay.Add(9999*time.Hour)))
			require.Equal(t, []string{"foreign "}, s.compare(t, "IM-other").kinds(), "seed %d", seed)
			require.Equal(t, []string{"extra "}, s.compare(t, "IM-fresh").kinds(), "seed %d", seed)
		})
	})

	t.Run("any two sides have each message in one difference at most, and the same ones again", func(t *testing.T) {
		each(t, func(t *testing.T, s *sides, seed int) {
			other := rapid.Custom(drawSides).Example(seed + 1)
			for i := range other.have {
				other.have[i].SID = fmt.Sprint("IM-other-", i)
			}
			s.have = other.have
			f := s.compare(t)
			require.EqualValues(t, len(s.want), f.messages, "seed %d", seed)
			require.Equal(t, f.differences, s.compare(t).differences, "seed %d", seed)
			sources, targets := map[string]bool{}, map[string]bool{}
			missing, only := 0, 0
			for _, d := range f.differences {
				require.Contains(t, []Class{Missing, Extra, Doubled, Reordered, Altered, WrongDate, WrongAuthor, Foreign}, d.Class, "seed %d", seed)
				require.Equal(t, d.TargetSID == "", d.Class == Missing, "seed %d", seed)
				require.Equal(t, d.SourceSID == "", d.Class == Extra || d.Class == Foreign, "seed %d", seed)
				switch d.Class {
				case Missing:
					missing++
				case Extra, Doubled, Foreign:
					only++
				}
				if d.SourceSID != "" && d.Class != Doubled {
					require.False(t, sources[d.SourceSID], "seed %d: %s", seed, d.SourceSID)
					sources[d.SourceSID] = true
				}
				if d.TargetSID != "" {
					require.False(t, targets[d.TargetSID], "seed %d: %s", seed, d.TargetSID)
					targets[d.TargetSID] = true
				}
			}
			require.Equal(t, len(s.want)-missing, len(s.have)-only, "seed %d: what is left is one to one", seed)
		})
	})
}

func TestReach(t *testing.T) {
	a, b := digest{body: 1}, digest{body: 2}
	after := func(all ...digest) (since alike) {
		for _, d := range all {
			since.add(d.identity())
		}
		return since
	}
	require.Equal(t, 2, after(a, a).reach([]digest{a, a}))
	require.Equal(t, 1, after(a).reach([]digest{a, b, a}))
	require.Zero(t, after(a).reach([]digest{b, a}))
	require.Zero(t, after(a, b).reach([]digest{a, b}), "they are not all the same")
	require.Zero(t, after(b, a).reach([]digest{b}), "they are not all the same")
	require.Zero(t, after().reach([]digest{a}), "nothing is in between")
	require.Zero(t, after(a).reach(nil))
}

func TestHorizonIndex(t *testing.T) {
	read := func(index int64) chat.Member { return chat.Member{LastConsumedMessageIndex: &index} }
	m := newHorizonIndex([]chat.Member{read(4), read(0), {}, read(4), read(9)})
	_, found := m.at(9)
	require.False(t, found, "nothing has passed")
	for _, one := range [][2]int64{{0, 0}, {3, 13}, {5, 15}, {10, 20}} {
		m.pass(one[0], one[1])
	}
	for old, want := range map[int64]int64{0: 0, 4: 13, 5: 13, 9: 15, 99: 15} {
		got, found := m.at(old)
		require.True(t, found, old)
		require.Equal(t, want, got, old)
	}
	_, found = m.at(-1)
	require.False(t, found)
}

func TestTheBirthTellsWhoseAMessageIs(t *testing.T) {
	born := firstDay.Add(24 * time.Hour)
	for name, c := range map[string]struct {
		dated time.Time
		class Class
	}{
		"only REST can have written what is older": {born.Add(-2 * time.Minute), Extra},
		"anybody may have written what is younger": {born.Add(time.Second), Foreign},
	} {
		t.Run(name, func(t *testing.T) {
			var s sides
			for i, at := range []time.Time{firstDay, born.Add(time.Hour)} {
				none := "{}"
				m := chat.Message{SID: fmt.Sprint("IM-source-", i), Index: int64(i), From: "ann", Body: "hi", Attributes: &none, DateCreated: chat.Time{Time: at}}
				s.want = append(s.want, m)
				s.have = append(s.have, s.arrived(m, i))
			}
			s.have = slices.Insert(s.have, 1, fresh(c.dated))
			f := &channelFound{undated: firstDay, born: born}
			v := &verifiedService{comparison: &comparison{Verifier: &Verifier{Source: sourceOf{sides: &s}, Target: targetOf{sides: &s}}}}
			require.NoError(t, v.compareMessages(t.Context(), "CH1", "CH2", newHorizonIndex(nil), f))
			require.Len(t, f.differences, 1)
			require.Equal(t, c.class, f.differences[0].Class)
		})
	}
}
