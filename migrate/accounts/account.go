package accounts

import (
	"errors"
	"fmt"

	"chatbridge/mapping/chat"
	"chatbridge/migrate"
	"chatbridge/migrate/twilio"
)

// Active is the only status in which an account can be opened; the others that are
// documented are suspended and closed.
const Active = "active"

// Account is a subaccount, or what the list of a parent shows beside its subaccounts.
type Account struct {
	twilio.Account

	parent string // SID of the account that listed it
	byKey  bool   // an API key did
}

// String is the name and the SID, as a message has them.
func (a Account) String() string {
	if a.FriendlyName == "" {
		return a.SID
	}
	return fmt.Sprintf("%s (%s)", a.SID, chat.Shorten(a.FriendlyName))
}

// Check says why the account cannot be opened with what the list shows of it, and is
// nil if it can be. Kind is Refused for one that is not active or that another parent
// owns, and Credentials for one whose token was not shown.
//
// An account may be suspended, and get another token, at any time after it was listed:
// then its first request is refused with Kind Credentials. Listing again tells.
func (a Account) Check() error {
	e := &migrate.Error{Op: "open account", Kind: migrate.Refused, SID: a.SID}
	switch {
	case a.OwnerSID == "":
		e.Err = errors.New("the list does not say which account owns it")
		e.Hint = "give it credentials of its own; to see what owns it: https://console.twilio.com"
	case a.OwnerSID != a.parent:
		e.Err = fmt.Errorf("account %s owns it, and not %s", a.OwnerSID, a.parent)
		e.Hint = "list it with the credentials of " + a.OwnerSID
	case a.Status != Active:
		e.Err = fmt.Errorf("%s is %s", named(a), status(a))
		e.Hint = "a suspended account can be made active again in the Twilio Console; a closed one cannot"
	case a.Token == "" && a.byKey:
		e.Kind, e.Err = migrate.Credentials, fmt.Errorf("the list does not show the auth token of %s to an API key", named(a))
		e.Hint = "export TWILIO_AUTH_TOKEN of the parent account " + a.parent + ", and unset TWILIO_API_KEY and TWILIO_API_SECRET"
	case a.Token == "":
		e.Kind, e.Err = migrate.Credentials, fmt.Errorf("the list does not show the auth token of %s", named(a))
		e.Hint = "give it credentials of its own: its auth token, or an API key that was made in it"
	default:
		return nil
	}
	return e
}

func named(a Account) string {
	if a.FriendlyName == "" {
		return "the account"
	}
	return chat.Shorten(a.FriendlyName)
}

func status(a Account) string {
	if a.Status == "" {
		return "of no status"
	}
	return chat.Shorten(a.Status)
}
