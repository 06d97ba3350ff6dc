package main

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"regexp"

	"chatbridge/migrate"
)

// credentials open one account. They have no form that shows the secret.
type credentials struct {
	account  string // SID
	username string // account SID or API key
	password string
	hint     string // what to check if they are refused; it has no value in it
}

// isKey reports whether they are an API key, which opens the account that it
// belongs to.
func (c credentials) isKey() bool { return c.username != c.account }

// String is of fmt.Stringer.
func (c credentials) String() string { return "credentials of " + c.account }

// GoString is of fmt.GoStringer.
func (c credentials) GoString() string { return c.String() }

// LogValue is of slog.LogValuer.
func (c credentials) LogValue() slog.Value { return slog.StringValue(c.String()) }

// Variables that hold credentials. Those of the target stand in for Twilio's
// own names where the target is another account.
const (
	accountVariable = "ACCOUNT_SID"
	tokenVariable   = "AUTH_TOKEN"
	keyVariable     = "API_KEY"
	secretVariable  = "API_SECRET"

	sourcePrefix = "TWILIO_"
	targetPrefix = "CHATBRIDGE_TARGET_"
)

const credentialsHint = "export TWILIO_ACCOUNT_SID with TWILIO_AUTH_TOKEN, or with TWILIO_API_KEY and TWILIO_API_SECRET; to try chatbridge without an account: chatbridge demo"

var (
	accountSID = regexp.MustCompile(`^AC[0-9a-fA-F]{32}$`)
	keySID     = regexp.MustCompile(`^SK[0-9a-fA-F]{32}$`)
)

// sourceCredentials are those of the account that holds the Chat services.
func (c *console) sourceCredentials() (credentials, error) {
	return c.credentials(sourcePrefix, c.getenv(sourcePrefix+accountVariable))
}

// targetCredentials are those of the account to write into: the source's, where
// no other is named.
func (c *console) targetCredentials() (credentials, error) {
	source, target := c.getenv(sourcePrefix+accountVariable), c.getenv(targetPrefix+accountVariable)
	account := cmp.Or(target, source)
	for _, name := range []string{accountVariable, tokenVariable, keyVariable, secretVariable} {
		if name != accountVariable && c.getenv(targetPrefix+name) != "" {
			return c.credentials(targetPrefix, account)
		}
	}
	if target != "" && source != "" && target != source {
		return credentials{}, &migrate.Error{
			Op: "read credentials", Kind: migrate.Credentials,
			Err:  fmt.Errorf("%s and %s name different accounts, and no credentials are set for the first", targetPrefix+accountVariable, sourcePrefix+accountVariable),
			Hint: fmt.Sprintf("export %[1]s%[2]s, or %[1]s%[3]s and %[1]s%[4]s", targetPrefix, tokenVariable, keyVariable, secretVariable),
		}
	}
	return c.credentials(sourcePrefix, account)
}

func (c *console) credentials(prefix, account string) (credentials, error) {
	token, key, secret := c.getenv(prefix+tokenVariable), c.getenv(prefix+keyVariable), c.getenv(prefix+secretVariable)
	switch {
	case account == "":
		return credentials{}, refused(errors.New("TWILIO_ACCOUNT_SID is not set"))
	case !accountSID.MatchString(account):
		name := c.accountVariable(prefix)
		return credentials{}, refused(fmt.Errorf("%s is not AC and 32 hexadecimal digits%s", name, prefixed("; ", c.oddities(name))))
	case key != "" && secret == "":
		return credentials{}, refused(fmt.Errorf("%s is set, but %s is not", prefix+keyVariable, prefix+secretVariable))
	case secret != "" && key == "":
		return credentials{}, refused(fmt.Errorf("%s is set, but %s is not", prefix+secretVariable, prefix+keyVariable))
	case key != "" && !keySID.MatchString(key):
		return credentials{}, refused(fmt.Errorf("%s is not SK and 32 hexadecimal digits%s", prefix+keyVariable, prefixed("; ", c.oddities(prefix+keyVariable))))
	case key != "":
		return credentials{account, key, secret, c.refusal(prefix+keyVariable, prefix+secretVariable)}, nil
	case token == "":
		return credentials{}, refused(fmt.Errorf("%s is not set", prefix+tokenVariable))
	}
	return credentials{account, account, token, c.refusal(c.accountVariable(prefix), prefix+tokenVariable)}, nil
}

func refused(err error) error {
	return &migrate.Error{Op: "read credentials", Kind: migrate.Credentials, Err: err, Hint: credentialsHint}
}
