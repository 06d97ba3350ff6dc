package mapping_test

import (
	"encoding/json"
	"fmt"
	"io"
	"math/big"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping"
	"chatbridge/mapping/chat"
)

func TestEqualAttributes(t *testing.T) {
	for name, c := range map[string]struct {
		a, b  string
		equal bool
	}{
		"order of keys and white space do not count":  {`{"a":1,"b":[1,2]}`, " {\n\"b\" : [1, 2], \"a\":1}", true},
		"nothing and an empty object are equal":       {"", " {} ", true},
		"null is not an empty object":                 {"", "null", false},
		"order in an array counts":                    {`[1,2]`, `[2,1]`, false},
		"escapes do not count":                        {`{"é":"\u0041"}`, `{"\u00e9":"A"}`, true},
		"1, 1.0, 1e0 and 10e-1 are one number":        {`[1,1.0,1e0,10e-1]`, `[1,1,1,1]`, true},
		"numbers above 2^53 are exact":                {`9007199254740992`, `9007199254740993`, false},
		"long fractions are exact":                    {`0.10000000000000000000000001`, `0.1`, false},
		"the sign counts":                             {`1`, `-1`, false},
		"zero has no sign and no size":                {`[0,0,0]`, `[-0,0.00,0e99]`, true},
		"exponents of any size are compared":          {`1e999999999999999999999`, `10e999999999999999999998`, true},
		"a number is not its text":                    {`{"a":1}`, `{"a":"1"}`, false},
		"of a repeated key the last counts":           {`{"a":1,"a":2}`, `{"a":2}`, true},
		"a missing key is not null":                   {`{"a":null}`, `{}`, false},
		"what is not JSON equals itself":              {`{oops`, `{oops`, true},
		"what is not JSON equals nothing else":        {`{oops`, `{oops `, false},
		"two values are not JSON":                     {`{} {}`, `{}`, false},
		"an empty array is not an empty object":       {`[]`, `{}`, false},
		"true, false and null are three things":       {`[true,false,null]`, `[true,null,false]`, false},
		"half a pair equals itself in any spelling":   {`{"a":"\ud83d"}`, `{"a": "\uD83D"}`, true},
		"two halves are two":                          {`{"a":"\ud83d"}`, `{"a":"\ud83e"}`, false},
		"half a pair is not U+FFFD":                   {`{"a":"\ud83d"}`, `{"a":"\ufffd"}`, false},
		"a mark is not what it stands for":            {`{"a":"\ud83d"}`, `{"a":"\ufdd0d83d"}`, false},
		"the text of the canonical form stays itself": {`"0.1e1"`, `1`, false},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, c.equal, mapping.EqualAttributes(c.a, c.b))
			require.Equal(t, c.equal, mapping.EqualAttributes(c.b, c.a))
			require.Equal(t, c.equal, mapping.CanonicalAttributes(c.a) == mapping.CanonicalAttributes(c.b))
		})
	}
}

func TestStamp(t *testing.T) {
	const stamp = `"chatbridge":{"sid":"CH01","service_sid":"IS01","type":"public","created_by":"alice"}`
	want := mapping.Stamp{SID: "CH01", ServiceSID: "IS01", Type: "public", CreatedBy: "alice"}
	for name, c := range map[string]struct{ attributes, unstamped string }{
		"is found alone":                     {`{` + stamp + `}`, `{}`},
		"is found at the front":              {`{` + stamp + `, "a":1 }`, `{ "a":1 }`},
		"is found in the middle":             {`{"a":1, ` + stamp + `, "b":2}`, `{"a":1,  "b":2}`},
		"is found at the end":                {`{"a":1 , ` + stamp + ` }`, `{"a":1  }`},
		"is found where the server moved it": {"{ \"a\" : {\"chatbridge\":1} ,\n \"chatbridge\" : {\"type\":\"public\", \"created_by\":\"alice\", \"sid\":\"CH01\",\"service_sid\":\"IS01\"}\n}", "{ \"a\" : {\"chatbridge\":1} \n}"},
	} {
		t.Run(name, func(t *testing.T) {
			got, ok := mapping.ReadStamp(c.attributes)
			require.True(t, ok)
			require.Equal(t, want, got)
			require.Equal(t, c.unstamped, mapping.Unstamped(c.attributes))
		})
	}
	for name, attributes := range map[string]string{
		"nothing":                 "",
		"an empty object":         "{}",
		"a text":                  `"chatbridge"`,
		"what is not JSON":        `{"chatbridge":{"sid":"CH01"}`,
		"somebody's own key":      `{"chatbridge":"mine"}`,
		"a SID of something else": `{"chatbridge":{"sid":"IM01"}}`,
		"a stamp further inside":  `{"a":{"chatbridge":{"sid":"CH01"}}}`,
	} {
		t.Run("is not found in "+name, func(t *testing.T) {
			_, ok := mapping.ReadStamp(attributes)
			require.False(t, ok)
			require.Equal(t, attributes, mapping.Unstamped(attributes))
		})
	}
}

// seeds are the attributes of all vectors, and a few that no resource has.
func seeds(f *testing.F) []string {
	out := []string{"", "{}", "{ }", `{"a":"}\"{,","b":[{"c":1}],"":null}`, `{"chatbridge":{"sid":"CH1"},"chatbridge":2}`, "\t{\n}\n", `{"\u0063hatbridge":[]}`}
	for _, v := range vectors(f) {
		var in struct{ Attributes *string }
		if json.Unmarshal(v.In, &in) == nil && in.Attributes != nil {
			out = append(out, *in.Attributes)
		}
	}
	require.Greater(f, len(out), 20, "the vectors have attributes")
	return out
}

