package main

import (
	"bytes"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/twilio"
)

func TestRegionSettings(t *testing.T) {
	dublin := twilio.Place{Region: "ie1", Edge: "dublin"}
	ie1 := []string{"TWILIO_REGION=ie1", "TWILIO_EDGE=dublin"}
	for name, c := range map[string]struct {
		env            []string
		args           string
		source, target twilio.Place
		hosts          [2]string
		apart          bool
	}{
		"nothing":                               {nil, "", twilio.Place{}, twilio.Place{}, [2]string{"chat.twilio.com", "conversations.twilio.com"}, false},
		"the variables, for both":               {ie1, "", twilio.Place{Region: "ie1", Edge: "dublin"}, twilio.Place{Region: "ie1", Edge: "dublin"}, [2]string{"chat.dublin.ie1.twilio.com", "conversations.dublin.ie1.twilio.com"}, false},
		"an edge alone":                         {[]string{"TWILIO_EDGE=sydney"}, "", twilio.Place{Edge: "sydney"}, twilio.Place{Edge: "sydney"}, [2]string{"chat.sydney.us1.twilio.com", "conversations.sydney.us1.twilio.com"}, false},
		"a flag over a variable":                {ie1, "--source-region us1 --source-edge ashburn", twilio.Place{Region: "us1", Edge: "ashburn"}, twilio.Place{Region: "ie1", Edge: "dublin"}, [2]string{"chat.ashburn.us1.twilio.com", "conversations.dublin.ie1.twilio.com"}, true},
		"a target alone":                        {nil, "--target-region ie1", twilio.Place{}, twilio.Place{Region: "ie1"}, [2]string{"chat.twilio.com", "conversations.ie1.twilio.com"}, true},
		"us1 by its name":                       {nil, "--target-region us1", twilio.Place{}, twilio.Place{Region: "us1"}, [2]string{"chat.twilio.com", "conversations.us1.twilio.com"}, false},
		"another edge of one region":            {nil, "--source-edge ashburn --target-edge dublin", twilio.Place{Edge: "ashburn"}, twilio.Place{Edge: "dublin"}, [2]string{"chat.ashburn.us1.twilio.com", "conversations.dublin.us1.twilio.com"}, false},
		"variables named after flags":           {[]string{"CHATBRIDGE_SOURCE_EDGE=dublin", "CHATBRIDGE_TARGET_REGION=ie1"}, "", twilio.Place{Edge: "dublin"}, twilio.Place{Region: "ie1"}, [2]string{"chat.dublin.us1.twilio.com", "conversations.ie1.twilio.com"}, true},
		"an address over a variable":            {ie1, "--chat-url https://chat.twilio.com", twilio.Place{}, twilio.Place{Region: "ie1", Edge: "dublin"}, [2]string{"chat.twilio.com", "conversations.dublin.ie1.twilio.com"}, false},
		"both addresses":                        {ie1, "--chat-url https://a.example --conversations-url https://b.example", twilio.Place{}, twilio.Place{}, [2]string{"a.example", "b.example"}, false},
		"an archive for the source":             {ie1, "--from-archive x.zip", twilio.Place{}, twilio.Place{Region: "ie1", Edge: "dublin"}, [2]string{"chat.twilio.com", "conversations.dublin.ie1.twilio.com"}, false},
		"an archive into a region":              {nil, "--from-archive x.zip --target-region ie1", twilio.Place{}, twilio.Place{Region: "ie1"}, [2]string{"chat.twilio.com", "conversations.ie1.twilio.com"}, false},
		"a profile, for both":                   {nil, "--profile plain", twilio.Place{Edge: "ashburn"}, twilio.Place{Edge: "ashburn"}, [2]string{"chat.ashburn.us1.twilio.com", "conversations.ashburn.us1.twilio.com"}, false},
		"a profile of a region, for both":       {nil, "--profile eu", dublin, dublin, [2]string{"chat.dublin.ie1.twilio.com", "conversations.dublin.ie1.twilio.com"}, false},
		"a profile for the target":              {nil, "--target-profile eu", twilio.Place{}, dublin, [2]string{"chat.twilio.com", "conversations.dublin.ie1.twilio.com"}, true},
		"a profile for each":                    {nil, "--profile plain --target-profile eu", twilio.Place{Edge: "ashburn"}, dublin, [2]string{"chat.ashburn.us1.twilio.com", "conversations.dublin.ie1.twilio.com"}, true},
		"a variable beside a target's profile":  {[]string{"TWILIO_REGION=au1"}, "--target-profile eu", twilio.Place{Region: "au1"}, dublin, [2]string{"chat.au1.twilio.com", "conversations.dublin.ie1.twilio.com"}, true},
		"a variable of a profile's own region":  {[]string{"TWILIO_REGION=ie1"}, "--profile eu", dublin, dublin, [2]string{"chat.dublin.ie1.twilio.com", "conversations.dublin.ie1.twilio.com"}, false},
		"an edge of the variables":              {[]string{"TWILIO_EDGE=sydney"}, "--profile plain --target-profile eu", twilio.Place{Edge: "sydney"}, dublin, [2]string{"chat.sydney.us1.twilio.com", "conversations.dublin.ie1.twilio.com"}, true},
		"an edge over that of a profile":        {nil, "--profile eu --target-edge frankfurt", dublin, twilio.Place{Region: "ie1", Edge: "frankfurt"}, [2]string{"chat.dublin.ie1.twilio.com", "conversations.frankfurt.ie1.twilio.com"}, false},
		"a region for a profile that says none": {nil, "--profile plain --source-region jp1", twilio.Place{Region: "jp1", Edge: "ashburn"}, twilio.Place{Edge: "ashburn"}, [2]string{"chat.ashburn.jp1.twilio.com", "conversations.ashburn.us1.twilio.com"}, true},
		"a target of its own beside a profile":  {[]string{"TWILIO_REGION=ie1", "CHATBRIDGE_TARGET_AUTH_TOKEN=t"}, "--profile eu", dublin, twilio.Place{Region: "ie1"}, [2]string{"chat.dublin.ie1.twilio.com", "conversations.ie1.twilio.com"}, false},
		"an archive into a profile":             {nil, "--from-archive x.zip --profile eu", twilio.Place{}, dublin, [2]string{"chat.twilio.com", "conversations.dublin.ie1.twilio.com"}, false},
		"an address over a profile":             {nil, "--profile eu --conversations-url https://b.example", dublin, twilio.Place{}, [2]string{"chat.dublin.ie1.twilio.com", "b.example"}, false},
		"an empty variable is not set":          {[]string{"TWILIO_REGION=", "TWILIO_EDGE= "}, "", twilio.Place{}, twilio.Place{}, [2]string{"chat.twilio.com", "conversations.twilio.com"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			env := append([]string{homeOfProfiles(t)}, c.env...)
			o, err := parseMigrate(t, env, strings.Fields(c.args)...)
			require.NoError(t, err)
			require.NoError(t, o.checkPlaces())
			on := newScreen("", false, env...).console
			require.NoError(t, o.readProfiles(on, slog.New(slog.DiscardHandler)))
			require.NoError(t, o.checkProfileRegions(on))
			source, target := o.places(on)
			require.Equal(t, []twilio.Place{c.source, c.target}, []twilio.Place{source, target})
			from, to := o.hosts(on)
			require.Equal(t, c.hosts, [2]string{from, to})
			require.Equal(t, c.apart, o.apart(on))
			require.Equal(t, c.source.Home(), mediaRegion(t, source))
			require.Equal(t, c.target.Home(), mediaRegion(t, target))
		})
	}
	t.Run("an address and a region of either side are refused together", func(t *testing.T) {
		for _, region := range []string{"--source-region", "--source-edge", "--target-region", "--target-edge"} {
			for _, address := range []string{"--chat-url", "--conversations-url", "--media-url"} {
				o, err := parseMigrate(t, nil, region, "ie1", address, "https://chat.twilio.com")
				require.NoError(t, err)
				_, err = o.check()
				require.Equal(t, exitUsage, statusOf(err))
				require.ErrorContains(t, err, region+" and "+address+" cannot be used together")
			}
		}
	})
}

