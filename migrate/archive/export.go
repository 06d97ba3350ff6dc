package archive

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"sync"

	"chatbridge/mapping"
	"chatbridge/mapping/chat"
	"chatbridge/migrate"
)

// Exporter writes a workspace that a Source reads into an archive, every
// resource as a single fetch returns it. It holds a page of messages for each
// channel that it works on, and three numbers for each channel of a service.
//
// The source may change meanwhile. The channels of a service are those that
// there were when they were listed; a file holds what there was when it was
// read. What is gone by the time its turn comes is left out and named.
//
// Files that messages name are read unless the manifest of the Writer says
// MediaLeftOut, each once, as many at once as mediaAtOnce, and never held whole.
type Exporter struct {
	Source   migrate.Source
	Observer migrate.Observer // may be nil

	// Services selects services by SID. Empty selects all.
	Services []string

	// Concurrency is how many channels are read beside each other.
	//
	// Defaults to migrate.DefaultConcurrency.
	Concurrency int
}

// Exported is what an export met. What is in the archive, the Writer knows.
type Exported struct {
	Kept     int64      `json:"kept"`     // files that an earlier run had completed
	Vanished []Resource `json:"vanished"` // listed, and gone when it was to be read
	Appeared []Resource `json:"appeared"` // channels made after the others were listed, and not in the archive
	Withheld []Resource `json:"withheld"` // what the key may not read, and whose it is; the account's if there is no SID

	MediaMissing []MissingMedia `json:"media_missing"` // files that messages name, and that could not be read
}

// Resource names one resource of the source.
type Resource struct {
	Kind string `json:"kind"`
	SID  string `json:"sid"`
}

// Run exports what the settings select into w, which it neither closes nor
// abandons. It asks for nothing that w has kept. An error ends it; what is
// complete by then is noted in w.
func (e *Exporter) Run(ctx context.Context, w *Writer) (Exported, error) {
	own := *e
	own.Observer = migrate.Observed(e.Observer)
	x := &export{Exporter: &own, writer: w, totals: map[string]int64{}, at: max(1, e.Concurrency), mediaSlots: make(chan struct{}, mediaAtOnce)}
	if e.Concurrency <= 0 {
		x.at = migrate.DefaultConcurrency
	}
	// An archive has no place for findings: whoever reads it finds the same.
	ctx = migrate.Noting(ctx, e.Observer, func([]mapping.Finding) {})
	selected, err := x.services(ctx)
	if err != nil {
		return x.result, err
	}
	if err := x.credentials(ctx); err != nil {
		return x.result, err
	}
	x.expect(migrate.KindServices, int64(len(selected)))
	for _, s := range selected {
		if err := x.service(ctx, s); err != nil {
			return x.result, err
		}
		x.done(migrate.KindServices, 1)
	}
	x.result.MediaMissing = x.writer.looked()
	return x.result, nil
}

// export is the state of one Exporter.Run.
type export struct {
	*Exporter
	writer *Writer
	at     int // channels at once

	mediaSlots chan struct{}

	mu     sync.Mutex
	totals map[string]int64
	named  map[string]string // files of the service, and the channel that names them; empty if several do
	result Exported
}

