package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"chatbridge/migrate/emulator"
	"chatbridge/migrate/emulator/faults"
	"chatbridge/migrate/ledgertest"
)

// Secrets of the emulators in scripts. They are to be found nowhere.
const (
	scriptToken  = "token-0b5e55ed-never-to-be-seen"
	scriptSecret = "secret-c0ffee42-never-to-be-seen"
	scriptKey    = "SK00000000000000000000000000000abc"

	scriptMainKey = "SK00000000000000000000000000000def"
)

// scriptSubaccount opens a subaccount, of which the first is 1.
func scriptSubaccount(n int) (sid, token string) {
	return fmt.Sprintf("AC%032d", n), fmt.Sprintf("%s-of-%d", scriptToken, n)
}

// TestScripts drives the real program. Commands of the scripts' own:
//
//	emulate archive=DIR|generate=… [aps=N] [services=N] [shared] [faults=SPEC]
//	        [unkind=SPEC] [withheld=LIST,…] [subaccounts=N]
//	                  serve an emulator, and put what chatbridge needs to use it
//	                  into the environment. Subaccount n is AC and the number n in
//	                  32 digits
//	exits N ARG…      run chatbridge and require the exit status
//	refused N ARG…    the same, and require an error with a hint, nothing on
//	                  stdout, and that no ledger was made
//	writes N          require that the emulator took N writes so far
//	leave N           have everybody leave a conversation of subaccount N
//	untouched N       require that subaccount N took no write since this was asked
//	                  before; with !, that it took some
//	proxy STATUS      serve a proxy that opens no tunnel, and put its address into
//	                  the environment as HTTPS_PROXY
//	await KIND        wait until a fault of that kind strikes
//	arrived FILE [KIND]
//	                  write what the target holds into a file
//	postgres          make a database, and put its URL into the environment as DATABASE
//	cut               end every session in that database
//	alter FILE SQL    change a ledger behind its back
//	tear FILE         overwrite a page in the middle of a file
//	fields NAME…      require that stdout is one JSON object with these fields
//	objects           require that every line of stderr is a JSON object
//	unseen            require that no secret is in stdout, stderr or any file but
//	                  that of twilio-cli
func TestScripts(t *testing.T) {
	t.Parallel()
	runScripts(t, "script")
}

// TestCases are scripts too, each of what went wrong for somebody who moved
// chats, or was about to: the right answer in a run of the program.
func TestCases(t *testing.T) {
	t.Parallel()
	runScripts(t, filepath.Join("script", "cases"))
}

func runScripts(t *testing.T, folder string) {
	testscript.Run(t, testscript.Params{
		Dir:                 filepath.Join("..", "..", "testdata", folder),
		WorkdirRoot:         ledgertest.Dir(t),
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(e *testscript.Env) error {
			e.Defer(func() { _ = os.RemoveAll(e.WorkDir) })
			workspaces, err := filepath.Abs(filepath.Join("..", "..", "testdata", "workspaces"))
			e.Setenv("WORKSPACES", workspaces)
			// Nothing may want a proxy to reach this machine.
			e.Setenv("HTTP_PROXY", "http://127.0.0.1:1")
			e.Setenv("HTTPS_PROXY", "http://127.0.0.1:1")
			// An emulator is given its requests as fast as it takes them, unless a
			// script is about the pace.
			e.Setenv("CHATBRIDGE_SETTLE", "200ms")
			e.Setenv("CHATBRIDGE_APS", "0")
			return err
		},
		Condition: scriptCondition,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"emulate":   scriptEmulate,
			"exits":     scriptExits,
			"refused":   scriptRefused,
			"writes":    scriptWrites,
			"await":     scriptAwait,
			"arrived":   scriptArrived,
			"leave":     scriptLeave,
			"untouched": scriptTouched,
			"proxy":     scriptProxy,
			"postgres":  scriptPostgres,
			"cut":       scriptCut,
			"alter":     scriptAlter,
			"tear":      scriptTear,
			"fields":    scriptFields,
			"unseen":    scriptUnseen,
			"objects":   scriptObjects,
		},
	})
}

