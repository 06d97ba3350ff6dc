package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/ledgertest"
)

// deed is one run of a command with an API key, and what was done before it by somebody
// who may do everything.
type deed struct {
	command string // as README lists it
	before  [][]string
	args    []string
	server  func(*emulator.Config)
	// hook does something in the target, first of all and once more after what is
	// before; it returns the SID of a service. May be nil.
	hook  func(t *testing.T, s *emulator.Server, done bool) string
	ends  int  // with this exit status, or with 0
	crowd bool // a channel has more people than a service admits by itself
}

const (
	restrictedKey    = "SK00000000000000000000000000000123"
	restrictedSecret = "secret-of-the-restricted-key"
)

// rightsRun is what became of a deed.
type rightsRun struct {
	status    int
	out, said string
	asked     []emulator.Permission
}

func (d deed) run(t *testing.T, may func(emulator.Permission) bool, denial emulator.Denial) rightsRun {
	t.Helper()
	var mu sync.Mutex
	asked := map[emulator.Permission]bool{}
	c := emulator.Config{
		APIKey: restrictedKey, APISecret: restrictedSecret, KeyMay: may, KeyDenial: denial,
		Intercept: func(w http.ResponseWriter, r *http.Request, x *emulator.Exchange, commit func() emulator.Reply) {
			if user, _, _ := r.BasicAuth(); user == restrictedKey {
				mu.Lock()
				asked[x.Permission()] = true
				mu.Unlock()
			}
			commit().WriteTo(w)
		},
	}
	d.server(&c)
	s := newTestServer(t, c)
	dir, service := ledgertest.Dir(t), ""
	if d.hook != nil {
		service = d.hook(t, s, false)
	}
	require.NoError(t, os.WriteFile(filepath.Join(dir, "fcm.key"), []byte("key"), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "push.yaml"), []byte("credentials: [{friendly_name: android, type: fcm, secret: fcm.key}]"), 0o600))
	in := func(env []string, args []string) rightsRun {
		for i, a := range args {
			args[i] = strings.NewReplacer("$DIR", dir, "$SERVICE", service).Replace(a)
		}
		sc := newScreen("", false, append(env,
			"CHATBRIDGE_SETTLE=50ms", "CHATBRIDGE_APS=0", "TWILIO_ACCOUNT_SID="+emulator.DefaultAccountSID,
			"CHATBRIDGE_CHAT_URL="+s.ChatURL, "CHATBRIDGE_CONVERSATIONS_URL="+s.ConversationsURL, "CHATBRIDGE_MEDIA_URL="+s.MediaURL,
			"CHATBRIDGE_LEDGER="+filepath.Join(dir, "l.db"))...)
		status := run(t.Context(), sc.console, args)
		return rightsRun{status: status, out: sc.stdout.String(), said: sc.stderr.String()}
	}
	for _, args := range d.before {
		r := in([]string{"TWILIO_AUTH_TOKEN=" + emulator.DefaultAuthToken}, slices.Clone(args))
		require.Contains(t, []int{exitDone, exitIncomplete}, r.status, "%v: %s%s", args, r.out, r.said)
	}
	if d.hook != nil && len(d.before) > 0 && service == "" {
		d.hook(t, s, true)
	}
	got := in([]string{"TWILIO_API_KEY=" + restrictedKey, "TWILIO_API_SECRET=" + restrictedSecret}, slices.Clone(d.args))
	// A request that the program gave up may still be served.
	mu.Lock()
	defer mu.Unlock()
	got.asked = slices.SortedFunc(maps.Keys(asked), func(a, b emulator.Permission) int { return cmp.Compare(a.String(), b.String()) })
	return got
}

