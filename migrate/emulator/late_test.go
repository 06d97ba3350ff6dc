package emulator_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate/emulator"
)

// What is cut lands when it is due, dated then, and in the same way for the same seed.
func TestCutRequestsLandLate(t *testing.T) {
	dates := func(seed uint64) (all []string) {
		synctest.Test(t, func(t *testing.T) {
			u := parsed(t, "late=1m,write-takes=messages:100ms,index-gaps=0")
			u.Seed = seed
			b := try{bench: newBench(t, emulator.Config{Now: time.Now, Unkind: u})}
			b.s, b.c = b.conversation()
			for _, body := range []string{"a", "b", "c", "d", "e", "f", "g", "h"} {
				b.cut(body)
			}
			began := time.Now()
			pending := b.e.Pending()
			require.Positive(t, pending)
			time.Sleep(time.Minute)
			b.make(b.c+"/Messages", "Body", "last")
			items, _ := b.pages(b.conversations, b.c+"/Messages", "messages")
			require.GreaterOrEqual(t, len(items), pending+1)
			require.Equal(t, "last", items[len(items)-1]["body"], "what is due lands before what comes")
			for _, m := range items {
				at, err := time.Parse(time.RFC3339, m["date_created"].(string))
				require.NoError(t, err)
				require.True(t, !at.Before(began.Add(-2*time.Second)) && !at.After(began.Add(time.Minute+time.Second)))
				all = append(all, m["body"].(string)+" "+m["date_created"].(string))
			}
		})
		return all
	}
	one := dates(3)
	require.Equal(t, one, dates(3))
	require.NotEqual(t, one, dates(4))
}

// A cut that only the socket tells is a cut, and who acts on what lands lands nothing
// again.
func TestCutSockets(t *testing.T) {
	u := parsed(t, "late=1m,write-takes=messages:1h,people=1,people-do=write")
	b := newBench(t, emulator.Config{Unkind: u})
	_, c := b.conversation()
	server := httptest.NewServer(b.conversations)
	transport := &http.Transport{DisableKeepAlives: true}
	for n := range 60 { // some are cut before the server has read them
		body := fmt.Sprint("body ", n)
		ctx, cut := context.WithCancel(t.Context())
		ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{WroteRequest: func(httptrace.WroteRequestInfo) { cut() }})
		r, err := http.NewRequestWithContext(ctx, http.MethodPost, server.URL+c+"/Messages", strings.NewReader(form("Body", body).Encode()))
		require.NoError(t, err)
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.SetBasicAuth(emulator.DefaultAccountSID, emulator.DefaultAuthToken)
		_, err = transport.RoundTrip(r)
		require.ErrorIs(t, err, context.Canceled)
	}
	server.Close() // returns when nothing is served any more
	pending := b.e.Pending()
	require.Positive(t, pending)
	b.pass(time.Minute)
	require.Zero(t, b.e.Pending())
	require.Len(t, b.listed(c+"/Messages", "messages"), 2*pending, "what landed, and what somebody wrote after each")
}