func scriptEmulate(ts *testscript.TestScript, neg bool, args []string) {
	c := emulator.Config{AuthToken: scriptToken, APIKey: scriptKey, APISecret: scriptSecret}
	one, active := served{strikes: make(chan faults.Kind, 1000)}, 0
	for _, a := range args {
		name, value, _ := strings.Cut(a, "=")
		var err error
		switch name {
		case "archive":
			c.Archive = os.DirFS(value)
		case "generate":
			c.Generate, err = emulator.ParseGenerate(value)
		case "aps":
			c.APS, err = strconv.ParseFloat(value, 64)
		case "services":
			c.ServiceLimit, err = strconv.Atoi(value)
		case "subaccounts":
			active, err = strconv.Atoi(value)
		case "shared":
			c.Shared = true
		case "unkind":
			c.Unkind, err = emulator.ParseUnkind(value)
		case "withheld":
			c.Intercept = withheld(strings.Split(value, ","))
		case "faults":
			if one.plan, err = faults.Parse(value); err == nil {
				one.plan.Observe = func(k faults.Kind, _ *emulator.Exchange) { one.strikes <- k }
				c.Intercept = one.plan.Intercept
			}
		default:
			ts.Fatalf("emulate has no %q", name)
		}
		ts.Check(err)
	}
	if c.Subaccounts = subaccounts(c, active); active > 0 {
		c.MainKey, c.MainSecret = scriptMainKey, scriptSecret+"-of-main"
		for i := range c.Subaccounts {
			c.Subaccounts[i].AccountSID, c.Subaccounts[i].AuthToken = scriptSubaccount(i + 1)
		}
	}
	s, err := emulator.Serve(context.Background(), c)
	ts.Check(err)
	ts.Defer(func() { ts.Check(s.Close()) })
	one.Server = s
	servers.put(ts.Getenv("WORK"), one)
	for name, value := range map[string]string{
		"TWILIO_ACCOUNT_SID":           emulator.DefaultAccountSID,
		"TWILIO_AUTH_TOKEN":            scriptToken,
		"CHAT":                         s.ChatURL,
		"CONVERSATIONS":                s.ConversationsURL,
		"CHATBRIDGE_CHAT_URL":          s.ChatURL,
		"CHATBRIDGE_CONVERSATIONS_URL": s.ConversationsURL,
		"CHATBRIDGE_MEDIA_URL":         s.MediaURL,
		"CHATBRIDGE_EVENTS_URL":        s.EventsURL,
		"CHATBRIDGE_API_URL":           s.APIURL,
	} {
		ts.Setenv(name, value)
	}
}

func scriptExits(ts *testscript.TestScript, neg bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if err := ts.Exec("chatbridge", args[1:]...); err != nil {
		exit, ok := errors.AsType[*exec.ExitError](err)
		if !ok {
			ts.Fatalf("run chatbridge: %v", err)
		}
		got = exit.ExitCode()
	}
	if got != want {
		ts.Fatalf("exit status %d, want %d", got, want)
	}
}

func scriptRefused(ts *testscript.TestScript, neg bool, args []string) {
	scriptExits(ts, neg, args)
	lines := strings.Split(strings.TrimSuffix(ts.ReadFile("stderr"), "\n"), "\n")
	if len(lines) != 2 || !strings.HasPrefix(lines[0], "error: ") || !strings.HasPrefix(lines[1], "hint: ") || len(lines[1]) < 10 {
		ts.Fatalf("stderr is not an error and a hint")
	}
	if out := ts.ReadFile("stdout"); out != "" {
		ts.Fatalf("there is something on stdout")
	}
	made, err := filepath.Glob(filepath.Join(ts.Getenv("WORK"), "*.db*"))
	ts.Check(err)
	if len(made) > 0 {
		ts.Fatalf("a ledger was made: %v", made)
	}
}

func scriptWrites(ts *testscript.TestScript, neg bool, args []string) {
	want, err := strconv.ParseInt(args[0], 10, 64)
	ts.Check(err)
	stats := servers.of(ts.Getenv("WORK")).Stats()
	if got := stats.Conversations.Writes; (got == want) == neg {
		ts.Fatalf("%d writes", got)
	}
	if stats.Chat.Writes != 0 {
		ts.Fatalf("%d writes to the source", stats.Chat.Writes)
	}
}

func scriptAwait(ts *testscript.TestScript, neg bool, args []string) {
	one := servers.of(ts.Getenv("WORK"))
	for {
		select {
		case k := <-one.strikes:
			if k.In(args[0]) {
				return
			}
		case <-time.After(awaited):
			ts.Fatalf("no %s struck", args[0])
		}
	}
}

// awaited bounds how long a script waits for a fault that never strikes.
const awaited = time.Minute

func scriptAlter(ts *testscript.TestScript, neg bool, args []string) {
	db, err := sql.Open("sqlite", ts.MkAbs(args[0]))
	ts.Check(err)
	_, err = db.Exec(args[1])
	ts.Check(errors.Join(err, db.Close()))
}

func scriptTear(ts *testscript.TestScript, neg bool, args []string) {
	file, err := os.OpenFile(ts.MkAbs(args[0]), os.O_RDWR, 0)
	ts.Check(err)
	info, err := file.Stat()
	ts.Check(err)
	const page = 4096
	_, err = file.WriteAt(make([]byte, page), info.Size()/2/page*page)
	ts.Check(errors.Join(err, file.Close()))
}
