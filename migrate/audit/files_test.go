package audit_test

import (
	"context"
	"errors"
	"io"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping"
	"chatbridge/migrate"
	"chatbridge/migrate/audit"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/internal/rig"
	"chatbridge/migrate/transport"
	"chatbridge/migrate/twilio"
)

// line is a Source whose files pass at a byte in each while.
type line struct {
	migrate.Source
	while time.Duration
	holds int64                  // bytes of each file, whatever its message says
	fails func(opened int) error // which file cannot be opened; may be nil
	cut   bool                   // files end with an error

	mu     sync.Mutex
	opened []string
	open   int
	read   int64
}

var errLine = errors.New("the line broke")

func (l *line) OpenMedia(_ context.Context, _, sid string) (migrate.Media, io.ReadCloser, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.opened = append(l.opened, sid)
	if l.fails != nil {
		if err := l.fails(len(l.opened)); err != nil {
			return migrate.Media{}, nil, err
		}
	}
	l.open++
	return migrate.Media{SID: sid}, &passing{line: l, left: l.holds}, nil
}

type passing struct {
	line *line
	left int64
}

func (p *passing) Read(b []byte) (int, error) {
	n := min(int64(len(b)), p.left)
	time.Sleep(p.line.while * time.Duration(max(1, n)))
	p.left -= n
	p.line.mu.Lock()
	p.line.read += n
	p.line.mu.Unlock()
	switch {
	case n > 0:
		return int(n), nil
	case p.line.cut:
		return 0, errLine
	}
	return 0, io.EOF
}

func (p *passing) Close() error {
	p.line.mu.Lock()
	defer p.line.mu.Unlock()
	p.line.open--
	return nil
}

const large = 256 << 10 // bytes: a file that is measured

// audited is what an audit says of a channel that has a file of each size.
func audited(t *testing.T, l *line, bandwidth float64, copies bool, sizes ...int) (got audit.Audit) {
	t.Helper()
	c := rig.ChannelPlan{Members: []int{0}, Read: []int{-1}, Messages: []rig.MsgPlan{{Body: "hello"}}}
	for _, size := range sizes {
		c.Messages = append(c.Messages, rig.MsgPlan{File: size})
	}
	r := rig.NewRig(t, emulator.Config{Archive: rig.Scenario{Users: 1, Channels: []rig.ChannelPlan{c}}.Archive()})
	r.API = twilio.APIv2
	r.Settings.APS = 1
	if !copies {
		policy, err := mapping.ParsePolicy([]string{"media=placeholder"})
		require.NoError(t, err)
		r.Settings.Mapper.Policy = policy
	}
	l.Source = r.Source(&transport.Counter{})
	a := audit.Auditor{Source: l, Observer: r.Events, Settings: r.Settings, Bandwidth: bandwidth, Latency: r.Meter.Latency}
	got, err := a.Run(t.Context())
	require.NoError(t, err)
	require.Zero(t, l.open, "files that are not closed")
	return got
}

