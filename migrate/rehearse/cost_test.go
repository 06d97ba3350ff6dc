package rehearse_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
)

// answering answers GET of a path in the place of the emulator.
func answering(path, body string) emulator.Interceptor {
	return func(w http.ResponseWriter, r *http.Request, x *emulator.Exchange, commit func() emulator.Reply) {
		if r.URL.Path == path {
			emulator.Reply{Status: 200, Body: []byte(body)}.WriteTo(w)
			return
		}
		commit().WriteTo(w)
	}
}

func TestCost(t *testing.T) {
	t.Run("counts services, and writes nothing", func(t *testing.T) {
		inBubble(t, func(t *testing.T) {
			s := newStage(t, emulator.Config{})
			s.inhabit(t, neighbours...)
			r, record, _, _ := s.rehearser(t)
			defer record.Close()
			c, err := r.Cost(t.Context())
			require.NoError(t, err)
			require.Equal(t, len(neighbours), c.Services)
			require.Equal(t, 10*time.Minute, c.Waits)
			require.Contains(t, c.Names, "late-append")
			require.Empty(t, s.outside(""))
		})
	})
	t.Run("names account webhooks by their host alone", func(t *testing.T) {
		inBubble(t, func(t *testing.T) {
			s := newStage(t, emulator.Config{Intercept: answering("/v1/Configuration/Webhooks",
				`{"pre_webhook_url":null,"post_webhook_url":"https://user:secret@hooks.example.com/path?token=secret"}`)})
			r, record, _, _ := s.rehearser(t)
			defer record.Close()
			c, err := r.Cost(t.Context())
			require.NoError(t, err)
			require.Equal(t, []string{"an account webhook (post_webhook) at hooks.example.com"}, c.Listeners)
		})
	})
	t.Run("says what may not be read, and goes on", func(t *testing.T) {
		for _, status := range []int{401, 403, 404} {
			inBubble(t, func(t *testing.T) {
				s := newStage(t, emulator.Config{Intercept: refusing("Webhooks", status, 20003)})
				r, record, _, _ := s.rehearser(t)
				defer record.Close()
				c, err := r.Cost(t.Context())
				require.NoError(t, err)
				require.Len(t, c.Unread, 2) // and the address of Event Streams is not known here
				require.Contains(t, c.Unread[0], "account webhooks: HTTP")
				require.Contains(t, c.Unread[1], "--events-url")
			})
		}
	})
	t.Run("ends if services may not be read", func(t *testing.T) {
		for _, status := range []int{401, 403} {
			inBubble(t, func(t *testing.T) {
				s := newStage(t, emulator.Config{Intercept: refusing("Services", status, 20003)})
				r, record, _, _ := s.rehearser(t)
				defer record.Close()
				_, err := r.Cost(t.Context())
				require.Equal(t, migrate.Credentials, migrate.KindOf(err))
			})
		}
	})
	t.Run("names the subscriptions that hear of conversations", func(t *testing.T) {
		inBubble(t, func(t *testing.T) {
			const heard, deaf = "DF00000000000000000000000000000001", "DF00000000000000000000000000000002"
			list := func(key, records string) string {
				return `{"` + key + `":[` + records + `],"meta":{"key":"` + key + `","next_page_url":null}}`
			}
			s := newStage(t, emulator.Config{})
			s.events = map[string]string{
				"/v1/Subscriptions": list("subscriptions", `{"sid":"`+heard+`"},{"sid":"`+deaf+`"},{"sid":"../x"}`),
				"/v1/Subscriptions/" + heard + "/SubscribedEvents": list("types", `{"type":"com.twilio.conversations.message.added"}`),
				"/v1/Subscriptions/" + deaf + "/SubscribedEvents":  list("types", `{"type":"com.twilio.messaging.message.sent"}`),
			}
			r, record, _, _ := s.rehearser(t)
			defer record.Close()
			c, err := r.Cost(t.Context())
			require.NoError(t, err)
			require.Equal(t, []string{"Event Streams subscription " + heard}, c.Listeners)
		})
	})
}
