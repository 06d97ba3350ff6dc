package main

import (
	"net/http"

	"github.com/spf13/pflag"

	"chatbridge/migrate/accounts"
	"chatbridge/migrate/twilio"
)

// apiURLFlag is the setting that says where accounts are listed.
const apiURLFlag = "api-url"

// apiURLOption is the address of the API host.
type apiURLOption struct{ APIURL string }

// flags declares the setting; it goes inside settings.
func (o *apiURLOption) flags(fs *pflag.FlagSet) {
	fs.StringVar(&o.APIURL, apiURLFlag, "", "`URL` of the Accounts API, which lists subaccounts; plain http is accepted for this machine only (default "+twilio.Place{}.APIURL()+", or that of the region)")
}

// accountsConfig is how to ask for the subaccounts of the source account, at its place.
// If the source is at an address of its own, so must be the list: credentials for one
// place do not go to another.
func (o *connectionOptions) accountsConfig(c *console, http http.RoundTripper) (accounts.Config, error) {
	cred, err := o.sourceCredentials(c)
	if err != nil {
		return accounts.Config{}, err
	}
	if o.ChatURL != "" && o.APIURL == "" {
		return accounts.Config{}, usageError("say where accounts are listed too: --"+apiURLFlag+" URL, or "+variable(apiURLFlag),
			"--chat-url is given without --%s: credentials for that address do not go to %s", apiURLFlag, twilio.Place{}.APIURL())
	}
	place, _ := o.places(c)
	at := cred.config(place, http)
	at.BaseURL = o.APIURL
	return at, nil
}
