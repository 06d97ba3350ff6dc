package accounts

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"

	"chatbridge/migrate"
	"chatbridge/migrate/twilio"
)

// Config says how to reach the API host and who asks. BaseURL defaults to that of the
// Place; credentials go there and nowhere else. AccountSID is the parent.
type Config = twilio.Config

// readings is how often a list is read, at most, until it shows the same twice.
const readings = 6

// List yields the subaccounts of an account, the oldest first, whatever their status:
// see Account.Check. It sends nothing before it is ranged over, and yields nothing
// before the list is known to be whole. An error is the last thing that it yields:
//
//   - Credentials, if they are refused, are a standard API key, are those of another
//     account than Config says, or are those of a subaccount, which sees itself alone;
//   - Usage, if the configuration cannot work or there are no subaccounts;
//   - Unavailable, if the list does not come or shows other accounts each time.
func List(ctx context.Context, c Config) iter.Seq2[Account, error] {
	return func(yield func(Account, error) bool) {
		all, err := read(ctx, c)
		if err != nil {
			yield(Account{}, err)
			return
		}
		for _, a := range all {
			if !yield(a, nil) {
				return
			}
		}
	}
}

func read(ctx context.Context, c Config) ([]Account, error) {
	api, err := twilio.NewAccounts(c)
	if err != nil {
		return nil, err
	}
	l := &listing{parent: cmp.Or(c.AccountSID, c.Username), setting: cmp.Or(c.AccountSetting, "TWILIO_ACCOUNT_SID"), all: map[string]Account{}}
	l.byKey = l.parent != c.Username
	var before map[string]bool
	for range readings {
		shown, err := l.read(ctx, api)
		if err != nil {
			return nil, l.explain(err)
		}
		if maps.Equal(shown, before) {
			return l.subaccounts()
		}
		before = shown
	}
	return nil, &migrate.Error{
		Op: op, Kind: migrate.Unavailable, SID: l.parent,
		Err:  fmt.Errorf("the list showed other accounts each of the %d times that it was read", readings),
		Hint: "wait until nobody makes or closes subaccounts, then run again",
	}
}

const op = "list subaccounts"

// listing is what the readings of one list have shown.
type listing struct {
	parent  string // SID
	setting string // that names it
	byKey   bool
	all     map[string]Account // by SID, the parent among them
}

// read reads the list once, and returns which accounts it showed.
func (l *listing) read(ctx context.Context, api *twilio.Accounts) (map[string]bool, error) {
	shown := map[string]bool{}
	for a, err := range api.List(ctx) {
		if err != nil {
			return nil, err
		}
		if err := l.admit(a); err != nil {
			return nil, err
		}
		if a.OwnerSID != l.parent {
			a.Token = "" // nothing here may open it
		}
		l.all[a.SID], shown[a.SID] = Account{a, l.parent, l.byKey}, true
	}
	return shown, nil
}

// admit refuses a list that is not that of a parent, or of another one.
func (l *listing) admit(a twilio.Account) error {
	e := &migrate.Error{Op: op, Kind: migrate.Credentials, SID: l.parent}
	switch {
	case a.SID == l.parent && a.OwnerSID != "" && a.OwnerSID != l.parent:
		e.Err = fmt.Errorf("%s is itself a subaccount, of %s: Twilio shows it no other", named(Account{Account: a}), a.OwnerSID)
		e.Hint = fmt.Sprintf("export TWILIO_ACCOUNT_SID=%s with the TWILIO_AUTH_TOKEN of that account", a.OwnerSID)
	case a.SID != l.parent && a.OwnerSID == a.SID:
		e.Err = fmt.Errorf("%w: they are for %s, but %s names %s", migrate.ErrOtherAccount, a.SID, l.setting, l.parent)
		e.Hint = fmt.Sprintf("if that is the account you mean, set %s to %s; if not, use credentials of %s", l.setting, a.SID, l.parent)
	default:
		return nil
	}
	return e
}

// explain adds what an API key may not do.
func (l *listing) explain(err error) error {
	var e *migrate.Error
	if !l.byKey || !errors.As(err, &e) || e.Kind != migrate.Credentials || errors.Is(err, migrate.ErrOtherAccount) || e.Op == op {
		return err
	}
	return &migrate.Error{
		Op: op, Kind: migrate.Credentials, SID: l.parent, Code: e.Code, Err: e.Err,
		Hint: "a standard or restricted API key may not list accounts, and a main key may see no tokens: export TWILIO_AUTH_TOKEN of the parent account, and unset TWILIO_API_KEY and TWILIO_API_SECRET",
	}
}

// subaccounts are all but the parent, the oldest first.
func (l *listing) subaccounts() ([]Account, error) {
	delete(l.all, l.parent)
	if len(l.all) == 0 {
		return nil, &migrate.Error{
			Op: op, Kind: migrate.Usage, SID: l.parent, Err: errors.New("the account has no subaccounts"),
			Hint: "check that " + l.setting + " names the parent account; an account without subaccounts is migrated by itself: chatbridge migrate",
		}
	}
	return slices.SortedFunc(maps.Values(l.all), func(a, b Account) int {
		return cmp.Or(a.DateCreated.Compare(b.DateCreated), strings.Compare(a.SID, b.SID))
	}), nil
}