func (x *export) services(ctx context.Context) ([]chat.Service, error) {
	var all []chat.Service
	for s, err := range x.Source.Services(ctx) {
		if err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	selected, missing := migrate.Select(all, x.Services, func(s chat.Service) string { return s.SID })
	if missing != "" {
		return nil, migrate.NoSuchService(missing)
	}
	return selected, nil
}

func (x *export) credentials(ctx context.Context) error {
	return x.readable(migrate.KindCredentials, CredentialsPath, "", x.file(ctx, migrate.KindCredentials, CredentialsPath,
		raws(x.Source.Credentials(ctx), func(r chat.Credential) json.RawMessage { return r.Raw })))
}

func (x *export) service(ctx context.Context, s chat.Service) error {
	if _, kept := x.writer.Kept(ServicePath(s.SID)); !kept {
		if err := x.writer.WriteService(s.SID, s.Raw); err != nil {
			return err
		}
	} else {
		x.keep()
	}
	if err := x.file(ctx, migrate.KindRoles, RolesPath(s.SID),
		raws(x.Source.Roles(ctx, s.SID), func(r chat.Role) json.RawMessage { return r.Raw })); err != nil {
		return err
	}
	users := fetched[chat.User]{
		listed: x.Source.Users(ctx, s.SID),
		whole:  func(chat.User) bool { return false }, // no list shows presence
		fetch:  func(u chat.User) (chat.User, error) { return x.Source.User(ctx, s.SID, u.SID) },
		gone:   func(u chat.User) { x.vanished(migrate.KindUsers, u.SID) },
	}
	if err := x.file(ctx, migrate.KindUsers, UsersPath(s.SID),
		raws(users.all(x.at), func(r chat.User) json.RawMessage { return r.Raw })); err != nil {
		return err
	}
	if err := x.userChannels(ctx, s.SID); err != nil {
		return err
	}
	if err := x.readable(migrate.KindBindings, BindingsPath(s.SID), s.SID, x.fileOfSome(ctx, migrate.KindBindings, BindingsPath(s.SID),
		raws(x.Source.Bindings(ctx, s.SID), func(r chat.Binding) json.RawMessage { return r.Raw }))); err != nil {
		return err
	}
	channels := fetched[chat.Channel]{
		listed: x.Source.Channels(ctx, s.SID),
		whole:  func(c chat.Channel) bool { return c.Attributes != nil },
		fetch:  func(c chat.Channel) (chat.Channel, error) { return x.Source.Channel(ctx, s.SID, c.SID) },
		gone:   func(c chat.Channel) { x.vanished(migrate.KindChannels, c.SID) },
	}
	if err := x.file(ctx, migrate.KindChannels, ChannelsPath(s.SID),
		raws(channels.all(x.at), func(r chat.Channel) json.RawMessage { return r.Raw })); err != nil {
		return err
	}
	return x.channels(ctx, s.SID)
}

// file writes a .jsonl file, unless it is complete.
func (x *export) file(ctx context.Context, kind, name string, records iter.Seq2[json.RawMessage, error]) error {
	if f, ok := x.writer.Kept(name); ok {
		x.keep()
		x.done(kind, f.Lines)
		return nil
	}
	l, err := x.writer.Lines(name)
	if err != nil {
		return err
	}
	if err := x.lines(ctx, kind, l, records); err != nil {
		return errors.Join(err, l.Abort())
	}
	return l.Close()
}

// fileOfSome is file, but for records that most workspaces do not have: where there is
// none, there is no file.
func (x *export) fileOfSome(ctx context.Context, kind, name string, records iter.Seq2[json.RawMessage, error]) error {
	if _, kept := x.writer.Kept(name); !kept {
		next, stop := iter.Pull2(records)
		defer stop()
		first, err, any := next()
		if err != nil || !any {
			return err
		}
		records = func(yield func(json.RawMessage, error) bool) {
			for raw, err, more := first, error(nil), true; more; raw, err, more = next() {
				if !yield(raw, err) {
					return
				}
			}
		}
	}
	return x.file(ctx, kind, name, records)
}

func (x *export) lines(ctx context.Context, kind string, l *LineWriter, records iter.Seq2[json.RawMessage, error]) error {
	for raw, err := range records {
		if err == nil {
			err = l.Write(raw)
		}
		if err == nil {
			err = context.Cause(ctx)
		}
		if err != nil {
			return err
		}
		x.done(kind, 1)
	}
	return nil
}

// readable takes the error of a file away if it is that the key may not read what
// belongs there. The archive then has no such file, and says that it was withheld:
// that nothing is there is not known.
func (x *export) readable(kind, name, sid string, err error) error {
	if !migrate.Withheld(err) {
		return err
	}
	x.writer.Withhold(name)
	x.mu.Lock()
	x.result.Withheld = append(x.result.Withheld, Resource{kind, sid})
	x.mu.Unlock()
	x.Observer.Event(migrate.Event{Level: migrate.Warning, Message: "the key may not read it, so it is not in the archive", Fields: []any{"kind", kind, "sid", sid}})
	return nil
}

func (x *export) keep() {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.result.Kept++
}

func (x *export) vanished(kind, sid string) {
	x.mu.Lock()
	x.result.Vanished = append(x.result.Vanished, Resource{kind, sid})
	x.mu.Unlock()
	x.Observer.Event(migrate.Event{Level: migrate.Warning, Message: "deleted before it was read, so left out", Fields: []any{"kind", kind, "sid", sid}})
}

func (x *export) expect(kind string, n int64) {
	x.mu.Lock()
	x.totals[kind] += n
	total := x.totals[kind]
	x.mu.Unlock()
	x.Observer.Total(kind, total)
}

func (x *export) done(kind string, n int64) { x.Observer.Done(kind, n) }

// raws are the bytes of resources.
func raws[T chat.Resource](resources iter.Seq2[T, error], raw func(T) json.RawMessage) iter.Seq2[json.RawMessage, error] {
	return func(yield func(json.RawMessage, error) bool) {
		for r, err := range resources {
			if err == nil && raw(r) == nil {
				err = fmt.Errorf("export %T: the source keeps no bytes", r)
			}
			if !yield(raw(r), err) || err != nil {
				return
			}
		}
	}
}
