package main

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"slices"

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
	// Twins are other names that people use for the same.
	keyTwin    = "API_KEY_SID"
	secretTwin = "API_KEY_SECRET"

	sourcePrefix = "TWILIO_"
	targetPrefix = "CHATBRIDGE_TARGET_"
)

// credentialVariables are all of them.
var credentialVariables = []string{accountVariable, tokenVariable, keyVariable, secretVariable, keyTwin, secretTwin}

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
	if c.targetIsNamed() {
		return c.credentials(targetPrefix, account)
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

// targetIsNamed reports whether the target has credentials of its own.
func (c *console) targetIsNamed() bool {
	return slices.ContainsFunc(credentialVariables, func(name string) bool {
		return name != accountVariable && c.getenv(targetPrefix+name) != ""
	})
}

func (c *console) credentials(prefix, account string) (credentials, error) {
	token := c.getenv(prefix + tokenVariable)
	keyName, key, err := c.either(prefix+keyVariable, prefix+keyTwin)
	if err != nil {
		return credentials{}, err
	}
	secretName, secret, err := c.either(prefix+secretVariable, prefix+secretTwin)
	switch {
	case err != nil:
		return credentials{}, err
	case account == "":
		return credentials{}, refused(errors.New("TWILIO_ACCOUNT_SID is not set"))
	case !accountSID.MatchString(account):
		name := c.accountVariable(prefix)
		return credentials{}, refused(fmt.Errorf("%s is not AC and 32 hexadecimal digits%s", name, prefixed("; ", c.oddities(name))))
	case key != "" && secret == "":
		return credentials{}, refused(fmt.Errorf("%s is set, but %s is not", keyName, secretName))
	case secret != "" && key == "":
		return credentials{}, refused(fmt.Errorf("%s is set, but %s is not", secretName, keyName))
	case key != "" && !keySID.MatchString(key):
		return credentials{}, refused(fmt.Errorf("%s is not SK and 32 hexadecimal digits%s", keyName, prefixed("; ", c.oddities(keyName))))
	case key != "":
		return credentials{account, key, secret, c.refusal(keyName, secretName)}, nil
	case token == "":
		return credentials{}, refused(fmt.Errorf("%s is not set", prefix+tokenVariable))
	}
	return credentials{account, account, token, c.refusal(c.accountVariable(prefix), prefix+tokenVariable)}, nil
}

// either is the value of a variable or of its twin, and which of them has it. Two
// values would leave it to chance which account is opened.
func (c *console) either(name, twin string) (from, value string, err error) {
	value, other := c.getenv(name), c.getenv(twin)
	switch {
	case value != "" && other != "" && value != other:
		return "", "", &migrate.Error{
			Op: "read credentials", Kind: migrate.Credentials,
			Err: fmt.Errorf("%s and %s are set to different values, and mean the same", name, twin), Hint: "unset one of them",
		}
	case value == "" && other != "":
		return twin, other, nil
	}
	return name, value, nil
}

func refused(err error) error {
	return &migrate.Error{Op: "read credentials", Kind: migrate.Credentials, Err: err, Hint: credentialsHint}
}
