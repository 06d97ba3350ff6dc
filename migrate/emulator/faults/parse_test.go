package faults_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate/emulator/faults"
)

func TestParse(t *testing.T) {
	t.Run("reads every setting", func(t *testing.T) {
		p, err := faults.Parse(" seed = 18446744073709551615, rate=0.02 ,limit=5,late-within=1s,late-after=4s,stall-for=1m,slow-for=2s,retry-after=3s,")
		require.NoError(t, err)
		require.Equal(t, uint64(18446744073709551615), p.Seed)
		require.Equal(t, 5, p.Limit)
		require.Equal(t, []time.Duration{time.Second, 4 * time.Second, time.Minute, 2 * time.Second, 3 * time.Second},
			[]time.Duration{p.Late, p.LateAfter, p.Stall, p.Slow, p.RetryAfter})
	})
	t.Run("takes every kind", func(t *testing.T) {
		for _, k := range faults.Kinds() {
			_, err := faults.Parse(string(k) + "=0.5")
			require.NoError(t, err)
		}
	})
	t.Run("reads a script", func(t *testing.T) {
		name := filepath.Join(t.TempDir(), "script")
		require.NoError(t, os.WriteFile(name, []byte("# a lost answer\nseed=3\n\nnth(POST messages,1)=before.500 # then\nnth(POST messages,2)=before.502\n"), 0o600))
		b := newBench(t, "script=@"+name, direct)
		require.Equal(t, uint64(3), b.plan.Seed)
		require.Equal(t, 500, b.post("one").status)
		require.Equal(t, 502, b.post("one").status)
		require.Equal(t, 201, b.post("one").status)
	})
	t.Run("says where in a script", func(t *testing.T) {
		name := filepath.Join(t.TempDir(), "script")
		require.NoError(t, os.WriteFile(name, []byte("seed=3\nscript=@other\n"), 0o600))
		_, err := faults.Parse("script=@" + name)
		require.ErrorContains(t, err, name+", line 2: ")
	})
	for spec, want := range map[string]string{
		"":                                "nothing to inject",
		"seed=7":                          "nothing to inject",
		"seed":                            "want NAME=VALUE",
		"seed=-1,rate=1":                  "setting seed=-1",
		"rate=2":                          "a share from 0 to 1",
		"rate=NaN":                        "a share from 0 to 1",
		"late=5s":                         "a share from 0 to 1",
		"limit=0,rate=1":                  "more than zero",
		"late-within=-1s,rate=1":          "more than zero",
		"stall-for=soon,rate=1":           "setting stall-for=soon",
		"befor=1":                         "kinds are before.429.plain, ",
		"before.429x=1":                   "kinds are before.429.plain, ",
		"before=0.6,late=0.5":             "apply to writes add up to 1.1",
		"read=0.6,before=0.5":             "apply to reads add up to 1.1",
		"script=file":                     "want @FILE",
		"script=@/no/such/file":           "read script: open /no/such/file",
		"nth(POST messages,3)=sometimes":  "kinds are before.429.plain, ",
		"nth(POST messages)=late":         "want nth([HOST] METHOD RESOURCE,WHICH)",
		"nth(POST messages,0)=late":       "none of the forms 3, 3-5 and 3-",
		"nth(POST messages,5-3)=late":     "none of the forms 3, 3-5 and 3-",
		"nth(POST messages,x)=late":       "none of the forms 3, 3-5 and 3-",
		"nth(POST messages,3=late":        "parenthesis is not closed",
		"nth(PUT messages,3)=late":        `method "PUT" is none of GET, POST, DELETE, *`,
		"nth(POST massages,3)=late":       `resource "massages"`,
		"nth(POST,3)=late":                "want a method and a resource",
		"nth(video POST messages,3)=late": `host "video" is none of chat, conversations`,
		"nth(GET messages,3)=late":        "late cannot happen to GET messages",
		"nth(POST messages,3)=read":       "read cannot happen to POST messages",
		"nth(* messages,3)=after":         "after cannot happen to * messages",
	} {
		t.Run("refuses "+spec, func(t *testing.T) {
			_, err := faults.Parse(spec)
			require.ErrorContains(t, err, "parse faults: ")
			require.ErrorContains(t, err, want)
		})
	}
	t.Run("rates of reads and of writes need not share", func(t *testing.T) {
		_, err := faults.Parse("read=0.6,after=0.6")
		require.NoError(t, err)
	})
}
