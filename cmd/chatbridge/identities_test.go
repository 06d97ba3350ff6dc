package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/stretchr/testify/require"
)

func TestIdentitiesOutOfASpreadsheet(t *testing.T) {
	read := func(t *testing.T, content string) (identityTable, error) {
		path := filepath.Join(t.TempDir(), "people.csv")
		require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
		return readIdentities(path)
	}
	want := map[string]string{"ann": "anna", "bob": "robert"}
	for name, content := range map[string]string{
		"plain":                         "ann,anna\nbob,robert\n",
		"a byte-order mark and CRLF":    "\ufeffann,anna\r\nbob,robert\r\n",
		"no last line end":              "ann,anna\nbob,robert",
		"blank lines":                   "\r\nann,anna\r\n\r\n,\r\n  \nbob,robert\n,\n",
		"quotes":                        "\"ann\",\"anna\"\r\n\"bob\",\"robert\"\r\n",
		"a byte-order mark and a quote": "\ufeff\"ann\",anna\nbob,robert\n",
		"a heading":                     "old,new\nann,anna\nbob,robert\n",
		"a heading of more words":       "\ufeffOld Identity,New_identity\r\nann,anna\nbob,robert\n",
	} {
		t.Run("reads "+name, func(t *testing.T) {
			got, err := read(t, content)
			require.NoError(t, err)
			require.Equal(t, want, got.rename)
			require.Equal(t, map[string]string{"anna": "ann", "robert": "bob"}, got.given)
			require.Equal(t, strings.Contains(name, "heading"), got.heading != "")
		})
	}
	t.Run("takes a heading for one only in the first line", func(t *testing.T) {
		got, err := read(t, "ann,anna\nold,new\n")
		require.NoError(t, err)
		require.Equal(t, "new", got.rename["old"])
		require.Empty(t, got.heading)
	})
	t.Run("keeps spaces, which identities may have", func(t *testing.T) {
		got, err := read(t, "ann , anna\n")
		require.NoError(t, err)
		require.Equal(t, map[string]string{"ann ": " anna"}, got.rename)
	})
	var utf16LE []byte
	for _, u := range utf16.Encode([]rune("\ufeffann,anna\n")) {
		utf16LE = append(utf16LE, byte(u), byte(u>>8))
	}
	for content, says := range map[string]string{
		string(utf16LE):                 "UTF-16",
		string(utf16LE[2:]):             "UTF-16",
		"ann;anna\n":                    "comma",
		"ann\tanna\n":                   "comma",
		"ann,anna,x\n":                  "line 1 has 3 columns",
		"ann,anna\nj\xfcrgen,juergen\n": "line 2 is not UTF-8",
		"ann,anna\nann,other\n":         "line 2 names \"ann\" a second time",
		"ann,anna\nann,anna\n":          "line 2 names \"ann\" a second time",
		"ann,anna\nbob,anna\n":          "two people would become one",
		"ann,anna\nbob,\n":              "line 2 has an empty name",
		"ann,anna\n\"bob,x\n":           "line 2",
		"x,y\n" + strings.Repeat("b", 5000) + ",\"" + strings.Repeat("c", 5000) + "\"\n" + strings.Repeat("b", 5000) + ",d\n": "… (5000 bytes)",
	} {
		t.Run("refuses and says "+says, func(t *testing.T) {
			_, err := read(t, content)
			require.ErrorContains(t, err, says)
			require.Less(t, len(err.Error()), 400)
		})
	}
}
