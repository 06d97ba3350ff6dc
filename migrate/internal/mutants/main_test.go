package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

const (
	underTest = `package p

// Sum is the sum of 1 to n.
func Sum(n int) int {
	sum := 0
	for i := 1; i <= n; i++ {
		sum += i
	}
	return sum
}

func unused() bool { return Sum(1) == 1 }
`
	itsTest = `package p_test

import (
	"flag"
	"testing"

	"example/p"
)

var up = flag.Int("up", 1, "")

func TestSum(t *testing.T) {
	if n := p.Sum(*up); n != *up*(*up+1)/2 {
		t.Fatal(n)
	}
}
`
)

// scratch is a module of its own, in which the test then runs.
func scratch(t *testing.T) {
	t.Helper()
	t.Chdir(t.TempDir())
	for name, text := range map[string]string{
		"go.mod": "module example\n\ngo 1.26\n", "p/p.go": underTest, "p/p_test.go": itsTest,
	} {
		require.NoError(t, os.MkdirAll(filepath.Dir(name), 0o700))
		require.NoError(t, os.WriteFile(name, []byte(text), 0o600))
	}
}

// found is what a JSON report says.
type found struct {
	Mutants []struct {
		ID, Key, Accepted string
		Verdict           verdict
	}
	Stale []string
}

func mutants(t *testing.T, args ...string) (int, found) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	status := command(t.Context(), append([]string{"-packages", "./...", "-tests", "./...", "-json"}, args...), &stdout, &stderr)
	require.NotEqual(t, 2, status, stderr.String())
	var r found
	require.NoError(t, json.Unmarshal(stdout.Bytes(), &r))
	return status, r
}

func verdicts(r found) map[string]verdict {
	all := map[string]verdict{}
	for _, t := range r.Mutants {
		all[t.Key] = t.Verdict
	}
	return all
}

func TestCommand(t *testing.T) {
	scratch(t)
	t.Run("tells what a test notices from what it does not", func(t *testing.T) {
		status, r := mutants(t)
		require.Equal(t, 1, status)
		all := verdicts(r)
		require.Equal(t, killed, all["example/p Sum: body → return of zero values"])
		require.Equal(t, killed, all["example/p Sum: sum += i → dropped"])
		require.Equal(t, killed, all["example/p Sum: i <= n → <"])
		require.Equal(t, survived, all["example/p Sum: 1 → 1 - 1"], "a sum from 0 is the same")
		require.Equal(t, notReached, all["example/p unused: Sum(1) == 1 → !="])
	})
	t.Run("passes flags to the tests that know them, and ends what does not end", func(t *testing.T) {
		_, r := mutants(t, "-args=-up=0", "-grace", "300ms")
		// From 0, a negated condition counts until the integers are over.
		require.Equal(t, timeout, verdicts(r)["example/p Sum: i <= n → negated"])
		require.Equal(t, survived, verdicts(r)["example/p Sum: body → return of zero values"])
		_, r = mutants(t, "-args=-other=0")
		require.Equal(t, killed, verdicts(r)["example/p Sum: body → return of zero values"])
	})
	t.Run("runs no test that is too slow, and no mutant when the time is over", func(t *testing.T) {
		_, r := mutants(t, "-slow", "1ns")
		require.Equal(t, notReached, verdicts(r)["example/p Sum: sum += i → dropped"])
		status, r := mutants(t, "-budget", "1ns")
		require.Zero(t, status)
		require.Equal(t, notRun, verdicts(r)["example/p Sum: sum += i → dropped"])
	})
	t.Run("repeats one mutant", func(t *testing.T) {
		_, r := mutants(t, "-only", "p.go:7")
		require.Len(t, r.Mutants, 1)
		again, one := mutants(t, "-only", r.Mutants[0].ID)
		require.Zero(t, again)
		require.Equal(t, r.Mutants[0].Key, one.Mutants[0].Key)
	})
	t.Run("takes accepted survivors, and reports entries for nothing", func(t *testing.T) {
		require.NoError(t, os.WriteFile("accepted.txt", []byte(
			"# looked at\nexample/p Sum: 1 → 1 - 1\n  a sum from 0\n  is the same\n"+
				"example/p Sum: sum += i → dropped\n  wrong: a test notices\n"+
				"example/p Gone: x → dropped\n  gone\n"+
				"example/q f: x → dropped\n  of another package\n"), 0o600))
		status, r := mutants(t, "-only", "p.go:6,p.go:7", "-allow", "accepted.txt")
		for _, m := range r.Mutants {
			if m.Accepted != "" {
				require.Equal(t, "a sum from 0 is the same", m.Accepted)
			}
		}
		require.ElementsMatch(t, []string{"example/p Sum: sum += i → dropped", "example/p Gone: x → dropped"}, r.Stale)
		require.Zero(t, status)
	})
	t.Run("leaves the module as it was", func(t *testing.T) {
		text, err := os.ReadFile("p/p.go")
		require.NoError(t, err)
		require.Equal(t, underTest, string(text))
		require.NoDirExists(t, "internal")
	})
}

func TestAcceptedNeedsAReason(t *testing.T) {
	name := filepath.Join(t.TempDir(), "accepted.txt")
	for text, want := range map[string]string{
		"a f: x → dropped\nb g: y → dropped\n  fine\n": "no reason for: a f",
		"a f: x → dropped\n":                           "no reason for: a f",
		"  why\n":                                      "no mutant above it",
		"a\n  x\na\n  y\n":                             "twice",
	} {
		require.NoError(t, os.WriteFile(name, []byte(text), 0o600))
		_, err := readAccepted(name)
		require.ErrorContains(t, err, want)
	}
}
