package twilio

import (
	"context"
	"iter"

	convv1 "github.com/twilio/twilio-go/rest/conversations/v1"

	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
	"chatbridge/migrate/transport"
)

// credentials yields the push credentials of the account.
func (t *Target) credentials(ctx context.Context) iter.Seq2[conversations.Credential, error] {
	return records(t.host, ctx, "list credentials", "", func(c *call) error {
		params := (&convv1.ListCredentialParams{}).SetPageSize(conversationsPage)
		_, err := conversationsAPI(c).PageCredential(params, "", "")
		return err
	}, decodeCredential, func(r conversations.Credential) string { return r.SID })
}

// EnsureCredential is of migrate.Target. It reads the list before it creates:
// the service itself takes any number of the same name. Where its error has Kind
// InDoubt, to ask again is to look again.
func (t *Target) EnsureCredential(ctx context.Context, want migrate.Credential) (conversations.Credential, migrate.Change, error) {
	for there, err := range t.credentials(ctx) {
		if err != nil {
			return conversations.Credential{}, migrate.Unchanged, err
		}
		if there.Type == want.Type && there.FriendlyName == want.FriendlyName {
			return there, migrate.Unchanged, nil
		}
	}
	params := &convv1.CreateCredentialParams{
		Type:         &want.Type,
		FriendlyName: text(want.FriendlyName),
		Certificate:  text(string(want.Certificate)),
		PrivateKey:   text(string(want.PrivateKey)),
		ApiKey:       text(string(want.APIKey)),
		Secret:       text(string(want.Secret)),
	}
	if want.Type == "apn" {
		params.Sandbox = &want.Sandbox
	}
	made, err := one(t.host, ctx, "create credential", "", once(transport.Call{}), decodeCredential, func(c *call) error {
		_, err := conversationsAPI(c).CreateCredential(params)
		return err
	})
	return made, migrate.Created, err
}

func decodeCredential(raw []byte) (conversations.Credential, error) {
	return unmarshal(raw, func(r conversations.Credential) string { return r.SID })
}
