package archive

import (
	"bufio"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
	"chatbridge/migrate/internal/heap"
)

// Of many more SIDs than there is room for, one that is there twice is found, and no other
// is taken for one.
func TestTwice(t *testing.T) {
	const n = 500
	sid := func(i int) string { return fmt.Sprintf("IM%032x", i) }
	read := 0
	all := append(make([]string, 0, n+1), sid(n/2))
	file := func() iter.Seq2[line, error] {
		return func(yield func(line, error) bool) {
			read++
			for _, one := range all {
				if !yield(line{raw: fmt.Appendf(nil, `{"sid":%q,"body":%q}`, one, sid(0))}, nil) {
					return
				}
			}
		}
	}
	for i := range n {
		if i != n/2 {
			all = append(all, sid(i))
		}
	}
	seen := newTwice(0, file)
	for _, one := range all {
		require.NoError(t, seen.check(one))
		require.NoError(t, seen.check(""))
	}
	require.NotZero(t, read, "its room is not enough for some")
	all = append(all, sid(n/2))
	require.EqualError(t, seen.check(sid(n/2)), sid(n/2)+" is listed twice")
	require.NoError(t, seen.check(sid(n)))

	read = 0
	seen = newTwice(n*700, file)
	for _, one := range all[:n] {
		require.NoError(t, seen.check(one))
	}
	require.Zero(t, read, "its room is enough")
	require.LessOrEqual(t, seen.met.Cap(), uint(n*44))
	require.LessOrEqual(t, newTwice(1<<50, file).met.Cap(), uint(mostBits))
}

// What is held of a channel that is read does not grow with its messages: the room for their
// SIDs is there from the start.
func TestMemoryOfMessages(t *testing.T) {
	if !heap.Alone(t) {
		return
	}
	const n = 20_000
	service, channel := fmt.Sprintf("IS%032x", 1), fmt.Sprintf("CH%032x", 1)
	dir := t.TempDir()
	put := func(name string, lines iter.Seq[string]) int64 {
		path := filepath.Join(dir, filepath.FromSlash(name))
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
		f, err := os.Create(path)
		require.NoError(t, err)
		w := bufio.NewWriter(f)
		for line := range lines {
			fmt.Fprintln(w, line)
		}
		require.NoError(t, w.Flush())
		info, err := f.Stat()
		require.NoError(t, err)
		require.NoError(t, f.Close())
		return info.Size()
	}
	one := func(line string) iter.Seq[string] { return slices.Values([]string{line}) }
	put(ManifestPath, one(`{"schema_version":1,"account_sid":"AC1"}`))
	put(ServicePath(service), one(fmt.Sprintf(`{"sid":%q}`, service)))
	put(ChannelsPath(service), one(fmt.Sprintf(`{"sid":%q,"messages_count":%d}`, channel, n)))
	size := put(MessagesPath(service, channel), func(yield func(string) bool) {
		for i := range n {
			if !yield(fmt.Sprintf(`{"sid":"IM%032x","index":%d,"body":%q}`, i, i, strings.Repeat("words ", 80))) {
				return
			}
		}
	})
	a, closer, err := OpenPath(dir)
	require.NoError(t, err)
	defer closer.Close()
	s := NewSource(a)
	defer s.Close()
	next, stop := iter.Pull2(s.Messages(t.Context(), service, channel, migrate.Span{After: migrate.All}))
	defer stop()
	take := func() {
		_, err, ok := next()
		require.True(t, ok)
		require.NoError(t, err)
	}
	take()
	grown := heap.Growth(func() {
		for range n - 1 {
			take()
		}
	})
	t.Logf("%d bytes more after %d messages", grown, n-1)
	require.Less(t, grown, int64(n)) // of SIDs alone it would be 18 for each
	require.Greater(t, size, int64(n*500))
}
