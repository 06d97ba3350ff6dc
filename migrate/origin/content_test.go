package origin_test

import (
	"go/parser"
	"go/token"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate/origin"
)

func TestContentIsComparedInANormalForm(t *testing.T) {
	for name, c := range map[string]struct {
		body, attributes, other, otherAttributes string
		same                                     bool
	}{
		"white space at the ends":       {body: " hi\n", other: "hi", same: true},
		"line ends":                     {body: "a\r\nb\rc", other: "a\nb\nc", same: true},
		"composed and decomposed":       {body: "é", other: "e\u0301", same: true},
		"blank is empty":                {body: " ", other: "", same: true},
		"white space within":            {body: "a  b", other: "a b"},
		"numbers by value":              {attributes: `{"a":1.0}`, otherAttributes: `{"a": 1e0}`, same: true},
		"large numbers":                 {attributes: `{"a":9007199254740993}`, otherAttributes: `{"a":9007199254740992}`},
		"the order of keys":             {attributes: `{"a":1,"b":2}`, otherAttributes: `{"b":2,"a":1}`, same: true},
		"no attributes":                 {attributes: "", otherAttributes: "{}", same: true},
		"decomposed in attributes":      {attributes: `{"a":"é"}`, otherAttributes: `{"a":"e\u0301"}`, same: true},
		"body and attributes are apart": {body: "a", attributes: "bc", other: "ab", otherAttributes: "c"},
	} {
		t.Run(name, func(t *testing.T) {
			same := origin.ContentOf(c.body, c.attributes) == origin.ContentOf(c.other, c.otherAttributes)
			require.Equal(t, c.same, same)
		})
	}
}

func TestPast(t *testing.T) {
	b := origin.BornAt(birth)
	require.True(t, b.Past(birth.Add(-61*time.Second)))
	require.False(t, b.Past(birth.Add(-60*time.Second)), "clocks differ")
	require.False(t, b.Past(time.Time{}))
	require.False(t, origin.Birth{}.Past(birth.Add(-time.Hour)), "an unknown birth proves nothing")
}

func TestCopyStands(t *testing.T) {
	a := line{"al", past, "a"}
	d, _ := rule{source: []line{a}, target: []line{a, a}}.read(t)
	require.Len(t, d.Copies, 1)
	c := d.Copies[0]
	stays := origin.Have{SID: c.Of, Author: "al", Created: birth.Add(past * time.Second), Content: origin.ContentOf("a", "")}
	goes := stays
	goes.SID = c.SID
	require.True(t, c.Stands(&stays, &goes))
	require.False(t, c.Stands(nil, &goes), "the other one is gone: this is the only one")
	require.False(t, c.Stands(&stays, nil))
	goes.Content = origin.ContentOf("edited", "")
	require.False(t, c.Stands(&stays, &goes), "people edited it")
}

func TestDecision(t *testing.T) {
	a, b := line{"al", past, "a"}, line{"al", past + 1, "b"}
	y := line{"al", later, "y"}
	first, _ := rule{source: []line{a, b, y}, target: []line{a}}.read(t)
	again, _ := rule{source: []line{a, b, y}, target: []line{a, {"eve", later, "hi"}}}.read(t)
	more, _ := rule{source: []line{a, b, y}, target: []line{a, b}}.read(t)
	require.True(t, first.Agrees(&again), "people may write between two readings")
	require.False(t, first.Agrees(&more), "one of ours landed")

	want := func(index int64, at int) origin.Want {
		return origin.Want{Index: index, Created: birth.Add(time.Duration(at) * time.Second)}
	}
	require.True(t, first.Covers(want(2, later)))
	tail, _ := rule{source: []line{b, y}, target: []line{b}, tail: true}.read(t)
	require.True(t, tail.Covers(want(1, past)))
	require.False(t, tail.Covers(want(2, later)), "somebody may have written it before the tail")

	there, _ := rule{source: []line{a, b, y}, target: []line{a, y}, known: map[int]int{0: 0}}.read(t)
	require.EqualValues(t, 1, there.Next)
	_, is := there.Has(1)
	require.False(t, is)
	p, is := there.Has(2)
	require.True(t, is)
	require.Equal(t, origin.Present{SourceSID: "S2", TargetSID: "T1", SourceIndex: 2, TargetIndex: 1}, p)
}

func TestAnIndexAloneMakesNoMessageKnown(t *testing.T) {
	confirmed := origin.Confirmed{SourceIndex: 0, TargetIndex: 0, SourceSID: "S0", TargetSID: "another"}
	var kinds []origin.Kind
	_, err := origin.Read(wants([]line{{"al", past, "a"}}), haves([]line{{"al", later, "b"}}),
		origin.Knowledge{Birth: origin.BornAt(birth), Confirmed: all([]origin.Confirmed{confirmed})},
		func(v origin.Verdict) error { kinds = append(kinds, v.Kind); return nil })
	require.NoError(t, err)
	require.Equal(t, []origin.Kind{origin.Deleted, origin.Foreign}, kinds)
}

func TestPackageIsPure(t *testing.T) {
	files, err := filepath.Glob("*.go")
	require.NoError(t, err)
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
		require.NoError(t, err)
		for _, i := range f.Imports {
			imported, err := strconv.Unquote(i.Path.Value)
			require.NoError(t, err)
			switch imported {
			case "os", "log", "net", "net/http", "context", "sync", "math/rand/v2":
				t.Errorf("%s imports %s", name, imported)
			}
			inside := strings.HasPrefix(imported, "chatbridge/mapping")
			require.True(t, inside || !strings.Contains(imported, "chatbridge"), "%s imports %s", name, imported)
			require.True(t, inside || !strings.Contains(imported, ".") || strings.HasPrefix(imported, "golang.org/x/text/"), "%s imports %s", name, imported)
		}
	}
}

func BenchmarkContentOf(b *testing.B) {
	for name, attributes := range map[string]string{"without attributes": "", "with attributes": `{"lang":"en","seen":[1,2,3],"by":{"id":42}}`} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				origin.ContentOf("See you at the station at eight, and bring the tickets.", attributes)
			}
		})
	}
}
