package twilio

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
)

func TestEnsureCredential(t *testing.T) {
	const made = "CR00000000000000000000000000000009"
	there := func(records ...string) answers {
		return func(r seen) (int, string) {
			if r.Method == "GET" {
				return 200, list("credentials", "", records...)
			}
			return 201, `{"sid": "` + made + `", "type": "` + r.Form.Get("Type") + `", "friendly_name": "` + r.Form.Get("FriendlyName") + `"}`
		}
	}
	t.Run("creates one of each type with its own secrets", func(t *testing.T) {
		for _, c := range []struct {
			want migrate.Credential
			form url.Values
		}{
			{migrate.Credential{FriendlyName: "phones", Type: "apn", Certificate: "c", PrivateKey: "k", Sandbox: true},
				url.Values{"Type": {"apn"}, "FriendlyName": {"phones"}, "Certificate": {"c"}, "PrivateKey": {"k"}, "Sandbox": {"true"}}},
			{migrate.Credential{Type: "gcm", APIKey: "a"}, url.Values{"Type": {"gcm"}, "ApiKey": {"a"}}},
			{migrate.Credential{FriendlyName: "f", Type: "fcm", Secret: "s"}, url.Values{"Type": {"fcm"}, "FriendlyName": {"f"}, "Secret": {"s"}}},
		} {
			s := serve(t, there())
			got, change, err := s.target(t).EnsureCredential(t.Context(), c.want)
			require.NoError(t, err)
			require.Equal(t, migrate.Created, change)
			require.Equal(t, made, got.SID)
			require.Equal(t, c.form, s.requests()[1].Form)
		}
	})
	t.Run("leaves one of that type and name as it is", func(t *testing.T) {
		s := serve(t, there(`{"sid": "CR1", "type": "fcm", "friendly_name": "phones"}`, `{"sid": "CR2", "type": "apn", "friendly_name": "phones"}`))
		got, change, err := s.target(t).EnsureCredential(t.Context(), migrate.Credential{FriendlyName: "phones", Type: "apn", Certificate: "c"})
		require.NoError(t, err)
		require.Equal(t, migrate.Unchanged, change)
		require.Equal(t, "CR2", got.SID)
		require.Len(t, s.requests(), 1)
	})
	t.Run("does not guess where the reply was lost", func(t *testing.T) {
		s := serve(t, func(r seen) (int, string) {
			if r.Method == "GET" {
				return 200, list("credentials", "")
			}
			return 500, ""
		})
		_, _, err := s.target(t).EnsureCredential(t.Context(), migrate.Credential{Type: "fcm", Secret: "s"})
		require.Equal(t, migrate.InDoubt, migrate.KindOf(err))
		require.Len(t, s.requests(), 2)
	})
	t.Run("repeats no secret in an error", func(t *testing.T) {
		s := serve(t, func(r seen) (int, string) {
			if r.Method == "GET" {
				return 200, list("credentials", "")
			}
			return 400, `{"code": 20001, "message": "hush-1 is no key", "status": 400}`
		})
		for _, c := range []migrate.Credential{
			{Type: "apn", Certificate: "hush-1"}, {Type: "apn", PrivateKey: "hush-1"}, {Type: "gcm", APIKey: "hush-1"}, {Type: "fcm", Secret: "hush-1"},
		} {
			_, _, err := s.target(t).EnsureCredential(t.Context(), c)
			require.Equal(t, migrate.Refused, migrate.KindOf(err))
			require.NotContains(t, err.Error()+migrate.HintOf(err), "hush")
		}
	})
}

func TestSecretsDoNotShow(t *testing.T) {
	c := migrate.Credential{FriendlyName: "phones", Type: "apn", Certificate: "hush-1", PrivateKey: "hush-2", APIKey: "hush-3", Secret: "hush-4"}
	raw, err := json.Marshal(c)
	require.NoError(t, err)
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("create", "credential", c, "secret", c.Secret)
	require.NotContains(t, log.String(), "hush")
	for _, shown := range []string{fmt.Sprint(c), fmt.Sprintf("%+v", c), fmt.Sprintf("%#v", c), string(raw)} {
		require.Contains(t, shown, "phones")
		require.NotContains(t, shown, "hush")
	}
}