// office is a small workspace that has one of everything.
func office(c *emulator.Config) {
	is := "services/IS00000000000000000000000000000001/"
	ch := is + "channels/CH00000000000000000000000000000001/"
	const dated = `"date_created":"2019-01-01T00:00:00Z","date_updated":"2019-01-01T00:00:00Z"`
	files := fstest.MapFS{}
	for name, text := range map[string]string{
		"manifest.json":            `{"schema_version":1,"account_sid":"` + emulator.DefaultAccountSID + `","source_api":"v2","created_at":"2021-09-01T12:00:00Z"}`,
		"credentials.jsonl":        `{"sid":"CR00000000000000000000000000000001","friendly_name":"phones","type":"fcm","sandbox":"False",` + dated + `}`,
		is + "service.json":        `{"sid":"IS00000000000000000000000000000001","friendly_name":"Office","default_channel_role_sid":"RL00000000000000000000000000000001","post_webhook_url":"https://example.com/hook","webhook_filters":["onMessageSent"],"notifications":{"new_message":{"enabled":true,"template":"hello"}},` + dated + `}`,
		is + "roles.jsonl":         `{"sid":"RL00000000000000000000000000000001","friendly_name":"guest","type":"channel","permissions":["sendMessage"],` + dated + "}\n" + `{"sid":"RL00000000000000000000000000000002","friendly_name":"helper","type":"channel","permissions":["sendMessage"],` + dated + `}`,
		is + "users.jsonl":         `{"sid":"US00000000000000000000000000000001","identity":"ann","friendly_name":"Ann","attributes":"{\"a\":1}",` + dated + "}\n" + `{"sid":"US00000000000000000000000000000002","identity":"bo","friendly_name":"Bo","attributes":"{}",` + dated + `}`,
		is + "user_channels.jsonl": `{"channel_sid":"CH00000000000000000000000000000001","user_sid":"US00000000000000000000000000000001","member_sid":"MB00000000000000000000000000000001","status":"joined","notification_level":"muted"}`,
		is + "channels.jsonl": `{"sid":"CH00000000000000000000000000000001","friendly_name":"Help","unique_name":"help","type":"private","attributes":"{\"t\":1}","created_by":"ann","members_count":2,"messages_count":3,` + dated + "}\n" +
			`{"sid":"CH00000000000000000000000000000002","friendly_name":"All","type":"public","account_sid":"` + emulator.DefaultAccountSID + `","service_sid":"IS00000000000000000000000000000001","attributes":"{}","created_by":"ann","members_count":0,"messages_count":0,` + dated + `}`,
		ch + "members.jsonl": `{"sid":"MB00000000000000000000000000000001","identity":"ann","role_sid":"RL00000000000000000000000000000001","last_consumed_message_index":1,"last_consumption_timestamp":"2019-01-03T00:00:00Z","attributes":"{}",` + dated + "}\n" +
			`{"sid":"MB00000000000000000000000000000002","identity":"bo","role_sid":"RL00000000000000000000000000000001","attributes":"{}",` + dated + `}`,
		ch + "messages.jsonl": `{"sid":"IM00000000000000000000000000000001","index":0,"from":"ann","body":"one","attributes":"{\"m\":1}","was_edited":false,"type":"text","date_created":"2019-01-02T00:00:00Z","date_updated":"2019-01-02T00:00:00Z"}` + "\n" +
			`{"sid":"IM00000000000000000000000000000002","index":1,"from":"bo","body":"","attributes":"{}","was_edited":false,"type":"media","media":{"sid":"ME00000000000000000000000000000001","size":4,"content_type":"text/plain","filename":"a.txt"},"date_created":"2019-01-02T00:00:01Z","date_updated":"2019-01-02T00:00:01Z"}` + "\n" +
			`{"sid":"IM00000000000000000000000000000003","index":2,"from":"ann","body":"three","attributes":"{}","was_edited":false,"type":"text","date_created":"2019-01-02T00:00:02Z","date_updated":"2019-01-02T00:00:02Z"}`,
		ch + "invites.jsonl":                            `{"sid":"IN00000000000000000000000000000001","identity":"cy","role_sid":"RL00000000000000000000000000000001","created_by":"ann",` + dated + `}`,
		is + "files.jsonl":                              `{"sid":"ME00000000000000000000000000000001","size":4,"content_type":"text/plain","filename":"a.txt"}`,
		is + "files/ME00000000000000000000000000000001": "data",
	} {
		if strings.HasSuffix(name, ".jsonl") {
			text += "\n"
		}
		files[name] = &fstest.MapFile{Data: []byte(text)}
	}
	c.Archive = files
}

func sharedOffice(c *emulator.Config) { office(c); c.Shared = true }

