package reports

import (
	"strings"
	"testing"

	"github.com/mattn/go-runewidth"
	"github.com/stretchr/testify/require"
)

func TestWrap(t *testing.T) {
	const account = "ACe0e0e0e0e0e0e0e0e0e0e0e0e0e0e0e0"
	t.Run("breaks between words alone, and keeps every word", func(t *testing.T) {
		line := "Migrate from account " + account + " to account " + account + ":\n"
		for _, columns := range []int{39, 79} {
			got := Wrap(line, columns)
			for one := range strings.Lines(got) {
				require.LessOrEqual(t, runewidth.StringWidth(strings.TrimSuffix(one, "\n")), columns)
			}
			require.Equal(t, strings.Fields(line), strings.Fields(got))
			require.True(t, strings.HasSuffix(got, "\n"))
		}
	})
	t.Run("leaves a command whole, on a line of its own", func(t *testing.T) {
		require.Equal(t, "hint: see what and why with:\n  chatbridge status --ledger support.db;\n  run the same command again\n",
			Wrap("hint: see what and why with: chatbridge status --ledger support.db; run the same command again\n", 44))
		command := "    chatbridge migrate --ledger support.db --policy media=placeholder\n"
		require.Equal(t, command, Wrap(command, 40))
	})
	t.Run("leaves what fits, and colors count for nothing", func(t *testing.T) {
		short := "\x1b[92mINF\x1b[0m adopted \x1b[2mchannel=\x1b[0mCH1\n"
		require.Equal(t, short, Wrap(short, 24))
		require.Equal(t, "  a\n  b", Wrap("  a\n  b", 3))
	})
	t.Run("a word that is too wide for its indent has less of it", func(t *testing.T) {
		require.Equal(t, " "+account+"\n "+account+"\n", Wrap("      "+account+" "+account+"\n", 35))
	})
}