func FuzzStampKeepsAttributes(f *testing.F) {
	for _, s := range seeds(f) {
		f.Add(s, "alice")
	}
	f.Fuzz(func(t *testing.T, attributes, createdBy string) {
		in := chat.Channel{SID: "CH01", ServiceSID: "IS01", Type: "private", CreatedBy: createdBy, Attributes: &attributes}
		plain, found := mapping.Mapper{NoStamp: true}.Channel(in)
		if mapping.Worst(found) == mapping.Stop {
			return
		}
		out, found := mapping.Mapper{}.Channel(in)
		for _, one := range found {
			switch one.Code {
			case mapping.StampKeyTaken, mapping.StampReplaced, mapping.StampOmitted:
				return
			}
		}
		require.True(t, json.Valid([]byte(out.Attributes)))
		stamp, ok := mapping.ReadStamp(out.Attributes)
		require.True(t, ok)
		require.Equal(t, "CH01", stamp.SID)
		if plain.Attributes == "" {
			require.Equal(t, "{}", mapping.Unstamped(out.Attributes))
			return
		}
		require.Equal(t, attributes, plain.Attributes)
		require.Equal(t, attributes, mapping.Unstamped(out.Attributes))
	})
}

func FuzzEqualAttributes(f *testing.F) {
	all := seeds(f)
	for i, s := range all {
		f.Add(s, all[(i+1)%len(all)])
		f.Add(s, " "+s+" ")
	}
	f.Add(`[1.50e2,-0]`, `[150,0]`)
	f.Add(`{"a":"\ud800"}`, `{"a":"\udc00"}`)
	f.Add("", "\f")
	f.Add("{\"a\":{\"\":\"\xe6\"},\"a\":2}", `{"a":2}`)
	f.Add("{\"a\":\"\xff\"}", `{"a":"\ufffd"}`)
	huge := regexp.MustCompile(`[eE][+-]?[0-9]{4}`) // exponents that the oracle has no memory for
	f.Fuzz(func(t *testing.T, a, b string) {
		require.True(t, mapping.EqualAttributes(a, a))
		equal := mapping.EqualAttributes(a, b)
		require.Equal(t, equal, mapping.EqualAttributes(b, a))
		require.Equal(t, equal, mapping.CanonicalAttributes(a) == mapping.CanonicalAttributes(b))
		if huge.MatchString(a) || huge.MatchString(b) {
			return
		}
		va, oka := decoded(a)
		vb, okb := decoded(b)
		if strings.ContainsRune(fmt.Sprint(va, vb), utf8.RuneError) {
			return // encoding/json decodes all that is no text alike
		}
		if oka && okb {
			require.Equal(t, reflect.DeepEqual(va, vb), equal)
		} else {
			require.Equal(t, a == b, equal)
		}
	})
}

// decoded is the oracle: JSON with its numbers as exact fractions.
func decoded(text string) (any, bool) {
	if strings.Trim(text, " \t\r\n") == "" {
		text = "{}"
	}
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	var v any
	if d.Decode(&v) != nil {
		return nil, false
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, false
	}
	return fractions(v), true
}

func fractions(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for k, e := range v {
			v[k] = fractions(e)
		}
	case []any:
		for i, e := range v {
			v[i] = fractions(e)
		}
	case json.Number:
		r, ok := new(big.Rat).SetString(string(v))
		if !ok {
			return v
		}
		return json.Number(r.RatString())
	}
	return v
}

func FuzzMessage(f *testing.F) {
	f.Add("", "", "", int64(0), false, "{}")
	seeded := 0
	for _, v := range vectors(f) {
		if v.Kind != "message" {
			continue
		}
		in, err := chat.Decode[chat.Message](v.In)
		require.NoError(f, err)
		attributes := ""
		if in.Attributes != nil {
			attributes = *in.Attributes
		}
		f.Add(in.From, in.Body, attributes, in.Index, in.Media != nil, string(v.In))
		seeded++
	}
	require.NotZero(f, seeded)
	policy := mapping.Policy{}
	for _, r := range mapping.Codes() {
		for _, o := range r.Choices {
			if o.Severity != mapping.Stop && o.Severity != mapping.Skip && o.Choice != "keep" {
				policy[r.Code] = o.Choice
				break
			}
		}
	}
	f.Fuzz(func(t *testing.T, from, body, attributes string, index int64, media bool, raw string) {
		in := chat.Message{SID: "IM01", From: from, Body: body, Attributes: &attributes, Index: index, Raw: json.RawMessage(raw)}
		if media {
			in.Media = &chat.Media{Filename: body + from, ContentType: attributes}
		}
		out, found := mapping.Mapper{Policy: policy}.Message(in, time.Time{})
		again, _ := mapping.Mapper{Policy: policy}.Message(in, time.Time{})
		require.Equal(t, out, again, "the same input gives the same answer")
		require.NotContains(t, []mapping.Severity{mapping.Stop, mapping.Skip}, mapping.Worst(found), "the policy accepts everything")
		require.NotEmpty(t, out.Author)
		require.NotEmpty(t, out.Body)
		require.True(t, utf8.ValidString(out.Author+out.Body+out.Attributes), "what is sent is text")
		require.LessOrEqual(t, len(out.Body), 32<<10)
		require.LessOrEqual(t, len(out.Attributes), 4<<10)
		if out.Attributes != "" {
			require.True(t, json.Valid([]byte(out.Attributes)))
		}
	})
}