// crowded is an office with a channel of more people than a service admits by itself.
func crowded(c *emulator.Config) {
	office(c)
	const at = "services/IS00000000000000000000000000000001/channels/CH00000000000000000000000000000001/members.jsonl"
	files := c.Archive.(fstest.MapFS)
	members := files[at].Data
	for i := range migrate.DefaultChannelMembers {
		members = fmt.Appendf(members, `{"sid":"MB000000000000000000000000000001%02x","identity":"guest-%d","attributes":"{}","date_created":"2019-01-01T00:00:00Z","date_updated":"2019-01-01T00:00:00Z"}`+"\n", i, i)
	}
	files[at] = &fstest.MapFile{Data: members}
	for name, f := range files {
		f.Data = bytes.ReplaceAll(f.Data, []byte(`"members_count":2`), []byte(`"members_count":102`))
		files[name] = f
	}
}

// deeds are runs of every command that takes credentials.
func deeds() []deed {
	v1 := func(args ...string) []string { return append(args, "--policy", "empty-body=space") }
	v2 := func(args ...string) []string { return append(args, "--source-api", "v2") }
	old, now := v1("migrate", "--yes", "-q"), v2("migrate", "--yes", "-q")
	used := []string{"--to-service", "$SERVICE", "--policy", "empty-body=space,role-was-there=replace,user-was-there=replace"}
	return []deed{
		{"audit", nil, v1("audit"), office, nil, 0, false},
		{"audit", nil, v2("audit"), office, nil, 0, false},
		{"audit", nil, append([]string{"audit"}, used...), office, inUse, 0, false},
		{"doctor", nil, []string{"doctor"}, sharedOffice, nil, 0, false},
		{"export", nil, []string{"export", "$DIR/x"}, office, nil, 0, false},
		{"export", nil, v2("export", "$DIR/x"), office, nil, 0, false},
		{"migrate", nil, v1("migrate", "--yes", "--credentials", "$DIR/push.yaml", "--invites", "add"), office, nil, 0, false},
		{"migrate", nil, v2("migrate", "--yes"), crowded, nil, 0, true},
		{"migrate", [][]string{old}, v1("migrate", "--yes", "--deep"), office, nil, 0, false},
		{"migrate", [][]string{now}, v2("migrate", "--yes", "--deep"), office, changed, 0, false},
		{"migrate", [][]string{now}, v2("migrate", "--yes", "--ledger", "$DIR/lost.db"), office, nil, 0, false},
		{"migrate", nil, append([]string{"migrate", "--yes"}, used...), office, inUse, 0, false},
		{"migrate --in-place", nil, []string{"migrate", "--in-place", "--yes"}, sharedOffice, nil, 0, false},
		{"verify --in-place", nil, []string{"verify", "--in-place"}, sharedOffice, nil, exitIncomplete, false},
		{"verify", [][]string{old}, v1("verify"), office, nil, 0, false},
		{"verify", [][]string{old}, v1("verify", "--ledger", "$DIR/none.db"), office, nil, 0, false},
		{"verify", [][]string{now}, v2("verify", "--files"), office, nil, 0, false},
		{"verify --repair", [][]string{now}, v2("verify", "--repair", "--execute", "--yes"), office, changed, 0, false},
		{"undo", [][]string{now}, []string{"undo", "--execute", "--yes"}, office, nil, 0, false},
		{"undo", [][]string{append([]string{"migrate", "--yes", "-q"}, used...)}, []string{"undo", "--execute", "--yes"}, office, inUse, exitIncomplete, false},
	}
}

// asOwner makes a request with the token of the account.
func asOwner(t *testing.T, method, address string, form url.Values) map[string]any {
	t.Helper()
	req, err := http.NewRequest(method, address, strings.NewReader(form.Encode()))
	require.NoError(t, err)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.SetBasicAuth(emulator.DefaultAccountSID, emulator.DefaultAuthToken)
	resp, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer resp.Body.Close()
	require.Less(t, resp.StatusCode, 300, "%s %s", method, address)
	var got map[string]any
	_ = json.NewDecoder(resp.Body).Decode(&got)
	return got
}

