package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"

	"github.com/rogpeppe/go-internal/testscript"

	"chatbridge/migrate/emulator"
)

// withheld refuses the lists of these names as Twilio does to a restricted key.
func withheld(lists []string) emulator.Interceptor {
	return func(w http.ResponseWriter, r *http.Request, x *emulator.Exchange, commit func() emulator.Reply) {
		end := x.Path[len(x.Path)-1]
		if x.Host == emulator.ChatHost && slices.Contains(lists, end) && (end != "Channels" || slices.Contains(x.Path, "Users")) {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusForbidden)
			fmt.Fprint(w, `{"code":70051,"message":"Authorization Error: Invalid permissions","status":403}`)
			return
		}
		commit().WriteTo(w)
	}
}

// scriptProxy answers everything with one status, so that nothing gets beyond it.
func scriptProxy(ts *testscript.TestScript, neg bool, args []string) {
	status, err := strconv.Atoi(args[0])
	ts.Check(err)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }))
	ts.Defer(s.Close)
	ts.Setenv("HTTPS_PROXY", s.URL)
}
