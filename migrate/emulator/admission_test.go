package emulator_test

import (
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate/emulator"
)

func as(user, password string) func(*http.Request) {
	return func(r *http.Request) { r.SetBasicAuth(user, password) }
}

func TestAdmission(t *testing.T) {
	get := http.MethodGet
	t.Run("takes an account with its token, or a key with its secret", func(t *testing.T) {
		b := newBench(t, emulator.Config{AccountSID: "AC1", AuthToken: "one", APIKey: "SK1", APISecret: "two"})
		for _, h := range []http.Handler{b.chat, b.conversations} {
			require.Equal(t, http.StatusOK, b.send(h, get, "/v1/Services", nil, as("AC1", "one")).status)
			require.Equal(t, http.StatusOK, b.send(h, get, "/v1/Services", nil, as("SK1", "two")).status)
			b.refused(b.send(h, get, "/v1/Services", nil, as("AC1", "two")), http.StatusUnauthorized, 20003)
			b.refused(b.send(h, get, "/v1/Services", nil, as("", "")), http.StatusUnauthorized, 20003)
			b.refused(b.send(h, get, "/v1/Services", nil, func(r *http.Request) { r.Header.Del("Authorization") }), http.StatusUnauthorized, 20003)
		}
	})
	t.Run("takes other credentials for another target account", func(t *testing.T) {
		b := newBench(t, emulator.Config{TargetAccountSID: "AC2", TargetAuthToken: "two"})
		b.refused(b.send(b.conversations, get, "/v1/Services", nil), http.StatusUnauthorized, 20003)
		a := b.send(b.conversations, get, "/v1/Configuration", nil, as("AC2", "two"))
		require.Equal(t, "AC2", a.text("account_sid"))
		require.Equal(t, http.StatusOK, b.readChat("/v1/Services").status)
	})
	t.Run("tells how many requests are in flight and how long one took", func(t *testing.T) {
		h := newBench(t, emulator.Config{}).read("/v1/Services").header
		require.Equal(t, "1", h.Get("Twilio-Concurrent-Requests"))
		require.Regexp(t, `^\d+\.\d{3}$`, h.Get("Twilio-Request-Duration"))
	})
	t.Run("limits the requests in flight", func(t *testing.T) {
		hold, entered := make(chan struct{}), make(chan struct{})
		b := newBench(t, emulator.Config{Concurrency: 1, Intercept: func(w http.ResponseWriter, _ *http.Request, _ *emulator.Exchange, commit func() emulator.Reply) {
			entered <- struct{}{}
			<-hold
			commit().WriteTo(w)
		}})
		var wg sync.WaitGroup
		wg.Go(func() { require.Equal(t, http.StatusOK, b.read("/v1/Services").status) })
		<-entered
		b.refused(b.read("/v1/Services"), http.StatusTooManyRequests, 20429)
		b.refused(b.readChat("/v1/Services"), http.StatusTooManyRequests, 20429)
		close(hold)
		wg.Wait()
		require.EqualValues(t, 1, b.e.Stats().Conversations.Throttled)
	})
	t.Run("counts those of all hosts, and of the account's owner", func(t *testing.T) {
		hold, entered := make(chan struct{}), make(chan struct{})
		b := newBench(t, emulator.Config{Concurrency: 3, InFlight: 2, Intercept: func(w http.ResponseWriter, _ *http.Request, _ *emulator.Exchange, commit func() emulator.Reply) {
			entered <- struct{}{}
			<-hold
			commit().WriteTo(w)
		}})
		var wg sync.WaitGroup
		wg.Go(func() { require.Equal(t, "3", b.read("/v1/Services").header.Get("Twilio-Concurrent-Requests")) })
		<-entered
		refused := b.readChat("/v1/Services")
		b.refused(refused, http.StatusTooManyRequests, 20429)
		require.Equal(t, "4", refused.header.Get("Twilio-Concurrent-Requests"))
		close(hold)
		wg.Wait()
	})
	t.Run("limits the requests of each account by themselves", func(t *testing.T) {
		hold, entered := make(chan struct{}), make(chan struct{})
		b := newBench(t, emulator.Config{Concurrency: 1, TargetAccountSID: "AC2", TargetAuthToken: "two", Intercept: func(w http.ResponseWriter, _ *http.Request, x *emulator.Exchange, commit func() emulator.Reply) {
			if x.Host == emulator.ConversationsHost {
				entered <- struct{}{}
				<-hold
			}
			commit().WriteTo(w)
		}})
		var wg sync.WaitGroup
		wg.Go(func() {
			require.Equal(t, http.StatusOK, b.send(b.conversations, http.MethodGet, "/v1/Services", nil, as("AC2", "two")).status)
		})
		<-entered
		require.Equal(t, http.StatusOK, b.readChat("/v1/Services").status)
		close(hold)
		wg.Wait()
	})
	t.Run("adds latency", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			b := newBench(t, emulator.Config{Latency: time.Second})
			began := time.Now()
			b.read("/v1/Services")
			require.Equal(t, time.Second, time.Since(began))
		})
	})
	t.Run("refuses what no resource is at, and methods that one does not have", func(t *testing.T) {
		b := newBench(t, emulator.Config{})
		b.refused(b.read("/v2/Services"), http.StatusNotFound, 20404)
		b.refused(b.remove("/v1/Services"), http.StatusMethodNotAllowed, 20004)
	})
	t.Run("counts reads and writes by host", func(t *testing.T) {
		b := newBench(t, emulator.Config{})
		b.service()
		b.read("/v1/Services")
		b.readChat("/v1/Services")
		stats := b.e.Stats()
		require.Equal(t, emulator.HostStats{Reads: 1, Writes: 1}, stats.Conversations)
		require.Equal(t, emulator.HostStats{Reads: 1}, stats.Chat)
	})
}

