package main

import (
	"cmp"
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
	sourceAPI     string         // v1 or v2
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
	if err := c.checkProxy(); err != nil && (c.FromArchive == "" || target != noTarget) {
		return nil, err
	}
	if err := c.checkRegions(target); err != nil {
		return nil, err
	}
	c.sayUnused(target)
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
	cred, err := c.console.sourceCredentials()
	if err != nil {
		return err
	}
	place, _ := c.places(c.console)
	s.sourceRegion = elsewhere(place)
	s.sourceAPI = cmp.Or(c.SourceAPI, twilio.APIv1)
	s.userChannels = s.sourceAPI == twilio.APIv2
	src, err := twilio.NewSource(twilio.Config{
		Place: place, BaseURL: c.ChatURL, ConversationsURL: c.ConversationsURL, MediaURL: c.MediaURL, API: c.SourceAPI,
		Username: cred.username, Password: cred.password, AccountSID: cred.account, CredentialHint: regional(cred.hint, place),
		HTTP: http, Notice: c.notice,
	})
	if err != nil {
		return err
	}
	s.source, s.sourceAccount = migrate.WithoutClaimChannels(migrate.Counted(src)), cred.account
	if cred.isKey() {
		s.prover = src
	}
	return nil
}

func (c connector) openTarget(s *endpoints, http http.RoundTripper, target access) error {
	cred, err := c.console.targetCredentials()
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
	t, err := twilio.NewTarget(twilio.Config{
		Place: place, BaseURL: c.ConversationsURL, ChatURL: c.ChatURL, MediaURL: c.MediaURL,
		Username: cred.username, Password: cred.password, AccountSID: cred.account, CredentialHint: regional(cred.hint, place), HTTP: http,
	})
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
	cred, err := c.console.sourceCredentials()
	if err != nil {
		return err
	}
	place, _ := c.places(c.console)
	p, err := twilio.NewPromoter(twilio.Config{
		Place: place, BaseURL: c.ChatURL, HTTP: http,
		Username: cred.username, Password: cred.password, AccountSID: cred.account, CredentialHint: regional(cred.hint, place),
	})
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
