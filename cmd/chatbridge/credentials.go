package main

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"regexp"
	"slices"

	"chatbridge/migrate"
	"chatbridge/migrate/twilio"
)

// credentials open one account. They have no form that shows the secret.
type credentials struct {
	account  string // SID
	username string // account SID or API key
	password string
	hint     string // what to check if they are refused; it has no value in it
	setting  string // what names the account; empty for a variable
}

// config is what opens one side at a place.
func (c credentials) config(p twilio.Place, http http.RoundTripper) twilio.Config {
	return twilio.Config{
		Place: p, HTTP: http,
		Username: c.username, Password: c.password, AccountSID: c.account, AccountSetting: c.setting, CredentialHint: regional(c.hint, p),
	}
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

const credentialsHint = "export TWILIO_ACCOUNT_SID with TWILIO_AUTH_TOKEN, or with TWILIO_API_KEY and TWILIO_API_SECRET; or name a profile of twilio-cli with --profile; to try chatbridge without an account: chatbridge demo"

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
		return credentials{}, noneForTarget(targetPrefix + accountVariable + " and " + sourcePrefix + accountVariable)
	}
	return c.credentials(sourcePrefix, account)
}

// noneForTarget is the error for two settings of which the first names an account
// that nothing opens.
func noneForTarget(settings string) error {
	return &migrate.Error{
		Op: "read credentials", Kind: migrate.Credentials,
		Err:  fmt.Errorf("%s name different accounts, and no credentials are set for the first", settings),
		Hint: exportTarget() + "; or name a profile of twilio-cli with --target-profile",
	}
}

// exportTarget is how to give the target credentials of its own.
func exportTarget() string {
	return fmt.Sprintf("export %[1]s%[2]s, or %[1]s%[3]s and %[1]s%[4]s", targetPrefix, tokenVariable, keyVariable, secretVariable)
}

// targetIsNamed reports whether the environment has credentials for the target alone.
func (c *console) targetIsNamed() bool {
	if c.of != nil {
		return c.of.target != nil
	}
	return slices.ContainsFunc(credentialVariables, func(name string) bool {
		return name != accountVariable && c.getenv(targetPrefix+name) != ""
	})
}

func (c *console) credentials(prefix, account string) (credentials, error) {
	if c.of != nil {
		return c.of.credentials(prefix), nil
	}
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
		return credentials{account: account, username: key, password: secret, hint: c.refusal(keyName, secretName)}, nil
	case token == "":
		return credentials{}, refused(fmt.Errorf("%s is not set", prefix+tokenVariable))
	}
	return credentials{account: account, username: account, password: token, hint: c.refusal(c.accountVariable(prefix), prefix+tokenVariable)}, nil
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