// inUse makes a service with a role and a person of the office, who differ.
func inUse(t *testing.T, s *emulator.Server, _ bool) string {
	at := s.ConversationsURL + "/v1/Services"
	sid := asOwner(t, http.MethodPost, at, url.Values{"FriendlyName": {"In use"}})["sid"].(string)
	at += "/" + sid
	asOwner(t, http.MethodPost, at+"/Roles", url.Values{"FriendlyName": {"guest"}, "Type": {"conversation"}, "Permission": {"leaveConversation"}})
	asOwner(t, http.MethodPost, at+"/Users", url.Values{"Identity": {"ann"}, "FriendlyName": {"Somebody"}})
	return sid
}

// changed alters what a migration wrote, and takes its last message away.
func changed(t *testing.T, s *emulator.Server, done bool) string {
	if !done {
		return ""
	}
	at := s.ConversationsURL + "/v1/Services"
	service := asOwner(t, http.MethodGet, at, nil)["services"].([]any)[0].(map[string]any)["sid"].(string)
	at += "/" + service + "/Conversations/help"
	page := asOwner(t, http.MethodGet, at+"/Messages?Order=desc", nil)["messages"].([]any)
	asOwner(t, http.MethodDelete, at+"/Messages/"+page[0].(map[string]any)["sid"].(string), nil)
	asOwner(t, http.MethodPost, at+"/Messages/"+page[2].(map[string]any)["sid"].(string), url.Values{"Attributes": {"{}"}})
	asOwner(t, http.MethodPost, at, url.Values{"FriendlyName": {"Renamed"}})
	return service
}

// lines of needs that are for what seldom happens, so that no deed has to need them:
// a copy that landed late, and a service that a rival made at the same moment.
var seldom = map[string]bool{
	"migrate Conversations/Messages: delete": true,
	"migrate Services: delete":               true,
	// Whom a repair adds, or a member whose role it sets.
	"verify --repair Conversations/Participants: create": true,
	"verify --repair Conversations/Participants: read":   true,
	"verify --repair Conversations/Participants: update": true,
	"verify --repair Users/Conversations: update":        true,
	"verify --repair Media: create":                      true,
	"verify --repair Media: read":                        true,
	"verify --repair Channels/Messages: read":            true,
	"verify --repair Users: read":                        true,
	"verify --repair Credentials: list":                  true,
	"verify Credentials: list":                           true,
}

var products = map[string]emulator.Host{"Chat": emulator.ChatHost, "Conversations": emulator.ConversationsHost, "Media": emulator.MediaHost}

// of says which commands of a need a deed is.
func (n need) of(d deed) bool {
	words := append(strings.Fields(d.command), d.args...)
	for command := range strings.SplitSeq(n.commands, ", ") {
		if i := strings.Index(command, " into "); i >= 0 {
			if d.crowd && command[:i] == d.command {
				return true
			}
			continue
		}
		verb, flags, _ := strings.Cut(command, " --")
		own := strings.Fields(command)
		if flags == "" && verb != d.command || words[0] != own[0] {
			continue
		}
		if !slices.ContainsFunc(own, func(w string) bool { return !slices.Contains(words, w) }) && (!slices.Contains(words, "--in-place") || slices.Contains(own, "--in-place")) {
			return true
		}
	}
	return false
}

// list are the permissions of a part of a need.
func (n need) list(actions string) (all []emulator.Permission) {
	for part := range strings.SplitSeq(actions, "; ") {
		resource, verbs, ok := strings.Cut(part, ": ")
		for verb := range strings.SplitSeq(verbs, ", ") {
			if ok {
				all = append(all, emulator.Permission{Host: products[n.product], Resource: resource, Action: verb})
			}
		}
	}
	return all
}

