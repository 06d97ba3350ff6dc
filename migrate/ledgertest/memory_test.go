package ledgertest_test

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"testing"

	"chatbridge/mapping"
	"chatbridge/migrate"
	"chatbridge/migrate/ledgertest"
)

// TestMemory holds the suite to what it promises: a ledger that is no file
// passes it.
func TestMemory(t *testing.T) {
	ledgertest.Run(t, func(*testing.T) ledgertest.Store { return stored(&memory{}) })
}

// memory is a ledger in memory. What is put survives a crash at once.
type memory struct {
	mu      sync.Mutex
	made    bool
	damaged bool
	writer  *writer // nil if none has it open
	tables
}

type tables struct {
	fingerprint migrate.Fingerprint
	services    map[string]migrate.ServiceRecord
	entities    map[entityKey]migrate.EntityRecord
	originals   map[entityKey]migrate.Original
	attempts    map[entityKey]migrate.Attempt
	channels    map[string]migrate.ChannelRecord
	messages    map[string]map[int64]migrate.MessageRecord
	doubts      map[string]map[int64]migrate.DoubtRecord
	files       map[string]map[int64]migrate.FileRecord
	failures    map[failureKey]migrate.Failure
	findings    map[findingKey]migrate.FindingRecord
	runs        map[string]migrate.RunRecord
	first, last string
}

type entityKey struct {
	kind migrate.EntityKind
	sid  string
}

type failureKey struct{ sid, kind string }

type findingKey struct {
	code       mapping.Code
	sid, field string
}

func stored(m *memory) ledgertest.Store {
	return ledgertest.Store{
		Open: func(context.Context) (migrate.Ledger, error) { return m.open() },
		Read: func(context.Context) (migrate.LedgerReader, error) {
			m.mu.Lock()
			defer m.mu.Unlock()
			if !m.made {
				return nil, &migrate.Error{Op: "open ledger", Kind: migrate.NotFound, Err: errors.New("none"), Hint: "make one"}
			}
			return reader{m}, nil
		},
		Crash:  func(*testing.T) ledgertest.Store { return stored(m.copied()) },
		Damage: func(*testing.T) { m.damaged = true },
	}
}

func (m *memory) open() (migrate.Ledger, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case m.damaged:
		return nil, &migrate.Error{Op: "open ledger", Kind: migrate.Failed, Err: errors.New("damaged"), Hint: "use another"}
	case m.writer != nil:
		return nil, &migrate.Error{Op: "open ledger", Kind: migrate.Conflict, Err: errors.New("in use"), Hint: "wait"}
	case !m.made:
		m.made = true
		m.tables = tables{
			migrate.Fingerprint{}, map[string]migrate.ServiceRecord{}, map[entityKey]migrate.EntityRecord{},
			map[entityKey]migrate.Original{}, map[entityKey]migrate.Attempt{}, map[string]migrate.ChannelRecord{},
			map[string]map[int64]migrate.MessageRecord{}, map[string]map[int64]migrate.DoubtRecord{}, map[string]map[int64]migrate.FileRecord{}, map[failureKey]migrate.Failure{}, map[findingKey]migrate.FindingRecord{}, map[string]migrate.RunRecord{}, "", "",
		}
	}
	m.writer = &writer{reader{m}}
	return m.writer, nil
}

func (m *memory) copied() *memory {
	m.mu.Lock()
	defer m.mu.Unlock()
	c := &memory{made: m.made, tables: tables{
		maps.Clone(m.fingerprint), maps.Clone(m.services), maps.Clone(m.entities), maps.Clone(m.originals), maps.Clone(m.attempts), maps.Clone(m.channels),
		maps.Clone(m.messages), maps.Clone(m.doubts), maps.Clone(m.files), maps.Clone(m.failures), maps.Clone(m.findings), maps.Clone(m.runs), m.first, m.last,
	}}
	for channel := range c.messages {
		c.messages[channel] = maps.Clone(c.messages[channel])
	}
	for channel := range c.doubts {
		c.doubts[channel] = maps.Clone(c.doubts[channel])
	}
	for channel := range c.files {
		c.files[channel] = maps.Clone(c.files[channel])
	}
	return c
}

// writer is the one that has the ledger open for writing.
type writer struct{ reader }

// put changes the tables under the lock.
func (w *writer) put(ctx context.Context, change func() error) error {
	return w.within(ctx, func() error {
		if w.writer != w {
			return &migrate.Error{Op: "put", Err: errors.New("closed")}
		}
		return change()
	})
}

func (w *writer) set(ctx context.Context, change func()) error {
	return w.put(ctx, func() error { change(); return nil })
}

func (w *writer) Bind(ctx context.Context, f migrate.Fingerprint) error {
	return w.put(ctx, func() error {
		if len(w.fingerprint) > 0 {
			return w.fingerprint.Agree(f)
		}
		w.fingerprint = maps.Clone(f)
		return nil
	})
}

func (w *writer) Rebind(ctx context.Context, f migrate.Fingerprint, fixed ...string) error {
	return w.put(ctx, func() error {
		if len(w.fingerprint) > 0 && len(fixed) > 0 {
			if err := w.fingerprint.Agree(f, fixed...); err != nil {
				return err
			}
		}
		if !maps.Equal(w.fingerprint, f) {
			for sid, c := range w.channels {
				c.Listed = migrate.Listed{}
				w.channels[sid] = c
			}
		}
		w.fingerprint = maps.Clone(f)
		return nil
	})
}

