package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"

	"chatbridge/mapping/chat"
	"chatbridge/migrate"
	"chatbridge/migrate/archive"
	"chatbridge/migrate/transport"
	"chatbridge/migrate/twilio"
	"chatbridge/migrate/versions"
)

// access says what a command is going to do with the target.
type access int

const (
	noTarget access = iota
	readTarget
	writeTarget
	// promoteSource reads the target, and makes channels of the source private.
	promoteSource
	// promoteAndAdd does that, and writes the target too.
	promoteAndAdd
)

// endpoints are the two ends of a migration, connected.
type endpoints struct {
	source        migrate.Source
	sourceAccount string
	sourceRegion  string         // empty for the default, an address and an archive
	sourceAPI     string         // v1, v2, or both
	services      []chat.Service // of the source
	prover        prover         // of the source, if an API key opens it
	userChannels  bool           // the source shows what users have to do with channels

	reader        migrate.TargetReader // nil without access to the target
	writer        migrate.Target       // nil unless it is to be written
	promoter      migrate.Promoter     // nil unless channels are to be made private
	targetAccount string
	targetRegion  string // as that of the source
	targetKey     bool   // the target is opened by an API key
	unproven      unproven

	counter *transport.Counter
	closers []io.Closer
}

// Close releases what is open.
func (s *endpoints) Close() error {
	var errs []error
	for _, c := range s.closers {
		errs = append(errs, c.Close())
	}
	return errors.Join(errs...)
}

// connector opens the two sides for a command.
type connector struct {
	*connectionOptions
	console *console
	log     *slog.Logger
	notice  func(migrate.Event)
}

// dial checks settings and credentials and asks each side a question, so
// that what cannot work is known before anything is written.
func dial(ctx context.Context, c connector, target access) (*endpoints, error) {
	if err := c.checkArchive(ctx); err != nil {
		return nil, err
	}
	if err := c.checkSurroundings(target); err != nil {
		return nil, err
	}
	if err := c.resolveAPI(ctx); err != nil {
		return nil, err
	}
	probe, err := c.open(c.transport(&transport.Counter{}, c.log, probePatience), target)
	if err != nil {
		return nil, err
	}
	services, err := probe.ask(ctx)
	if err == nil {
		err = probe.prove(ctx)
	}
	if err := errors.Join(err, probe.Close()); err != nil {
		return nil, err
	}
	c.say(probe)
	counter := &transport.Counter{}
	s, err := c.open(c.transport(counter, c.log, transport.Patience{}), target)
	if err != nil {
		return nil, err
	}
	s.counter, s.services, s.unproven = counter, services, probe.unproven
	return s, nil
}

// open makes both sides and sends nothing.
func (c connector) open(http http.RoundTripper, target access) (s *endpoints, err error) {
	s = &endpoints{}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Close())
		}
	}()
	if err := c.openSource(s, http); err != nil {
		return s, err
	}
	if target == noTarget {
		return s, nil
	}
	return s, c.openTarget(s, http, target)
}

func (c connector) openSource(s *endpoints, http http.RoundTripper) error {
	if c.FromArchive != "" {
		a, closer, err := archive.OpenPath(c.FromArchive)
		if err != nil {
			return err
		}
		src := archive.NewSource(a)
		s.sourceAPI, s.userChannels = a.Manifest.SourceAPI, true
		s.source, s.sourceAccount = migrate.WithoutClaimChannels(migrate.Counted(src)), a.Manifest.AccountSID
		s.closers = append(s.closers, src, closer)
		return nil
	}
	cred, err := c.sourceCredentials(c.console)
	if err != nil {
		return err
	}
	place, _ := c.places(c.console)
	s.sourceRegion = elsewhere(place)
	s.sourceAPI = c.api()
	s.userChannels = s.sourceAPI != twilio.APIv1
	src, err := c.reading(http, s.sourceAPI)
	if err != nil {
		return err
	}
	s.source, s.sourceAccount = migrate.WithoutClaimChannels(migrate.Counted(src)), cred.account
	if cred.isKey() {
		s.prover = src
	}
	return nil
}

// provingSource is a Source that knows whether the account was shown.
type provingSource interface {
	migrate.Source
	prover
}

// reading is the source through one version of Chat, or through both.
func (c connector) reading(http http.RoundTripper, api string) (provingSource, error) {
	if api != versions.API {
		return c.reader(http, api)
	}
	older, err := c.reader(http, twilio.APIv1)
	if err != nil {
		return nil, err
	}
	newer, err := c.reader(http, twilio.APIv2)
	if err != nil {
		return nil, err
	}
	return versions.New(older, newer, c.notice), nil
}

func (c connector) reader(http http.RoundTripper, api string) (*twilio.Source, error) {
	cred, err := c.sourceCredentials(c.console)
	if err != nil {
		return nil, err
	}
	place, _ := c.places(c.console)
	at := cred.config(place, http)
	at.BaseURL, at.ConversationsURL, at.MediaURL, at.API, at.Notice = c.ChatURL, c.ConversationsURL, c.MediaURL, api, c.notice
	at.Fetchers = c.inFlight().Most
	return twilio.NewSource(at)
}

func (c connector) openTarget(s *endpoints, http http.RoundTripper, target access) error {
	cred, err := c.targetCredentials(c.console)
	if err != nil {
		return err
	}
	if target == promoteSource || target == promoteAndAdd {
		if err := c.openPromoter(s, http); err != nil {
			return err
		}
	}
	if target != writeTarget && target != promoteAndAdd {
		http = transport.ReadOnly(http)
	}
	_, place := c.places(c.console)
	s.targetRegion = elsewhere(place)
	at := cred.config(place, http)
	at.BaseURL, at.ChatURL, at.MediaURL = c.ConversationsURL, c.ChatURL, c.MediaURL
	t, err := twilio.NewTarget(at)
	if err != nil {
		return err
	}
	s.reader, s.targetAccount, s.targetKey = t, cred.account, cred.isKey()
	if target == writeTarget || target == promoteAndAdd {
		s.writer = t
	}
	return nil
}

func (c connector) openPromoter(s *endpoints, http http.RoundTripper) error {
	cred, err := c.sourceCredentials(c.console)
	if err != nil {
		return err
	}
	place, _ := c.places(c.console)
	at := cred.config(place, http)
	at.BaseURL = c.ChatURL
	p, err := twilio.NewPromoter(at)
	if err != nil {
		return err
	}
	s.promoter = p
	return nil
}

// ask puts questions to each side that only the right service answers: both
// hosts list services, but channels are known to Chat alone, and timers to
// Conversations.
func (s *endpoints) ask(ctx context.Context) ([]chat.Service, error) {
	var services []chat.Service
	for one, err := range s.source.Services(ctx) {
		if err != nil {
			return nil, err
		}
		one.Raw = nil
		services = append(services, one)
	}
	if len(services) > 0 {
		for _, err := range s.source.Channels(ctx, services[0].SID) {
			if err != nil {
				return nil, err
			}
			break
		}
	}
	if s.reader == nil {
		return services, nil
	}
	_, err := s.reader.Timers(ctx)
	return services, err
}