// TestPermissionsAreThoseOfTheRequests holds the list of README and of the help to what
// runs ask for: no request is beyond it, and nothing is on it that none needs.
func TestPermissionsAreThoseOfTheRequests(t *testing.T) {
	t.Parallel()
	used := map[int]map[emulator.Permission]bool{}
	for _, d := range deeds() {
		if d.command == "doctor" {
			continue
		}
		r := d.run(t, nil, emulator.Denial{})
		require.Contains(t, []int{exitDone, d.ends}, r.status, "%v: %s%s", d.args, r.out, r.said)
		allowed := map[emulator.Permission]bool{}
		for i, n := range needs {
			if !n.of(d) {
				continue
			}
			if used[i] == nil {
				used[i] = map[emulator.Permission]bool{}
			}
			for _, p := range append(n.list(n.actions), n.list(n.alone)...) {
				allowed[p] = true
				if slices.Contains(r.asked, p) {
					used[i][p] = true
				}
			}
		}
		for _, p := range r.asked {
			require.True(t, allowed[p], "%v asks for what is not listed: %s", d.args, p)
		}
		strict := d.run(t, func(p emulator.Permission) bool { return allowed[p] }, emulator.Unauthorized)
		require.Equal(t, r.status, strict.status, "%v with a key that may do this and nothing else: %s%s", d.args, strict.out, strict.said)
	}
	var idle []string
	for i, n := range needs {
		verb, _, _ := strings.Cut(strings.Split(n.commands, ", ")[0], " into ")
		for _, p := range append(n.list(n.actions), n.list(n.alone)...) {
			base := strings.Fields(verb)[0]
			if strings.Contains(verb, "--repair") {
				base += " --repair"
			}
			if !used[i][p] && !seldom[base+" "+p.Resource+": "+p.Action] {
				idle = append(idle, n.commands+": "+p.String())
			}
		}
	}
	require.Empty(t, idle, "no run needs this")
}

// permissionTable is the table of README.
func permissionTable() string {
	var b strings.Builder
	b.WriteString("| Command | Of | Permissions | Optional |\n|---|---|---|---|\n")
	for _, n := range needs {
		var commands []string
		for c := range strings.SplitSeq(n.commands, ", ") {
			name, rest, _ := strings.Cut(c, " into ")
			commands = append(commands, "`"+name+"`"+prefixed(" into ", rest))
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", strings.Join(commands, ", "), n.product, n.actions, n.alone)
	}
	return b.String()
}

// TestAKeyThatMayNot has each command meet a key that lacks one of the permissions that
// it needs: what costs itself alone is said and changes nothing else, and anything
// else ends the run and is named.
func TestAKeyThatMayNot(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for i, d := range deeds() {
		if d.crowd || d.command == "doctor" {
			continue
		}
		denial := []emulator.Denial{emulator.Restricted, emulator.Unauthorized, emulator.Forbidden}[i%3]
		// What one side needs, the other may read for itself alone.
		var alone, ending []emulator.Permission
		for _, n := range needs {
			if n.of(d) {
				alone, ending = append(alone, n.list(n.alone)...), append(ending, n.list(n.actions)...)
			}
		}
		whole := d.run(t, nil, denial)
		for _, lacking := range whole.asked {
			once := d.command + lacking.String() + strconv.FormatBool(slices.Contains(d.args, "v2"))
			if seen[once] && !strings.HasPrefix(lacking.Action, "delete") {
				continue
			}
			seen[once] = true
			if n := len(seen); !*everyKill && n%3 != 0 {
				continue // make kill has them all
			}
			t.Run(strings.Join(d.args, " ")+" without "+lacking.String(), func(t *testing.T) {
				t.Parallel()
				r := d.run(t, func(p emulator.Permission) bool { return p != lacking }, denial)
				if slices.Contains(alone, lacking) && !(slices.Contains(ending, lacking) && r.status == exitCredentials) {
					want := whole.status
					if d.command == "export" && lacking.Host != emulator.ConversationsHost {
						want = exitIncomplete
					}
					require.Equal(t, want, r.status, "%s%s", r.out, r.said)
					require.Regexp(t, "not-shown|[Tt]he key may not read|not shown to this key|key was not allowed", r.out+r.said)
					return
				}
				require.Equal(t, exitCredentials, r.status, "%s%s", r.out, r.said)
				side := map[emulator.Host]string{emulator.ChatHost: "Chat", emulator.ConversationsHost: "Conversations", emulator.MediaHost: "the media service of"}[lacking.Host]
				action := lacking.Action + " " + lacking.Resource
				if !strings.Contains(r.said, "the key may not "+action+" at "+side) { // as nothing was answered before
					require.Contains(t, r.said, "credentials were refused by "+side)
					require.Contains(t, r.said, "; a restricted key needs the permission to "+action)
				}
			})
		}
	}
}
