package twilio

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping/chat"
	"chatbridge/migrate"
)

func roleSID(r chat.Role) string { return r.SID }

func TestPagesAreFollowed(t *testing.T) {
	t.Run("by path and query to our own host, byte for byte", func(t *testing.T) {
		evil := serve(t, func(seen) (int, string) { return 200, list("roles", "") })
		const next = "/v1/Services/" + service + "/Roles?PageSize=1000&Page=1&PageToken=PT.123abc.9&x=%7e+%2F"
		s := serve(t, func(r seen) (int, string) {
			if strings.Contains(r.Query, "PageToken") {
				return 200, list("roles", "", `{"sid": "RL2"}`)
			}
			return 200, list("roles", evil.url+next, `{"sid": "RL1"}`)
		})
		roles, err := drain(s.source(t).Roles(t.Context(), service))
		require.NoError(t, err)
		require.Equal(t, []string{"RL1", "RL2"}, sids(roles, roleSID))
		require.Equal(t, []string{"GET /v1/Services/" + service + "/Roles?PageSize=1000", "GET " + next}, s.uris())
		require.Empty(t, evil.requests(), "a host that a reply names must never see the credentials")
	})
	t.Run("through a page that is empty and not the last", func(t *testing.T) {
		s := serve(t, func(r seen) (int, string) {
			switch {
			case strings.Contains(r.Query, "Page=2"):
				return 200, list("roles", "", `{"sid": "RL2"}`)
			case strings.Contains(r.Query, "Page=1"):
				return 200, list("roles", "https://chat.twilio.com/v1/Roles?Page=2")
			}
			return 200, list("roles", "https://chat.twilio.com/v1/Roles?Page=1", `{"sid": "RL1"}`)
		})
		roles, err := drain(s.source(t).Roles(t.Context(), service))
		require.NoError(t, err)
		require.Equal(t, []string{"RL1", "RL2"}, sids(roles, roleSID))
	})
	t.Run("no further than they are wanted", func(t *testing.T) {
		s := serve(t, func(seen) (int, string) {
			return 200, list("roles", "https://chat.twilio.com/v1/Roles?Page=1", `{"sid": "RL1"}`)
		})
		for range s.source(t).Roles(t.Context(), service) {
			break
		}
		require.Len(t, s.requests(), 1)
	})
	t.Run("in smaller pages, once one was too large", func(t *testing.T) {
		s := serve(t, func(r seen) (int, string) {
			if size := r.values(t).Get("PageSize"); size != "50" {
				return 400, fmt.Sprintf(`{"code": 20001, "status": 400, "message": "Page size %s is too large"}`, size)
			}
			return 200, list("roles", "", `{"sid": "RL1"}`)
		})
		src := s.source(t)
		for range 2 {
			roles, err := drain(src.Roles(t.Context(), service))
			require.NoError(t, err)
			require.Len(t, roles, 1)
		}
		var sizes []string
		for _, r := range s.requests() {
			sizes = append(sizes, r.values(t).Get("PageSize"))
		}
		require.Equal(t, []string{"1000", "100", "50", "50"}, sizes)
	})
	t.Run("with the list under whatever key meta names", func(t *testing.T) {
		s := serve(t, func(seen) (int, string) {
			return 200, `{"other": [{"sid": "RL9"}], "meta": {"key": "things", "next_page_url": null}, "things": [{"sid": "RL1"}]}`
		})
		roles, err := drain(s.source(t).Roles(t.Context(), service))
		require.NoError(t, err)
		require.Equal(t, []string{"RL1"}, sids(roles, roleSID))
	})
}

