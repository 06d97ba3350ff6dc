package emulator

import (
	"errors"
	"math/rand/v2"
	"net/http"
	"slices"
)

// FleetHabits are what a parent may do when it lists its accounts, and what may become
// of a subaccount between that and its use. The zero value is what the documents
// suggest, but for MainKeyTokens. The parent's Unkind has them, for all of its accounts.
type FleetHabits struct {
	// AccountsShuffled has each page in another order of the accounts. AccountsRepeated
	// begins each page but the first with the last account of the page before, if a page
	// has room for more.
	AccountsShuffled, AccountsRepeated bool
	// AccountsCut is the share of readings that end before the list does.
	AccountsCut float64
	// AccountOfAnother adds an account that another parent owns.
	AccountOfAnother bool

	// TokensWithheld is the share of subaccounts whose token is shown to nobody.
	TokensWithheld float64
	// TokensRotated is the share of subaccounts that get another token when theirs is
	// first used, after it was listed: that request is refused already.
	TokensRotated float64
	// SuspendedLate is the share that is suspended when it is first used.
	SuspendedLate float64

	// AccountsRefused is how an account is refused that is suspended or closed. Defaults
	// to Unauthorized, as credentials that are wrong: Twilio's dictionary has that
	// reason under 20003 and under 20403.
	AccountsRefused Denial
	// MainKeyTokens shows auth tokens to a main key.
	MainKeyTokens bool
}

// fleetHabits reads each setting of FleetHabits, as ParseUnkind says.
func (u *Unkind) fleetHabits() map[string]func(string) error {
	return map[string]func(string) error{
		"accounts":               flags(map[string]*bool{"order": &u.AccountsShuffled, "repeat": &u.AccountsRepeated, "of-another": &u.AccountOfAnother}),
		"accounts-end-early":     share(&u.AccountsCut),
		"accounts-without-token": share(&u.TokensWithheld),
		"accounts-rotate":        share(&u.TokensRotated),
		"accounts-suspend":       share(&u.SuspendedLate),
		"accounts-refused":       u.setAccountsRefused,
		"main-key":               flags(map[string]*bool{"tokens": &u.MainKeyTokens}),
	}
}

func (u *Unkind) setAccountsRefused(text string) error {
	denial, known := map[string]Denial{"401": Unauthorized, "403": {http.StatusForbidden, 20403}}[text]
	if !known {
		return errors.New("want 401 (with 20003) or 403 (with 20403)")
	}
	u.AccountsRefused = denial
	return nil
}

// befall decides what becomes of a subaccount.
func (u Unkind) befall(e *Emulator, i int, seed uint64) {
	drawn := func(name string, share float64) bool { return hits(share, mix(seed, hash(name), uint64(i))) }
	e.account.withheld = drawn("accounts-without-token", u.TokensWithheld)
	e.account.rotates = drawn("accounts-rotate", u.TokensRotated)
	e.account.suspends = drawn("accounts-suspend", u.SuspendedLate)
}

// accounts are those that a page is cut out of, and where it begins.
func (m *mischief) accounts(x *Exchange, all []shownAccount, at cursor) (_ []shownAccount, from int) {
	from = int(at.after + 1)
	for _, a := range all {
		if a.AuthToken == "" && !x.main {
			m.happened("accounts-without-token")
		}
	}
	if m.AccountOfAnother && len(all) > 0 {
		other := all[len(all)-1]
		other.SID, other.OwnerSID = newID(mix(m.Seed, 22), mix(m.Seed, 23)).sid("AC"), newID(mix(m.Seed, 24), mix(m.Seed, 25)).sid("AC")
		other.FriendlyName, other.AuthToken = "Account of another parent", inventedToken(m.Seed, 26)
		other.URI = "/" + apiVersion + "/Accounts/" + other.SID + ".json"
		all = append(all, other)
		m.happened("accounts")
	}
	if m.AccountsShuffled {
		all = slices.Clone(all)
		order := rand.New(rand.NewPCG(mix(m.Seed, x.op), uint64(at.page)))
		order.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		m.happened("accounts")
	}
	if m.AccountsRepeated && at.page > 0 && at.size > 1 && from > 0 {
		from--
		m.happened("accounts")
	}
	if n := mix(m.Seed, hash("accounts-end-early"), x.op); hits(m.AccountsCut, n) && len(all) > 1 {
		all = all[:1+n>>8%uint64(len(all)-1)]
		m.happened("accounts-end-early")
	}
	return all, from
}
