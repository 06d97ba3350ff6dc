package reports_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate/audit"
	"chatbridge/migrate/replay"
	"chatbridge/migrate/verify"
	"chatbridge/reports"
)

func TestQuantities(t *testing.T) {
	t.Run("numbers have a comma between thousands", func(t *testing.T) {
		for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567", -1000: "-1,000"} {
			require.Equal(t, want, reports.Number(n))
		}
	})
	t.Run("durations have the two greatest units", func(t *testing.T) {
		for seconds, want := range map[float64]string{
			0: "0 s", 0.04: "0 s", 9.14: "9.1 s", 59: "59 s", 60: "1 min", 250: "4 min 10 s", 3600: "1 h", 5400: "1 h 30 min", 90000: "1 d 1 h", -3: "0 s",
		} {
			require.Equal(t, want, reports.Duration(seconds))
		}
	})
	t.Run("plain text in any script stays as it is", func(t *testing.T) {
		for _, s := range []string{"Zoë 😀", "שלום", "a\\b", "\ufffd"} {
			require.Equal(t, s, reports.Plain(s))
		}
	})
	t.Run("what a terminal obeys is spelled out", func(t *testing.T) {
		require.Equal(t, `a\u001b[2J\n\r\t\u009b\u202e\xff`, reports.Plain("a\x1b[2J\n\r\t\u009b\u202e\xff"))
	})
}

func TestFormats(t *testing.T) {
	t.Run("a format that a report does not have is an error", func(t *testing.T) {
		require.Error(t, reports.Audit(&bytes.Buffer{}, "yaml", audit.Audit{}))
		require.Error(t, reports.NewVerification(&bytes.Buffer{}, reports.Markdown).Close(verify.Verification{}))
	})
	t.Run("an error of the writer is returned", func(t *testing.T) {
		for _, f := range []reports.Format{reports.Text, reports.JSON, reports.Markdown, reports.CSV} {
			require.ErrorIs(t, reports.Summary(broken{}, f, replay.Summary{}, nil), errBroken, f)
		}
	})
	t.Run("formats are listed for people", func(t *testing.T) {
		require.Equal(t, "text, json or csv", reports.List([]reports.Format{reports.Text, reports.JSON, reports.CSV}))
	})
}

var errBroken = errors.New("pipe is closed")

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errBroken }
