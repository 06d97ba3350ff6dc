package twilio

import (
	"cmp"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"

	"chatbridge/mapping/chat"
	"chatbridge/migrate"
	"chatbridge/migrate/transport"
)

// Where Twilio is.
const (
	ChatURL          = "https://chat.twilio.com"
	ConversationsURL = "https://conversations.twilio.com"
	MediaURL         = "https://mcs.us1.twilio.com"
)

// DefaultFetchers is how many messages are fetched at once whose attributes the
// list did not show: more than an account is asked at once, unless it is idle.
const DefaultFetchers = 64

// Config says how to reach one side.
type Config struct {
	// Place is where the addresses below are by default: "ChatURL" and so on below
	// mean those of that place.
	Place Place

	// BaseURL is scheme and host, without a path. Plain http is taken for
	// loopback only, since every request carries the credentials.
	//
	// Defaults to ChatURL for a Source, to ConversationsURL for a Target, and to that of
	// the API host of the Place for Accounts.
	BaseURL string

	// API is the version of Chat that a Source reads: APIv1, or APIv2, whose
	// lists show attributes and which shows media, member attributes and
	// notification levels.
	//
	// Defaults to APIv1.
	API string

	// ChatURL is scheme and host of Chat, by which a Target reads and sets
	// limits: Conversations itself has no way to.
	//
	// Defaults to ChatURL where BaseURL is ConversationsURL. Where BaseURL is not
	// and this is left to be ChatURL, limits cannot be read or set: credentials
	// that are for one place must not go to another.
	ChatURL string

	// ConversationsURL is scheme and host of Conversations, by which a Source reads
	// which files a message has: Chat shows one at the most.
	//
	// Defaults to ConversationsURL where BaseURL is ChatURL, and else to nothing.
	ConversationsURL string

	// MediaURL is scheme and host of the media service, by which a Source reads
	// files and a Target uploads them.
	//
	// Defaults to MediaURL where BaseURL is Twilio's own. Where BaseURL is not and
	// this is left to be MediaURL, files can be neither read nor uploaded:
	// credentials that are for one place must not go to another.
	MediaURL string

	// EventsURL is scheme and host of Event Streams, where an Experimenter reads
	// who hears of what happens in the account.
	//
	// Defaults to that of the Place where BaseURL is Twilio's own, and else to
	// nothing, as ChatURL.
	EventsURL string

	// Username and Password are an Account SID with its auth token, or an API
	// key with its secret.
	Username string
	Password string

	// AccountSID is the account of an API key. Defaults to Username.
	AccountSID string

	// AccountSetting is what holds AccountSID, in the words of whoever took it from
	// there.
	//
	// Defaults to the variable that the command reads.
	AccountSetting string

	// CredentialHint says what to check if the credentials are refused, in the words
	// of whoever took them from somewhere.
	//
	// Defaults to the variables that the command reads.
	CredentialHint string

	// HTTP carries the requests. It must not follow redirects.
	//
	// Defaults to transport.New(transport.Options{}).
	HTTP http.RoundTripper

	// Fetchers is how many messages a Source fetches at once, of all channels.
	//
	// Defaults to DefaultFetchers.
	Fetchers int

	// Notice is told what a Source leaves out because it went away while it was
	// read. May be nil.
	Notice func(migrate.Event)
}

func (c Config) withDefaults(baseURL string) Config {
	c.BaseURL = cmp.Or(c.BaseURL, baseURL)
	// What is left to its default is not asked if the base is elsewhere: the
	// credentials are not for that place.
	beside := func(url, byDefault string) string {
		if url = cmp.Or(url, byDefault); url == byDefault && c.BaseURL != baseURL {
			return ""
		}
		return url
	}
	c.MediaURL = beside(c.MediaURL, c.Place.MediaURL())
	c.ConversationsURL = beside(c.ConversationsURL, c.Place.ConversationsURL())
	c.ChatURL = beside(c.ChatURL, c.Place.ChatURL())
	c.EventsURL = beside(c.EventsURL, c.Place.EventsURL())
	c.API = cmp.Or(c.API, APIv1)
	if c.AccountSID == "" {
		c.AccountSID = c.Username
	}
	if c.HTTP == nil {
		c.HTTP = transport.New(transport.Options{})
	}
	if c.Fetchers <= 0 {
		c.Fetchers = DefaultFetchers
	}
	if c.Notice == nil {
		c.Notice = func(migrate.Event) {}
	}
	return c
}

// parseBase reads a base URL. Its errors repeat of it what cannot be a password.
func parseBase(raw string) (*url.URL, error) {
	u, err := url.Parse(raw)
	switch {
	case err != nil:
		return nil, unusable(fmt.Errorf("base URL %q cannot be read", displayed(raw)), "")
	case u.User != nil:
		return nil, unusable(fmt.Errorf("base URL %q holds credentials", displayed(raw)),
			"give credentials in the environment: TWILIO_ACCOUNT_SID with TWILIO_AUTH_TOKEN, or TWILIO_API_KEY with TWILIO_API_SECRET")
	case u.Host == "" || (u.Scheme != "https" && u.Scheme != "http"):
		return nil, unusable(fmt.Errorf("base URL %q needs a scheme and a host", displayed(raw)), "")
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "" || strings.Trim(u.Path, "/") != "":
		return nil, unusable(fmt.Errorf("base URL %q must be scheme and host only", displayed(raw)), "")
	case u.Scheme == "http" && !loopback(u.Hostname()):
		return nil, unusable(fmt.Errorf("plain http to %s would expose the credentials to the network", u.Hostname()),
			"use https; plain http is accepted for 127.0.0.1, ::1 and localhost only")
	}
	return &url.URL{Scheme: u.Scheme, Host: u.Host}, nil
}

// displayed is a URL that nobody could read, without what may be a secret: everything
// up to the last @, what comes after a ? or a #, what stands where a port is and is no
// number, and what has no dot in it where a host is.
func displayed(raw string) string {
	if at := strings.LastIndexByte(raw, '@'); at >= 0 {
		raw = "…" + raw[at:]
	}
	if at := strings.IndexAny(raw, "?#"); at >= 0 {
		raw = raw[:at+1] + "…"
	}
	if strings.HasPrefix(raw, "…@") {
		return chat.Shorten(raw)
	}
	scheme, rest, found := strings.Cut(raw, "://")
	if !found {
		scheme, rest = "", raw
	}
	host, port, colon := strings.Cut(rest, ":")
	if colon && strings.Trim(strings.SplitN(port, "/", 2)[0], "0123456789") != "" {
		rest = host + ":…"
	}
	if !strings.Contains(host, ".") && !loopback(host) && len(host) > 4 {
		rest = host[:4] + "…"
	}
	if found {
		rest = scheme + "://" + rest
	}
	return chat.Shorten(rest)
}

func loopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

func unusable(err error, hint string) error {
	if hint == "" {
		hint = "give a URL like " + ChatURL + " or " + ConversationsURL
	}
	return &migrate.Error{Op: "configure connection", Kind: migrate.Usage, Hint: hint, Err: err}
}
