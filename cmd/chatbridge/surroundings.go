package main

import (
	"net/url"
	"strings"
)

// proxyVariables name proxies as package net/http reads them. One that cannot be
// read is as good as none to it: requests would go past the proxy.
var proxyVariables = []string{"HTTPS_PROXY", "https_proxy"}

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