func TestRates(t *testing.T) {
	b := newBench(t, emulator.Config{APS: 2})
	s, c := b.conversation()
	fill := func(path string, params ...string) (n int) {
		for b.write(path, params...).status == http.StatusCreated {
			n++
		}
		return n
	}
	t.Run("limit writes in each conversation, over five seconds", func(t *testing.T) {
		require.Equal(t, 10, fill(c+"/Messages", "Body", "x"))
		b.refused(b.write(c, "FriendlyName", "x"), http.StatusTooManyRequests, 50063)
		require.Equal(t, http.StatusOK, b.read(c+"/Messages").status, "reads are free")
	})
	t.Run("do not let one conversation hold up another", func(t *testing.T) {
		other := s + "/Conversations/" + b.make(s+"/Conversations").text("sid")
		b.make(other+"/Messages", "Body", "x")
	})
	t.Run("limit creates in each service", func(t *testing.T) {
		require.Equal(t, 8, fill(s+"/Conversations"))
		b.refused(b.write(s+"/Users", "Identity", "ada"), http.StatusTooManyRequests, 50074)
	})
	t.Run("let go on as time passes", func(t *testing.T) {
		b.clock = b.clock.Add(5 * time.Second)
		require.Equal(t, 10, fill(c+"/Messages", "Body", "x"))
	})
}

func TestInterceptor(t *testing.T) {
	t.Run("may lose a request before it has an effect, or the reply after", func(t *testing.T) {
		var lose, after bool
		b := newBench(t, emulator.Config{Intercept: func(w http.ResponseWriter, _ *http.Request, x *emulator.Exchange, commit func() emulator.Reply) {
			if !lose || !x.Write() {
				commit().WriteTo(w)
				return
			}
			if after {
				commit()
			}
			emulator.Refusal(http.StatusInternalServerError, 20500, "lost").WriteTo(w)
		}})
		_, c := b.conversation()
		count := func() int {
			items, _ := b.pages(b.conversations, c+"/Messages", "messages")
			return len(items)
		}
		lose = true
		b.refused(b.write(c+"/Messages", "Body", "x"), http.StatusInternalServerError, 20500)
		require.Equal(t, 0, count())
		after = true
		b.refused(b.write(c+"/Messages", "Body", "x"), http.StatusInternalServerError, 20500)
		require.Equal(t, 1, count())
	})
	t.Run("may commit when the request is long gone", func(t *testing.T) {
		var late func() emulator.Reply
		b := newBench(t, emulator.Config{})
		e, err := emulator.New(emulator.Config{Intercept: func(w http.ResponseWriter, _ *http.Request, x *emulator.Exchange, commit func() emulator.Reply) {
			if x.Write() {
				late = commit
				emulator.Refusal(http.StatusBadGateway, 20500, "lost").WriteTo(w)
				return
			}
			commit().WriteTo(w)
		}})
		require.NoError(t, err)
		b.conversations = e.Conversations()
		b.write("/v1/Services", "FriendlyName", "Late")
		require.Equal(t, http.StatusCreated, late().Status)
		items, _ := b.pages(b.conversations, "/v1/Services", "services")
		require.Equal(t, "Late", items[0]["friendly_name"])
	})
}

func TestConcurrentUse(t *testing.T) {
	b := newBench(t, emulator.Config{Archive: workspace(t), APS: 1000})
	s := b.service()
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			c := s + "/Conversations/" + b.make(s+"/Conversations").text("sid")
			last := -1.0
			for range 50 {
				index := b.make(c+"/Messages", "Body", "x").body["index"].(float64)
				require.Greater(t, index, last)
				last = index
				b.read(c + "/Messages")
				b.read(s + "/Conversations")
			}
		})
		wg.Go(func() {
			for range 50 {
				_, err := b.e.AppendToChannel(privateSID, "ada", "x")
				require.NoError(t, err)
				b.readChat(private + "/Messages?Order=desc")
				b.e.Stats()
			}
		})
	}
	wg.Wait()
	messages, _ := b.pages(b.chat, private+"/Messages", "messages")
	require.Len(t, messages, 203)
	conversations, _ := b.pages(b.conversations, s+"/Conversations", "conversations")
	require.Len(t, conversations, 4)
}