func (w *writer) PutService(ctx context.Context, r migrate.ServiceRecord) error {
	return w.set(ctx, func() { w.services[r.SourceSID] = r })
}

func (w *writer) ForgetService(ctx context.Context, sid string) error {
	return w.set(ctx, func() { delete(w.services, sid) })
}

func (w *writer) PutEntity(ctx context.Context, r migrate.EntityRecord) error {
	return w.set(ctx, func() { w.entities[entityKey{r.Kind, r.SourceSID}] = r })
}

func (w *writer) ForgetEntity(ctx context.Context, kind migrate.EntityKind, sid string) error {
	return w.set(ctx, func() { delete(w.entities, entityKey{kind, sid}) })
}

func (w *writer) PutOriginal(ctx context.Context, o migrate.Original) error {
	return w.set(ctx, func() { o.Before = slices.Clone(o.Before); w.originals[entityKey{o.Kind, o.TargetSID}] = o })
}

func (w *writer) ForgetOriginal(ctx context.Context, kind migrate.EntityKind, sid string) error {
	return w.set(ctx, func() { delete(w.originals, entityKey{kind, sid}) })
}

func (w *writer) PutAttempt(ctx context.Context, a migrate.Attempt) error {
	return w.set(ctx, func() { a.Before = slices.Clone(a.Before); w.attempts[entityKey{a.Kind, a.SourceSID}] = a })
}

func (w *writer) ForgetAttempt(ctx context.Context, kind migrate.EntityKind, sid string) error {
	return w.set(ctx, func() { delete(w.attempts, entityKey{kind, sid}) })
}

func (w *writer) PutChannel(ctx context.Context, r migrate.ChannelRecord) error {
	return w.put(ctx, func() error {
		for _, c := range w.channels {
			if r.TargetSID != "" && c.TargetSID == r.TargetSID && c.SourceSID != r.SourceSID {
				return migrate.TargetTaken(r.SourceSID, r.TargetSID, c.SourceSID)
			}
		}
		w.channels[r.SourceSID] = r
		return nil
	})
}

func (w *writer) PutMessage(ctx context.Context, channel string, r migrate.MessageRecord) error {
	return w.set(ctx, func() {
		if w.messages[channel] == nil {
			w.messages[channel] = map[int64]migrate.MessageRecord{}
		}
		w.messages[channel][r.SourceIndex] = r
	})
}

func (w *writer) ForgetMessages(ctx context.Context, channel string, after int64) error {
	return w.set(ctx, func() {
		maps.DeleteFunc(w.messages[channel], func(i int64, _ migrate.MessageRecord) bool { return i > after })
	})
}

func (w *writer) PutDoubt(ctx context.Context, channel string, d migrate.DoubtRecord) error {
	return w.set(ctx, func() {
		if w.doubts[channel] == nil {
			w.doubts[channel] = map[int64]migrate.DoubtRecord{}
		}
		w.doubts[channel][d.SourceIndex] = d
	})
}

func (w *writer) ForgetDoubt(ctx context.Context, channel string, index int64) error {
	return w.set(ctx, func() { delete(w.doubts[channel], index) })
}

func (w *writer) PutFile(ctx context.Context, channel string, f migrate.FileRecord) error {
	return w.set(ctx, func() {
		if w.files[channel] == nil {
			w.files[channel] = map[int64]migrate.FileRecord{}
		}
		w.files[channel][f.SourceIndex] = f
	})
}

func (w *writer) ForgetFile(ctx context.Context, channel string, index int64) error {
	return w.set(ctx, func() { delete(w.files[channel], index) })
}

func (w *writer) PutFailure(ctx context.Context, f migrate.Failure) error {
	return w.set(ctx, func() { w.failures[failureKey{f.SourceSID, f.Kind}] = f })
}

func (w *writer) ClearFailures(ctx context.Context, sid string) error {
	return w.set(ctx, func() {
		maps.DeleteFunc(w.failures, func(k failureKey, _ migrate.Failure) bool { return k.sid == sid })
	})
}

func (w *writer) PutFindings(ctx context.Context, found []migrate.FindingRecord) error {
	return w.set(ctx, func() {
		for _, f := range found {
			w.findings[findingKey{f.Code, f.SID, f.Field}] = f
		}
	})
}

func (w *writer) ForgetFindings(ctx context.Context, owner string, severity mapping.Severity) error {
	return w.set(ctx, func() {
		maps.DeleteFunc(w.findings, func(_ findingKey, f migrate.FindingRecord) bool {
			return f.Owner == owner && (severity == "" || f.Severity == severity)
		})
	})
}

func (w *writer) PutRun(ctx context.Context, r migrate.RunRecord) error {
	return w.set(ctx, func() {
		if _, known := w.runs[r.ID]; !known {
			w.last = r.ID
			w.first = cmp.Or(w.first, r.ID)
		}
		r.Progress, r.Summary = slices.Clone(r.Progress), slices.Clone(r.Summary)
		w.runs[r.ID] = r
	})
}

func (w *writer) Sync(ctx context.Context) error { return w.set(ctx, func() {}) }

func (w *writer) Close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.writer == w {
		w.writer = nil
	}
	return nil
}