func TestFiles(t *testing.T) {
	const perByte = time.Microsecond
	bubble := func(name string, test func(t *testing.T)) {
		t.Run(name, func(t *testing.T) { synctest.Test(t, test) })
	}

	bubble("cost what they take beside their messages, as fast as three of them passed", func(t *testing.T) {
		sizes := []int{large - 1, large, large + 1, 30 << 20, 40 << 20}
		l := &line{while: perByte, holds: 17 << 20}
		plain := audited(t, &line{}, 0, false, sizes...)
		got := audited(t, l, 0, true, sizes...)
		require.Equal(t, []string{rig.SidOf("ME", 2), rig.SidOf("ME", 3), rig.SidOf("ME", 4)}, l.opened)
		require.EqualValues(t, 3*16<<20, l.read, "16 MB of each at the most")

		var bytes int64
		for _, n := range sizes {
			bytes += int64(n)
		}
		require.EqualValues(t, 5, got.Estimate.Files)
		require.Equal(t, bytes, got.Estimate.FileBytes)
		require.Equal(t, bytes, got.Bill.FileBytes)
		require.Equal(t, plain.Requests.Reads+2*5, got.Requests.Reads)
		require.Equal(t, plain.Requests.Writes+5, got.Requests.Writes)
		require.True(t, got.Estimate.Measured)
		require.InEpsilon(t, 1e6, got.Estimate.Bandwidth, 1e-9)
		require.InEpsilon(t, float64(bytes)/1e6, got.Estimate.FilesSeconds, 1e-9)
		require.Equal(t, got.Estimate.FilesSeconds, got.Estimate.Seconds)
		require.Equal(t, audit.BoundByBandwidth, got.Estimate.BoundBy)
	})
	bubble("that are not copied are not measured, and cost nothing", func(t *testing.T) {
		l := &line{}
		got := audited(t, l, 5, false, large)
		require.Empty(t, l.opened)
		require.Zero(t, got.Estimate.Files)
		require.Zero(t, got.Estimate.Bandwidth)
		require.NotEqual(t, audit.BoundByBandwidth, got.Estimate.BoundBy)
	})
	for name, l := range map[string]*line{
		"cannot be opened": {while: perByte, holds: large, fails: func(int) error { return errLine }},
		"break off":        {while: perByte, holds: large, cut: true},
		"are empty":        {while: perByte},
		"take no time":     {holds: large},
	} {
		bubble("that "+name+" tell nothing, and are tried three times", func(t *testing.T) {
			plain := audited(t, &line{}, 0, false, large, large, large, large)
			got := audited(t, l, 0, true, large, large, large, large)
			require.Len(t, l.opened, 3)
			require.EqualValues(t, 4, got.Estimate.Files)
			require.Zero(t, got.Estimate.Bandwidth)
			require.False(t, got.Estimate.Measured)
			require.Zero(t, got.Estimate.FilesSeconds)
			require.Equal(t, plain.Estimate.Seconds, got.Estimate.Seconds)
			require.Equal(t, plain.Estimate.BoundBy, got.Estimate.BoundBy)
		})
	}
	bubble("that cannot be opened do not hide how fast others are", func(t *testing.T) {
		l := &line{while: perByte, holds: large, fails: func(opened int) error {
			if opened == 1 {
				return errLine
			}
			return nil
		}}
		got := audited(t, l, 0, true, large, large)
		require.InEpsilon(t, 1e6, got.Estimate.Bandwidth, 1e-5)
	})
	bubble("that hold a byte are enough to tell", func(t *testing.T) {
		got := audited(t, &line{while: 1, holds: 1}, 0, true, large)
		require.True(t, got.Estimate.Measured)
		require.InEpsilon(t, 1/2e-9, got.Estimate.Bandwidth, 1e-9, "a moment for the byte, and one for the end")
	})
	bubble("take as long as a bandwidth says that somebody gives", func(t *testing.T) {
		l := &line{}
		messages := audited(t, l, -5, true, 960, 960).Estimate
		require.Zero(t, messages.Bandwidth, "below 0 has nothing said of it")
		require.Zero(t, messages.FilesSeconds)

		slower := audited(t, l, 1920/messages.Seconds-1, true, 960, 960).Estimate
		require.False(t, slower.Measured)
		require.Equal(t, 1920/messages.Seconds-1, slower.Bandwidth)
		require.Greater(t, slower.Seconds, messages.Seconds)
		require.Equal(t, audit.BoundByBandwidth, slower.BoundBy)

		even := audited(t, l, 1920/messages.Seconds, true, 960, 960).Estimate
		require.Equal(t, messages.Seconds, even.FilesSeconds)
		require.Equal(t, messages.BoundBy, even.BoundBy)
		require.Empty(t, l.opened)
	})
	bubble("that are larger than what is measured are not measured either if a bandwidth is given", func(t *testing.T) {
		l := &line{while: perByte, holds: large}
		got := audited(t, l, 1000, true, large)
		require.Empty(t, l.opened)
		require.EqualValues(t, 1, got.Estimate.Files)
		require.EqualValues(t, 1000, got.Estimate.Bandwidth)
	})
}