// Nothing but a null next_page_url is the end of a list.
func TestPagesThatAreNotTheEnd(t *testing.T) {
	const self = "https://chat.twilio.com/v1/Services/" + service + "/Roles?PageSize=1000"
	for name, body := range map[string]string{
		"an empty body":                  ``,
		"an empty object":                `{}`,
		"an empty array":                 `[]`,
		"HTML":                           `<html>maintenance</html>`,
		"JSON that was cut":              `{"roles": [{"sid": "RL1"}, {"s`,
		"no meta":                        `{"roles": []}`,
		"meta that is null":              `{"roles": [], "meta": null}`,
		"meta without key":               `{"roles": [], "meta": {"next_page_url": null}}`,
		"meta without next_page_url":     `{"roles": [], "meta": {"key": "roles"}}`,
		"a list that is missing":         `{"meta": {"key": "roles", "next_page_url": null}}`,
		"a list that is null":            `{"roles": null, "meta": {"key": "roles", "next_page_url": null}}`,
		"a list that is an object":       `{"roles": {}, "meta": {"key": "roles", "next_page_url": null}}`,
		"next_page_url that is empty":    `{"roles": [], "meta": {"key": "roles", "next_page_url": ""}}`,
		"next_page_url that is a number": `{"roles": [], "meta": {"key": "roles", "next_page_url": 7}}`,
		"next_page_url without a path":   `{"roles": [], "meta": {"key": "roles", "next_page_url": "https://chat.twilio.com"}}`,
		"next_page_url that is no URL":   `{"roles": [], "meta": {"key": "roles", "next_page_url": "https://%zz/"}}`,
		"the page itself as the next":    list("roles", self),
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, func(seen) (int, string) { return 200, body })
			_, err := drain(s.source(t).Roles(t.Context(), service))
			require.Equal(t, migrate.Unavailable, migrate.KindOf(err))
			require.NotEmpty(t, migrate.HintOf(err))
			require.Len(t, s.requests(), 4, "and was asked for again")

			var n atomic.Int64
			s = serve(t, func(seen) (int, string) {
				if n.Add(1) == 1 {
					return 200, body
				}
				return 200, list("roles", "", `{"sid": "RL1"}`)
			})
			roles, err := drain(s.source(t).Roles(t.Context(), service))
			require.NoError(t, err)
			require.Equal(t, []string{"RL1"}, sids(roles, roleSID), "a better answer is taken")
		})
	}
	for name, address := range map[string]string{"a circle of pages": "https://chat.twilio.com/v1/Roles?", "a circle of pages whose addresses begin with no slash": "v1/Roles?"} {
		t.Run(name, func(t *testing.T) {
			var asked atomic.Int64
			s := serve(t, func(r seen) (int, string) {
				next := map[string]string{"Page=1": "Page=2", "Page=2": "Page=1"}[r.Query]
				if next == "" {
					next = "Page=1"
				}
				if asked.Add(1) > 20 {
					return 404, `{}`
				}
				return 200, list("roles", address+next, fmt.Sprintf(`{"sid": "RL%s"}`, r.Query))
			})
			roles, err := drain(s.source(t).Roles(t.Context(), service))
			require.Equal(t, migrate.Unavailable, migrate.KindOf(err))
			require.Len(t, roles, 2)
		})
	}
	t.Run("an error of the service on a later page", func(t *testing.T) {
		s := serve(t, func(r seen) (int, string) {
			if r.Query == "Page=1" {
				return 500, ""
			}
			return 200, list("roles", "https://chat.twilio.com/v1/Roles?Page=1", `{"sid": "RL1"}`)
		})
		roles, err := drain(s.source(t).Roles(t.Context(), service))
		require.Len(t, roles, 1)
		require.Equal(t, migrate.Unavailable, migrate.KindOf(err))
	})
}

// A process whose stack is full cannot be saved: nothing may follow brackets as deep
// as a reply is long.
func TestDeepReplies(t *testing.T) {
	for _, deep := range []string{
		strings.Repeat("[", 16<<20), strings.Repeat(`{"a":`, 4<<20),
		`{"sid":"RL1","attributes":` + strings.Repeat("[", 8<<20) + strings.Repeat("]", 8<<20) + "}",
	} {
		s := serve(t, func(seen) (int, string) { return 200, deep })
		_, err := drain(s.source(t).Roles(t.Context(), service))
		require.Equal(t, migrate.Unavailable, migrate.KindOf(err))
		_, err = s.source(t).User(t.Context(), service, "US1")
		require.Error(t, err)
	}
}

func TestListsYieldEachRecordOnce(t *testing.T) {
	t.Run("where pages overlap", func(t *testing.T) {
		s := serve(t, func(r seen) (int, string) {
			if r.Query == "Page=1" {
				return 200, list("roles", "", `{"sid": "RL2"}`, `{"sid": "RL3"}`)
			}
			return 200, list("roles", "https://chat.twilio.com/v1/Roles?Page=1", `{"sid": "RL1"}`, `{"sid": "RL2"}`)
		})
		roles, err := drain(s.source(t).Roles(t.Context(), service))
		require.NoError(t, err)
		require.Equal(t, []string{"RL1", "RL2", "RL3"}, sids(roles, roleSID))
	})
	for _, code := range []int{21481, 19038} {
		t.Run(fmt.Sprintf("where a page token expired (%d)", code), func(t *testing.T) {
			var n atomic.Int64
			s := serve(t, func(r seen) (int, string) {
				if r.Query == "Page=1" {
					if n.Add(1) == 1 {
						return refusal(400, code)
					}
					return 200, list("roles", "", `{"sid": "RL3"}`)
				}
				return 200, list("roles", "https://chat.twilio.com/v1/Roles?Page=1", `{"sid": "RL1"}`, `{"sid": "RL2"}`)
			})
			roles, err := drain(s.source(t).Roles(t.Context(), service))
			require.NoError(t, err)
			require.Equal(t, []string{"RL1", "RL2", "RL3"}, sids(roles, roleSID))
			require.Len(t, s.requests(), 4)
		})
	}
	t.Run("and gives up where tokens keep expiring", func(t *testing.T) {
		s := serve(t, func(r seen) (int, string) {
			if r.Query == "Page=1" {
				return refusal(400, 21481)
			}
			return 200, list("roles", "https://chat.twilio.com/v1/Roles?Page=1", `{"sid": "RL1"}`)
		})
		roles, err := drain(s.source(t).Roles(t.Context(), service))
		require.Equal(t, migrate.PageExpired, migrate.KindOf(err))
		require.Len(t, roles, 1)
		require.Len(t, s.requests(), 2*(1+restarts))
	})
}
