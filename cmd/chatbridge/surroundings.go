package main

import (
	"net/url"
	"slices"
	"strings"

	"chatbridge/migrate/twilio"
)

// proxyVariables name proxies as package net/http reads them. One that cannot be
// read is as good as none to it: requests would go past the proxy.
var proxyVariables = []string{"HTTPS_PROXY", "https_proxy"}

// regionVariables choose another host for Twilio's own libraries, and nothing here.
var regionVariables = []string{"TWILIO_REGION", "TWILIO_EDGE"}

// checkProxy refuses a proxy that nobody could use. Its address may hold a password,
// and is not shown.
func (c connector) checkProxy() error {
	for _, name := range proxyVariables {
		value := c.console.getenv(name)
		if value == "" || readableProxy(value) {
			continue
		}
		return usageError("write it as http://host:port, or unset it to use no proxy", "%s is not the address of a proxy", name)
	}
	return nil
}

// readableProxy follows package net/http, which takes an address without a scheme.
func readableProxy(value string) bool {
	if !strings.Contains(value, "://") {
		value = "http://" + value
	}
	u, err := url.Parse(value)
	return err == nil && u.Scheme != "" && u.Hostname() != ""
}

// elsewhere are the variables that ask for another region or edge, unless the
// settings name every host that is used anyway.
func (c connector) elsewhere(target access) (set []string) {
	ours := c.FromArchive == "" && c.ChatURL == twilio.ChatURL || target != noTarget && c.ConversationsURL == twilio.ConversationsURL
	if !ours {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(regionVariables), func(name string) bool {
		return strings.TrimSpace(c.console.getenv(name)) == ""
	})
}

// sayElsewhere warns of a region or an edge that is not gone to.
func (c connector) sayElsewhere(target access) {
	if set := c.elsewhere(target); len(set) > 0 {
		c.log.Warn("a region or an edge is set, but chatbridge ignores it and uses Twilio's default hosts; for others give --chat-url and --conversations-url",
			"variables", strings.Join(set, " "), "chat", c.ChatURL, "conversations", c.ConversationsURL)
	}
}
