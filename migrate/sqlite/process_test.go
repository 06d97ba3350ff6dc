package sqlite_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
	"chatbridge/migrate/sqlite"
)

const (
	childVariable  = "CHATBRIDGE_TEST_LEDGER"
	childChannels  = 3
	readerVariable = "CHATBRIDGE_TEST_READER"
)

// child writes messages in turn into a few channels until it is killed, and
// prints how many it has put after each.
func child(path string) int {
	ctx := context.Background()
	l, err := sqlite.Open(ctx, path)
	if err != nil {
		fmt.Println(err)
		return 1
	}
	for n := 0; ; n++ {
		r := migrate.MessageRecord{SourceIndex: int64(n / childChannels), SourceSID: sid("IM", n), TargetSID: sid("IM", n)}
		if err := l.PutMessage(ctx, sid("CH", n%childChannels), r); err != nil {
			fmt.Println(err)
			return 1
		}
		fmt.Println(n + 1)
	}
}

// reader reads the messages of a ledger and prints how many there are.
func reader(path string) int {
	ctx := context.Background()
	r, err := sqlite.OpenReader(ctx, path)
	if err != nil {
		fmt.Println(err)
		return 1
	}
	n, err := r.CountMessages(ctx, sid("CH", 1))
	if err := errors.Join(err, r.Close()); err != nil {
		fmt.Println(err)
		return 1
	}
	fmt.Println(n)
	return 0
}

// startChild starts the other process and returns when it has put so many.
func startChild(t *testing.T, path string, puts int) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	command := exec.Command(self)
	command.Env = append(os.Environ(), childVariable+"="+path)
	out, err := command.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, command.Start())
	t.Cleanup(func() {
		_ = command.Process.Kill()
		_ = command.Wait()
	})
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		n, err := strconv.Atoi(lines.Text())
		require.NoError(t, err, lines.Text())
		if n >= puts {
			return command
		}
	}
	require.FailNow(t, "the other process ended before it was killed")
	return nil
}

func TestTwoProcesses(t *testing.T) {
	t.Run("a second writer is told who has the ledger", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "ledger.db")
		other := startChild(t, path, 1)
		host, err := os.Hostname()
		require.NoError(t, err)

		_, err = sqlite.Open(t.Context(), path)

		require.ErrorContains(t, err, fmt.Sprintf("process %d on %s", other.Process.Pid, host))
		require.Equal(t, migrate.Conflict, migrate.KindOf(err))
		require.NotEmpty(t, migrate.HintOf(err))
		require.FileExists(t, path+".lock")
	})

	t.Run("a killed writer leaves a prefix of its puts and its lock is taken over", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "ledger.db")
		const puts = 9000
		other := startChild(t, path, puts)
		require.NoError(t, other.Process.Kill())
		require.Error(t, other.Wait())
		require.FileExists(t, path+".lock")

		l, err := sqlite.Open(t.Context(), path)
		require.NoError(t, err)
		var counts [childChannels]int64
		for c := range childChannels {
			for m, err := range l.Messages(t.Context(), sid("CH", c), -1) {
				require.NoError(t, err)
				require.Equal(t, counts[c], m.SourceIndex)
				counts[c]++
			}
		}
		require.GreaterOrEqual(t, counts[0]+counts[1]+counts[2], int64(puts-2000), "more than a group is lost")
		require.True(t, counts[0] >= counts[1] && counts[1] >= counts[2] && counts[2] >= counts[0]-1,
			"a put is there without the one before it: %v", counts)
		require.NoError(t, l.Close())
		require.NoFileExists(t, path+".lock")
	})
}