// mediaRegion is the region in the host of the media service of a place.
func mediaRegion(t *testing.T, p twilio.Place) string {
	t.Helper()
	u, err := url.Parse(p.MediaURL())
	require.NoError(t, err)
	parts := strings.Split(u.Host, ".")
	require.Equal(t, []string{"mcs", "twilio", "com"}, []string{parts[0], parts[2], parts[3]})
	return parts[1]
}

// atlas is Twilio in two regions: it has all their hosts, and knows who came to which.
type atlas struct {
	http.RoundTripper
	server *emulator.Server

	mu   sync.Mutex
	came map[string]map[string]int // requests, by host and by account
}

// anonymous is who sends no credentials.
const anonymous = "anonymous"

func (a *atlas) RoundTrip(req *http.Request) (*http.Response, error) {
	host := req.URL.Host
	who, _, ok := req.BasicAuth()
	if !ok {
		who = anonymous
	}
	a.mu.Lock()
	if a.came[host] == nil {
		a.came[host] = map[string]int{}
	}
	a.came[host][who]++
	a.mu.Unlock()
	product, _, _ := strings.Cut(host, ".")
	to, err := url.Parse(map[string]string{
		"chat": a.server.ChatURL, "conversations": a.server.ConversationsURL, "mcs": a.server.MediaURL, "media": a.server.MediaURL,
	}[product])
	if err != nil {
		return nil, err
	}
	req = req.Clone(req.Context())
	req.Host, req.URL.Scheme, req.URL.Host = host, to.Scheme, to.Host
	resp, err := a.RoundTripper.RoundTrip(req)
	if err != nil || product != "mcs" {
		return resp, err
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	for _, base := range []string{"http://" + host, a.server.MediaURL} {
		raw = bytes.ReplaceAll(raw, []byte(base+"/ME"), []byte("https://"+strings.Replace(host, "mcs.", "media.", 1)+"/ME"))
	}
	resp.Body, resp.ContentLength = io.NopCloser(bytes.NewReader(raw)), int64(len(raw))
	resp.Header.Del("Content-Length")
	return resp, nil
}

// who is who came to each host.
func (a *atlas) who() map[string][]string {
	who := map[string][]string{}
	for host, came := range a.came {
		who[host] = slices.Sorted(maps.Keys(came))
	}
	return who
}

func TestCredentialsOfOneRegionReachNoOther(t *testing.T) {
	t.Parallel()
	const other, secret = "AC00000000000000000000000000000009", "token-of-the-other-region"
	generate, err := emulator.ParseGenerate("channels=3,messages=40,seed=3,files=0.4,file-bytes=2000")
	require.NoError(t, err)
	config := emulator.Config{
		Generate: generate, APIKey: profileKey, APISecret: profileSecret,
		TargetAccountSID: other, TargetAuthToken: secret, TargetAPIKey: otherProfileKey, TargetAPISecret: otherProfileSecret,
	}
	rigged := func(t *testing.T) (rig, *atlas) {
		server := newTestServer(t, config)
		r := newRig(t, server, "", false)
		a := &atlas{RoundTripper: r.base, server: server, came: map[string]map[string]int{}}
		r.base, r.ChatURL, r.ConversationsURL, r.MediaURL, r.SourceAPI = a, "", "", "", "v2"
		r.regionOptions = regionOptions{SourceRegion: "us1", SourceEdge: "ashburn", TargetRegion: "ie1"}
		r.Yes, r.Policies = true, []string{"media=copy"}
		r.APS = 0
		return r, a
	}
	t.Run("in a migration with files", func(t *testing.T) {
		r, a := rigged(t)
		r.console.env = append(r.console.env, targetPrefix+accountVariable+"="+other, targetPrefix+tokenVariable+"="+secret)
		require.NoError(t, runMigrate(t.Context(), r.migrateOptions))
		require.NoError(t, runVerify(t.Context(), &verifyOptions{
			commonOptions: r.commonOptions, connectionOptions: r.connectionOptions, mappingOptions: r.mappingOptions,
			outputOption: r.outputOption, ledgerOption: r.ledgerOption, Settle: r.Settle, Files: true,
			console: r.console, connect: dial, openLedger: readLedger,
		}))
		s, err := dial(t.Context(), connector{&r.connectionOptions, r.console, slog.New(slog.DiscardHandler), nil}, readTarget)
		require.NoError(t, err)
		_, err = s.reader.Limits(t.Context(), "IS00000000000000000000000000000001")
		require.Equal(t, migrate.NotFound, migrate.KindOf(err), "%v", err)
		require.NoError(t, s.Close())
		require.Equal(t, map[string][]string{
			"chat.ashburn.us1.twilio.com":          {emulator.DefaultAccountSID},
			"conversations.ashburn.us1.twilio.com": {emulator.DefaultAccountSID},
			"mcs.us1.twilio.com":                   {emulator.DefaultAccountSID},
			"media.us1.twilio.com":                 {anonymous},
			"chat.ie1.twilio.com":                  {other},
			"conversations.ie1.twilio.com":         {other},
			"mcs.ie1.twilio.com":                   {other},
			"media.ie1.twilio.com":                 {anonymous},
		}, a.who())
		require.Contains(t, r.stderr.String(), " to account "+other+" in region ie1")

		bound, err := openLedger(t.Context(), r.Ledger)
		require.NoError(t, err)
		f, err := bound.Fingerprint(t.Context())
		require.NoError(t, err)
		require.NoError(t, bound.Close())
		require.Equal(t, "ie1", f[targetRegionSetting])
		require.NotContains(t, f, sourceRegionSetting)

		elsewhere, b := rigged(t)
		elsewhere.console.env, elsewhere.Ledger, elsewhere.TargetRegion = r.console.env, r.Ledger, "us1"
		err = runMigrate(t.Context(), elsewhere.migrateOptions)
		require.Equal(t, exitLedger, statusOf(err), "%v", err)
		require.ErrorContains(t, err, `target region is "ie1" there and not set here`)
		require.NotContains(t, b.came, "conversations.ie1.twilio.com")
	})
	t.Run("by profiles, of which each names its region", func(t *testing.T) {
		r, a := rigged(t)
		r.console.env, r.regionOptions = []string{homeOfProfiles(t)}, regionOptions{}
		r.profileOptions = profileOptions{Profile: "plain", TargetProfile: "eu"}
		require.NoError(t, runMigrate(t.Context(), r.migrateOptions), "%s", r.stderr)
		require.Equal(t, map[string][]string{
			"chat.ashburn.us1.twilio.com":          {profileKey},
			"conversations.ashburn.us1.twilio.com": {profileKey},
			"mcs.us1.twilio.com":                   {profileKey},
			"media.us1.twilio.com":                 {anonymous},
			"conversations.dublin.ie1.twilio.com":  {otherProfileKey},
			"mcs.ie1.twilio.com":                   {otherProfileKey},
		}, a.who())
	})
	t.Run("not even where only one set is given", func(t *testing.T) {
		r, a := rigged(t)
		err := runMigrate(t.Context(), r.migrateOptions)
		require.Equal(t, exitCredentials, statusOf(err))
		require.Contains(t, migrate.HintOf(err), "CHATBRIDGE_TARGET_AUTH_TOKEN")
		require.Empty(t, a.came)
	})
}
