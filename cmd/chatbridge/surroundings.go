package main

import (
	"cmp"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// proxyVariables name the proxy as package net/http reads them: the first that is not
// empty. One that cannot be read is as good as none to it: requests would go past the
// proxy.
var proxyVariables = []string{"HTTPS_PROXY", "https_proxy"}

// otherProxies are variables that other programs go by. Twilio is asked by https, which
// HTTP_PROXY is not for, and package net/http knows no ALL_PROXY.
var otherProxies = []string{"ALL_PROXY", "all_proxy", "HTTP_PROXY", "http_proxy"}

// proxySchemes are those by which package net/http can speak to a proxy. It takes any
// other for http.
var proxySchemes = []string{"http", "https", "socks5", "socks5h"}

// checkSurroundings refuses what the environment and the profiles say if it makes no
// sense, and warns of what goes unused. It sends nothing.
func (c connector) checkSurroundings(target access) error {
	if c.FromArchive == "" || target != noTarget {
		if err := c.checkProxy(); err != nil {
			return err
		}
		c.sayUnusedProxy()
	}
	if err := c.readProfiles(c.console, c.log); err != nil {
		return err
	}
	if err := c.checkProfileRegions(c.console); err != nil {
		return err
	}
	if err := c.checkRegions(target); err != nil {
		return err
	}
	c.sayUnused(target)
	return nil
}

// credentialed refuses a side that nothing opens. It sends nothing.
func (c connector) credentialed() error {
	if err := c.checkSurroundings(writeTarget); err != nil {
		return err
	}
	if c.FromArchive == "" {
		if _, err := c.sourceCredentials(c.console); err != nil {
			return err
		}
	}
	_, err := c.targetCredentials(c.console)
	return err
}

// checkProxy refuses a proxy that nobody could use. Its address may hold a password,
// and is not shown.
func (c connector) checkProxy() error {
	for _, name := range proxyVariables {
		value := c.console.getenv(name)
		if value == "" {
			continue
		}
		u, ok := proxyAddress(value)
		switch {
		case !ok:
			return usageError("write it as http://host:port, with %23, %2F, %3A, %3F and %40 for # / : ? and @ in a password; or unset it to use no proxy", "%s is not the address of a proxy", name)
		case !slices.Contains(proxySchemes, u.Scheme):
			return usageError("write it as http://host:port, https://host:port or socks5://host:port; or unset it to use no proxy", "%s is not the address of an http, https or socks5 proxy", name)
		}
	}
	return nil
}

// proxyAddress follows package net/http, which takes an address without a scheme. It
// refuses what a proxy has no use for: there a password went that holds a # or a /, and
// what is taken for the host is a part of it.
func proxyAddress(value string) (*url.URL, bool) {
	if !strings.Contains(value, "://") {
		value = "http://" + value
	}
	u, err := url.Parse(value)
	if err != nil || u.Scheme == "" || u.Hostname() == "" || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.ForceQuery || strings.Contains(value, "#") {
		return nil, false
	}
	if port := u.Port(); port != "" {
		if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
			return nil, false
		}
	}
	return u, true
}

// sayUnusedProxy warns of a proxy that requests do not go through although somebody
// may think so, and of hosts that are not kept from it.
func (c connector) sayUnusedProxy() {
	if !slices.ContainsFunc(proxyVariables, func(name string) bool { return c.console.getenv(name) != "" }) {
		for _, name := range otherProxies {
			if c.console.getenv(name) != "" && c.asksTwilio() {
				c.log.Warn(name + " is set, but requests do not go through that proxy; for one set HTTPS_PROXY")
				return
			}
		}
		return
	}
	for _, name := range []string{"NO_PROXY", "no_proxy"} {
		value := c.console.getenv(name)
		if value == "" {
			continue
		}
		if slices.ContainsFunc(strings.Split(value, ","), matchesNothing) {
			c.log.Warn(name + " has an entry that no host matches; write hosts as example.com, with commas between them")
		}
		return // the second counts only without the first
	}
}

// matchesNothing reports whether an entry of NO_PROXY is one that package net/http
// compares with every host in vain.
func matchesNothing(entry string) bool {
	entry = strings.TrimSpace(entry)
	_, _, err := net.ParseCIDR(entry)
	return err != nil && strings.ContainsAny(entry, "/; \t")
}

// asksTwilio reports whether a side is asked by https, and so by way of a proxy if one
// is set.
func (c connector) asksTwilio() bool {
	from, to := c.places(c.console)
	return c.FromArchive == "" && !strings.HasPrefix(cmp.Or(c.ChatURL, from.ChatURL()), "http://") ||
		!strings.HasPrefix(cmp.Or(c.ConversationsURL, to.ConversationsURL()), "http://")
}
