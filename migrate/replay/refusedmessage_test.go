package replay_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping"
	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/internal/rig"
)

func html(status int) emulator.Reply {
	return emulator.Reply{Status: status, Body: []byte("<html>no</html>")}
}

// A message that the target refuses meets the policy of its case, as if the limit
// had been known.
func TestRefusedMessage(t *testing.T) {
	long := strings.Repeat("long ", 500)
	for name, c := range map[string]struct {
		reply    emulator.Reply
		policy   string
		stays    string // what stands in its place; empty if nothing does
		stops    bool
		hint     string
		refuses  func(x exchange) bool
		original string
	}{
		"50504 by default":                    {reply: emulator.Refusal(400, 50504, "too long"), stops: true, hint: "--policy body-too-long="},
		"50504, truncated":                    {reply: emulator.Refusal(400, 50504, "too long"), policy: "body-too-long=truncate", stays: long[:1600]},
		"50504, truncated and still too long": {reply: emulator.Refusal(400, 50504, "too long"), policy: "body-too-long=truncate", stops: true, hint: "--policy message-refused=", refuses: func(x exchange) bool { return strings.HasPrefix(x.Form.Get("Body"), "long") }},
		"50504, skipped":                      {reply: emulator.Refusal(400, 50504, "too long"), policy: "body-too-long=skip"},
		"50304 by default":                    {reply: emulator.Refusal(400, 50304, "not JSON"), stops: true, hint: "--policy attributes-not-json="},
		"50304, dropped":                      {reply: emulator.Refusal(400, 50304, "not JSON"), policy: "attributes-not-json=drop", stays: long, refuses: func(x exchange) bool { return strings.Contains(x.Form.Get("Attributes"), "odd") }},
		"50304, sent plain":                   {reply: emulator.Refusal(400, 50304, "not JSON"), stays: long, refuses: func(x exchange) bool { return strings.Contains(x.Form.Get("Attributes"), `\u00e9`) }},
		"50303, dropped":                      {reply: emulator.Refusal(400, 50303, "too long"), policy: "attributes-too-large=drop", stays: long, refuses: func(x exchange) bool { return strings.Contains(x.Form.Get("Attributes"), "odd") }},
		"50503 by default":                    {reply: emulator.Refusal(400, 50503, "no body"), stops: true, hint: "--policy empty-body="},
		"50503, a placeholder":                {reply: emulator.Refusal(400, 50503, "no body"), policy: "empty-body=placeholder", stays: "[empty message]"},
		"403 of a firewall":                   {reply: html(403), stops: true, hint: "--policy message-refused="},
		"403 of a firewall, a placeholder":    {reply: html(403), policy: "message-refused=placeholder", stays: "[message not accepted]"},
		"413 of a firewall, skipped":          {reply: html(413), policy: "message-refused=skip"},
	} {
		for _, lost := range []bool{false, true} {
			if lost && (c.stops || c.stays == "") {
				continue
			}
			t.Run(fmt.Sprintf("%s; the first answer to what was sent instead is lost: %v", name, lost), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					plan := oneChannel("one", "one", long, "twin", "last")
					plan.Channels[0].Messages[3].Author, plan.Channels[0].Messages[3].Same = 0, true
					in := rig.WithFile(t, plan.Archive(), rig.MessagesPath(0), func(text string) string {
						lines := strings.Split(text, "\n")
						lines[2] = strings.Replace(lines[2], `"attributes":"{}"`, `"attributes":"{\"odd\":\"\\u00e9\"}"`, 1)
						require.Contains(t, lines[2], "odd")
						return strings.Join(lines, "\n")
					})
					r, m := between(t, emulator.Config{Archive: in})
					if c.policy != "" {
						p, err := mapping.ParsePolicy([]string{c.policy})
						require.NoError(t, err)
						r.Settings.Mapper.Policy = p
					}
					refuses := c.refuses
					if refuses == nil {
						refuses = func(x exchange) bool { return x.Form.Get("Body") == long }
					}
					sent, before := 0, ""
					m.do(func(x exchange) bool {
						switch {
						case !x.appends(""):
							return false
						case refuses(x):
							c.reply.WriteTo(x.w)
							before = long
							return true
						case before == long && lost && sent == 0:
							sent++
							x.commit()
							x.lose()
						}
						before = x.Form.Get("Body")
						return false
					})
					want := []string{"one", "one", c.stays, "twin", "last"}
					status := migrate.Complete
					switch {
					case c.stops:
						want, status = want[:2], migrate.Partial
					case c.stays == "":
						want = []string{"one", "one", "twin", "last"}
					}
					for range 3 {
						s := pass(t, r, status)
						require.Equal(t, want, bodies(t, r))
						if c.stops {
							require.Contains(t, reasons(s), c.hint)
							require.Contains(t, reasons(s), rig.SidOf("IM", 2))
						}
						require.Zero(t, times(s, mapping.StoredOtherwise))
						require.Zero(t, times(s, mapping.MessageDeleted))
					}
					if lost {
						require.Equal(t, 1, sent)
					}
				})
			})
		}
	}

	t.Run("what the account may not do is no refusal of a message", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r, m := between(t, emulator.Config{Archive: oneChannel("one", "two", "three").Archive()})
			r.Settings.Mapper.Policy = mapping.Policy{mapping.MessageRefused: "skip"}
			m.do(func(x exchange) bool {
				if x.appends("two") {
					emulator.Refusal(403, 20403, "suspended").WriteTo(x.w)
				}
				return x.appends("two")
			})
			s, err := r.Migrate(t.Context())
			require.ErrorContains(t, err, "20403")
			require.Zero(t, times(s, mapping.MessageRefused))
			m.rest()
			pass(t, r, migrate.Complete)
			require.Equal(t, []string{"one", "two", "three"}, bodies(t, r))
		})
	})

	t.Run("nor what the conversation does not take", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r, m := between(t, emulator.Config{Archive: oneChannel("one", "two", "three").Archive()})
			r.Settings.Mapper.Policy = mapping.Policy{mapping.MessageRefused: "skip"}
			m.do(func(x exchange) bool {
				if x.appends("two") {
					emulator.Refusal(400, migrate.CodeConversationClosed, "closed").WriteTo(x.w)
				}
				return x.appends("two")
			})
			s := pass(t, r, migrate.Partial)
			require.Zero(t, times(s, mapping.MessageRefused))
			require.Equal(t, []string{"one"}, bodies(t, r))
		})
	})

	t.Run("what was sent instead when the run was told to stop is no other message", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r, m := between(t, emulator.Config{Archive: oneChannel("one", long, "three").Archive()})
			r.Settings.Mapper.Policy = mapping.Policy{mapping.BodyTooLong: "truncate"}
			drain := make(chan struct{})
			m.do(func(x exchange) bool {
				switch {
				case x.appends(long):
					emulator.Refusal(400, 50504, "too long").WriteTo(x.w)
					return true
				case x.appends(long[:1600]):
					close(drain)
					x.commit()
					x.lose()
				}
				return false
			})
			ran(t, t.Context(), r, drain)
			for range 2 {
				require.Zero(t, times(pass(t, r, migrate.Complete), mapping.StoredOtherwise))
				require.Equal(t, []string{"one", long[:1600], "three"}, bodies(t, r))
			}
		})
	})

	t.Run("what was left out after its answer was lost is taken if it lands", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r, m := between(t, emulator.Config{Archive: oneChannel("one", "two").Archive()})
			r.Settings.Mapper.Policy = mapping.Policy{mapping.MessageRefused: "skip"}
			var land func() emulator.Reply
			m.do(func(x exchange) bool {
				switch {
				case !x.appends("two"):
					return false
				case land == nil:
					land = x.commit
					x.lose()
				}
				html(403).WriteTo(x.w)
				return true
			})
			pass(t, r, migrate.Complete)
			require.Len(t, doubts(t, r), 1)
			land()
			pass(t, r, migrate.Complete)
			require.Equal(t, []string{"one", "two"}, bodies(t, r))
			require.Empty(t, doubts(t, r))
		})
	})

	t.Run("a copy of what was sent instead that lands late goes", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r, m := between(t, emulator.Config{Archive: oneChannel("one", long, "three").Archive()})
			r.Settings.Mapper.Policy = mapping.Policy{mapping.BodyTooLong: "truncate"}
			var land func() emulator.Reply
			m.do(func(x exchange) bool {
				switch {
				case x.appends(long):
					emulator.Refusal(400, 50504, "too long").WriteTo(x.w)
					return true
				case x.appends(long[:1600]) && land == nil:
					land = x.commit
					x.lose()
				}
				return false
			})
			pass(t, r, migrate.Complete)
			land()
			require.Len(t, bodies(t, r), 4)
			pass(t, r, migrate.Complete)
			require.Equal(t, []string{"one", long[:1600], "three"}, bodies(t, r))
		})
	})

	t.Run("more than ten in a row are not refused for what they say", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			var all []string
			for i := range 14 {
				all = append(all, fmt.Sprint("message ", i))
			}
			r, m := between(t, emulator.Config{Archive: oneChannel(all...).Archive()})
			r.Settings.Mapper.Policy = mapping.Policy{mapping.MessageRefused: "skip"}
			m.do(func(x exchange) bool {
				if !x.appends("") {
					return false
				}
				x.w.WriteHeader(http.StatusForbidden)
				_, _ = io.WriteString(x.w, "<html>")
				return true
			})
			s := pass(t, r, migrate.Partial)
			require.Contains(t, reasons(s), "11 messages in a row")
			require.EqualValues(t, 11, times(s, mapping.MessageRefused))
			require.Empty(t, bodies(t, r))
		})
	})
}
