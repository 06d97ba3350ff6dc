package main

import (
	"crypto/x509"
	"log/slog"
	"net/http"
	"time"

	"github.com/spf13/pflag"

	"chatbridge/migrate"
	"chatbridge/migrate/pace"
	"chatbridge/migrate/transport"
	"chatbridge/migrate/twilio"
)

// connectionOptions say where the two sides are and how hard to work them.
type connectionOptions struct {
	regionOptions
	profileOptions
	apiOption
	apiURLOption
	// Addresses win over regions; one that is empty is that of the region.
	ChatURL          string
	ConversationsURL string
	MediaURL         string
	CACert           string
	FromArchive      string
	TrustArchive     bool
	widthOptions
	APS     float64
	Timeout time.Duration

	// roots are trusted to vouch for hosts; nil takes the system's.
	roots *x509.CertPool
	// base makes the connections; nil takes the default of package transport.
	base http.RoundTripper
	// settle is the settle time of a command that writes, which our own machine
	// must keep too: what it holds back of a request must not land later.
	settle time.Duration
	// observe is told of each attempt of a request; may be nil.
	observe transport.Observer
	// wire tells how long requests take; nil until there is a transport.
	wire *pace.Meter
}

const defaultTimeout = 30 * time.Second

func (o *connectionOptions) flags(fs *pflag.FlagSet) {
	settings(fs, func(fs *pflag.FlagSet) {
		o.profileOptions.flags(fs)
		o.regionOptions.flags(fs)
		fs.StringVar(&o.ChatURL, "chat-url", "", "`URL` of Chat v1, for both sides; plain http is accepted for this machine only (default "+twilio.ChatURL+", or that of the region)")
		fs.StringVar(&o.ConversationsURL, "conversations-url", "", "`URL` of Conversations, for both sides; plain http is accepted for this machine only (default "+twilio.ConversationsURL+", or that of the region)")
		fs.StringVar(&o.MediaURL, "media-url", "", "`URL` of the media service, which keeps the files of messages; plain http is accepted for this machine only (default "+twilio.MediaURL+", or that of the region)")
		fs.StringVar(&o.CACert, caCertFlag, "", caCertUsage)
		fs.StringVar(&o.FromArchive, "from-archive", "", "read the workspace from this folder or zip `path` instead of Chat v1")
		fs.StringVar(&o.SourceAPI, "source-api", twilio.APIv1, "`version` of Chat to read through: v1; v2, which also shows media, member attributes and notification levels; v1+v2, which compares both; or auto: v1+v2 if the account answers v2, else v1")
		fs.BoolVar(&o.TrustArchive, "trust-archive", false, "use the archive without checking the digests of its files first")
		fs.Var(&o.Concurrency, "concurrency", "channels worked on at once: a `number`, or auto, which has at most 50 requests in flight and leaves half of what the account admits to others")
		fs.BoolVar(&o.FullSpeed, "full-speed", false, "take all that the account admits: only if nothing else uses it meanwhile")
		fs.Float64Var(&o.APS, "aps", migrate.DefaultAPS, "writes per second for each conversation and for each service; 0 sets no limit")
		fs.DurationVar(&o.Timeout, "timeout", defaultTimeout, "time limit for one attempt of a request")
	})
}

func (o *connectionOptions) check() error {
	switch {
	case !(o.APS >= 0 && o.APS <= 10000):
		return usageError("Twilio documents 30; 0 sets no limit", "--aps %v is not between 0 and 10000", o.APS)
	case o.Timeout <= 0:
		return usageError("write a duration with its unit, such as 30s", "--timeout %s is not above 0", o.Timeout)
	}
	if err := o.widthOptions.check(); err != nil {
		return err
	}
	if err := o.checkAPI(o.FromArchive != ""); err != nil {
		return err
	}
	if err := o.checkPlaces(); err != nil {
		return err
	}
	return o.trust()
}

// probePatience is short: what does not answer the first question is more
// likely to be a wrong setting than a service that is down for a moment.
var probePatience = transport.Patience{Attempts: 3, Elapsed: 10 * time.Second, FirstWait: 250 * time.Millisecond, MaxWait: 2 * time.Second}

func (o *connectionOptions) transport(counter *transport.Counter, log *slog.Logger, p transport.Patience) http.RoundTripper {
	if o.wire == nil {
		o.wire = &pace.Meter{}
	}
	return transport.New(transport.Options{
		Base:           o.base,
		RootCAs:        o.roots,
		Settle:         o.settle,
		InFlight:       o.inFlight(),
		APS:            o.APS,
		AttemptTimeout: o.Timeout,
		Patience:       p,
		Counter:        counter,
		Observer:       o.observer(),
		Logger:         log,
	})
}
