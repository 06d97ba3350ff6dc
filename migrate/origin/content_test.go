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
		"body and attributes are apart": {body: "a", attributes: `"b"`, other: "ab", otherAttributes: ""},
	} {
		t.Run(name, func(t *testing.T) {
			same := origin.ContentOf(c.body, c.attributes) == origin.ContentOf(c.other, c.otherAttributes)
			require.Equal(t, c.same, same)
		})
	}
}

func TestDated(t *testing.T) {
	channel, at := birth.Add(-time.Hour), birth.Add(-time.Minute)
	var got []time.Time
	for w, err := range origin.Dated(all([]origin.Want{{}, {Created: at}, {}}), channel) {
		require.NoError(t, err)
		got = append(got, w.Created)
	}
	require.Equal(t, []time.Time{channel, at, at}, got, "only the first takes that of the channel")
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
