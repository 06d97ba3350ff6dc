package migrate

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func TestWaits(t *testing.T) {
	lane := func(t *testing.T, ctx context.Context, sid string) context.Context {
		ctx, w := NewWatchdog(ctx, time.Hour, sid)
		t.Cleanup(w.Stop)
		return ctx
	}
	t.Run("one for each cause, with who waits and for how long", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			ctx, w := WithWaits(t.Context())
			same, again := WithWaits(ctx)
			require.Same(t, w, again)
			require.Equal(t, ctx, same)
			one, two := lane(t, ctx, "CH1"), lane(t, ctx, "CH2")
			over := []func(){Awaiting(one, RateLimit, ""), Awaiting(one, RateLimit, ""), Awaiting(ctx, Paused, "a file")}
			time.Sleep(3 * time.Second)
			over = append(over, Awaiting(two, RateLimit, ""))
			require.Equal(t, []Wait{
				{Cause: Paused, Reason: "a file", Others: 1, Seconds: 3},
				{Cause: RateLimit, Channels: 2, Seconds: 3},
			}, w.Now(LongWait))
			require.Len(t, w.Now(3*time.Second), 2)
			require.Empty(t, w.Now(4*time.Second))
			for _, f := range over {
				f()
			}
			require.Empty(t, w.Now(0))
		})
	})
	t.Run("an upload, which is not asking while its file goes up, waits from when it failed first", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			for _, why := range []Cause{Silent, Unreachable} {
				ctx, w := WithWaits(t.Context())
				_, try := Trying(lane(t, ctx, "CH1"), "mcs")
				time.Sleep(time.Hour)
				try.Again(why, 0)
				time.Sleep(time.Second)
				try.Again(why, 0)
				time.Sleep(time.Second)
				require.Equal(t, []Wait{{Cause: why, Host: "mcs", Channels: 1, Seconds: 2}}, w.Now(0))
				try.End()
			}
		})
	})
	t.Run("a request without an answer waits from when it was sent first", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			ctx, w := WithWaits(t.Context())
			ctx, try := Trying(lane(t, ctx, "CH1"), "chat")
			require.Empty(t, w.Now(0), "it was not sent yet")
			answered := Asking(ctx)
			time.Sleep(time.Second)
			require.Equal(t, []Wait{{Cause: Silent, Host: "chat", Channels: 1, Seconds: 1}}, w.Now(0))
			answered(false)
			try.Again(Silent, 0)
			time.Sleep(time.Second)
			answered = Asking(ctx)
			time.Sleep(time.Second)
			require.Equal(t, []Wait{{Cause: Silent, Host: "chat", Channels: 1, Seconds: 3}}, w.Now(0))
			answered(true)
			try.Again(Throttling, 429)
			time.Sleep(time.Second)
			answered = Asking(ctx)
			time.Sleep(time.Second)
			require.Equal(t, []Wait{{Cause: Throttling, Host: "chat", Status: 429, Channels: 1, Seconds: 2}}, w.Now(0), "what answers at once is not silent")
			time.Sleep(time.Second)
			require.Equal(t, []Wait{{Cause: Silent, Host: "chat", Channels: 1, Seconds: 2}}, w.Now(0), "until it does not")
			answered(true)
			try.End()
			require.Empty(t, w.Now(0))
		})
	})
	t.Run("a request that was answered waits for its next attempt, and then for nothing", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			ctx, w := WithWaits(t.Context())
			ctx, try := Trying(lane(t, ctx, "CH1"), "chat")
			Asking(ctx)(true)
			try.Again(Throttling, 429)
			time.Sleep(3 * time.Second)
			require.Equal(t, []Wait{{Cause: Throttling, Host: "chat", Status: 429, Channels: 1, Seconds: 3}}, w.Now(0))
			try.End()
			ctx, try = Trying(ctx, "chat")
			Asking(ctx)(true)
			require.Empty(t, w.Now(0))
			try.End()
		})
	})
	t.Run("those that wait longest come first", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			ctx, w := WithWaits(t.Context())
			var want []Wait
			for i := range 12 {
				Awaiting(ctx, RateLimit, fmt.Sprint(i))
				want = append(want, Wait{Cause: RateLimit, Reason: fmt.Sprint(i), Others: 1, Seconds: float64(12 - i)})
				time.Sleep(time.Second)
			}
			require.Equal(t, want, w.Now(0))
		})
	})
	t.Run("a host that cannot be reached is waited for from when it was asked first", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			ctx, w := WithWaits(t.Context())
			ctx, try := Trying(lane(t, ctx, "CH1"), "chat")
			for range 2 {
				answered := Asking(ctx)
				time.Sleep(time.Second)
				answered(false)
				try.Again(Unreachable, 0)
				time.Sleep(time.Second)
			}
			require.Equal(t, []Wait{{Cause: Unreachable, Host: "chat", Channels: 1, Seconds: 4}}, w.Now(0))
			try.End()
		})
	})
	t.Run("nothing is noted where nobody wants to know", func(t *testing.T) {
		ctx, try := Trying(t.Context(), "chat")
		try.Again(Silent, 0)
		Asking(ctx)(true)
		Held(ctx, RateLimit, "")()
		try.End()
		require.Nil(t, WaitsOf(ctx).Now(0))
	})
	t.Run("who is held is not stalled", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			ctx, dog := NewWatchdog(t.Context(), time.Minute, "CH1")
			defer dog.Stop()
			ctx, w := WithWaits(ctx)
			over := Held(ctx, Paused, "a file")
			time.Sleep(time.Hour)
			require.NoError(t, ctx.Err())
			require.Len(t, w.Now(0), 1)
			over()
			require.Empty(t, w.Now(0))
			time.Sleep(time.Minute + time.Second)
			require.Error(t, ctx.Err())
		})
	})
}

func TestPause(t *testing.T) {
	var none *Pause
	reason, changed := none.Reason()
	require.Empty(t, reason)
	require.Nil(t, changed)

	p := &Pause{}
	require.Same(t, p, PauseOf(WithPause(t.Context(), p)))
	_, changed = p.Reason()
	p.Set("")
	select {
	case <-changed:
		require.Fail(t, "nothing changed")
	default:
	}
	p.Set("a file")
	<-changed
	reason, _ = p.Reason()
	require.Equal(t, "a file", reason)
}
