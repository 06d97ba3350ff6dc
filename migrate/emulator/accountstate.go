package emulator

import (
	"net/http"
	"sync"
	"time"
)

// AccountStatus is how an account stands.
type AccountStatus string

// What an account can be. Only one that is active is served.
const (
	Active    AccountStatus = "active"
	Suspended AccountStatus = "suspended"
	Closed    AccountStatus = "closed"
)

// AccountType says whether an account was upgraded.
type AccountType string

// Types of accounts.
const (
	Trial AccountType = "Trial"
	Full  AccountType = "Full"
)

// account is what of an account may change while it is used.
type account struct {
	created time.Time

	mu      sync.Mutex
	token   string
	status  AccountStatus
	updated time.Time

	// What an Unkind has come upon the account by the next request to a host other
	// than the one that lists accounts.
	rotates, suspends bool
	withheld          bool // the token is shown to nobody
}

func (a *account) authToken() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.token
}

// AccountSID is the SID of the account.
func (e *Emulator) AccountSID() string { return e.config.AccountSID }

// AuthToken is the auth token that the account has by now.
func (e *Emulator) AuthToken() string { return e.account.authToken() }

// SetStatus changes how the account stands.
func (e *Emulator) SetStatus(s AccountStatus) {
	e.account.mu.Lock()
	defer e.account.mu.Unlock()
	e.account.status, e.account.updated = s, e.now()
}

// RotateToken gives the account another auth token. The one before is refused from
// then on.
func (e *Emulator) RotateToken() {
	e.account.mu.Lock()
	defer e.account.mu.Unlock()
	e.account.rotate(e.config, e.now())
}

// rotate is called with the lock held.
func (a *account) rotate(c Config, now time.Time) {
	a.token, a.updated = inventedToken(c.Seed, hash(c.AccountSID), hash(a.token)), now
}

// inventedToken looks as auth tokens do: 32 hexadecimal digits.
func inventedToken(of ...uint64) string {
	return newID(mix(append(of, 17)...), mix(append(of, 18)...)).sid("")[2:]
}

// admits refuses an account that is not active, or whose parent is not, and a token
// that another has taken the place of a moment ago.
func (e *Emulator) admits(h Host, who credentials) error {
	if err := e.account.come(e, h, who); err != nil {
		return err
	}
	if e.account.standing() == Active && e.head().account.standing() == Active {
		return nil
	}
	denial := e.head().config.Unkind.AccountsRefused
	if denial == (Denial{}) {
		denial = Unauthorized
	}
	return refuse(denial.Status, denial.Code, "Authenticate")
}

func (a *account) standing() AccountStatus {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.status
}

// come is what an Unkind has come upon the account by a request.
func (a *account) come(e *Emulator, h Host, who credentials) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if h != APIHost && a.suspends {
		a.suspends, a.status, a.updated = false, Suspended, e.now()
		e.mischief.happened("accounts-suspend")
	}
	if h != APIHost && a.rotates && who.token {
		a.rotates = false
		a.rotate(e.config, e.now())
		e.mischief.happened("accounts-rotate")
		return refuse(http.StatusUnauthorized, 20003, "Authenticate")
	}
	return nil
}
