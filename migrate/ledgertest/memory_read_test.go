package ledgertest_test

import (
	"cmp"
	"context"
	"iter"
	"maps"
	"slices"
	"strings"

	"chatbridge/mapping"
	"chatbridge/migrate"
)

// reader reads a ledger in memory.
type reader struct{ *memory }

func (r reader) within(ctx context.Context, do func() error) error {
	if err := ctx.Err(); err != nil {
		return &migrate.Error{Op: "ask ledger", Kind: migrate.Interrupted, Err: err}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return do()
}

// found looks one record up.
func found[K comparable, R any](ctx context.Context, r reader, table func() map[K]R, key K) (one R, ok bool, err error) {
	err = r.within(ctx, func() error { one, ok = table()[key]; return nil })
	return one, ok, err
}

// those are the records of a table that pass, in order.
func those[K comparable, R any](ctx context.Context, r reader, table func() map[K]R, pass func(R) bool, order func(a, b R) int) ([]R, error) {
	var all []R
	err := r.within(ctx, func() error {
		for _, one := range table() {
			if pass(one) {
				all = append(all, one)
			}
		}
		slices.SortFunc(all, order)
		return nil
	})
	return all, err
}

func each[R any](load func() ([]R, error)) iter.Seq2[R, error] {
	return func(yield func(R, error) bool) {
		all, err := load()
		if err != nil {
			var none R
			yield(none, err)
			return
		}
		for _, one := range all {
			if !yield(one, nil) {
				return
			}
		}
	}
}

func (r reader) Fingerprint(ctx context.Context) (f migrate.Fingerprint, err error) {
	err = r.within(ctx, func() error { f = maps.Clone(r.fingerprint); return nil })
	return f, err
}

func (r reader) Service(ctx context.Context, sid string) (migrate.ServiceRecord, bool, error) {
	return found(ctx, r, func() map[string]migrate.ServiceRecord { return r.services }, sid)
}

func (r reader) Services(ctx context.Context) ([]migrate.ServiceRecord, error) {
	return those(ctx, r, func() map[string]migrate.ServiceRecord { return r.services }, func(migrate.ServiceRecord) bool { return true },
		func(a, b migrate.ServiceRecord) int { return cmp.Compare(a.SourceSID, b.SourceSID) })
}

func (r reader) allEntities() map[entityKey]migrate.EntityRecord { return r.entities }

func bySource(a, b migrate.EntityRecord) int { return cmp.Compare(a.SourceSID, b.SourceSID) }

func (r reader) Entity(ctx context.Context, kind migrate.EntityKind, sid string) (migrate.EntityRecord, bool, error) {
	return found(ctx, r, r.allEntities, entityKey{kind, sid})
}

func (r reader) Entities(ctx context.Context, kind migrate.EntityKind, parent string) iter.Seq2[migrate.EntityRecord, error] {
	return each(func() ([]migrate.EntityRecord, error) {
		return those(ctx, r, r.allEntities, func(e migrate.EntityRecord) bool { return e.Kind == kind && e.ParentSID == parent }, bySource)
	})
}

func (r reader) Original(ctx context.Context, kind migrate.EntityKind, sid string) (migrate.Original, bool, error) {
	return found(ctx, r, func() map[entityKey]migrate.Original { return r.originals }, entityKey{kind, sid})
}

func (r reader) Originals(ctx context.Context, service string) iter.Seq2[migrate.Original, error] {
	return each(func() ([]migrate.Original, error) {
		return those(ctx, r, func() map[entityKey]migrate.Original { return r.originals }, func(o migrate.Original) bool { return o.ParentSID == service },
			func(a, b migrate.Original) int { return cmp.Compare(a.TargetSID, b.TargetSID) })
	})
}

func (r reader) Attempt(ctx context.Context, kind migrate.EntityKind, sid string) (migrate.Attempt, bool, error) {
	return found(ctx, r, func() map[entityKey]migrate.Attempt { return r.attempts }, entityKey{kind, sid})
}

func (r reader) Attempts(ctx context.Context, service string) iter.Seq2[migrate.Attempt, error] {
	return each(func() ([]migrate.Attempt, error) {
		return those(ctx, r, func() map[entityKey]migrate.Attempt { return r.attempts }, func(a migrate.Attempt) bool { return a.ParentSID == service },
			func(a, b migrate.Attempt) int { return cmp.Compare(a.SourceSID, b.SourceSID) })
	})
}

func (r reader) allChannels() map[string]migrate.ChannelRecord { return r.channels }

func (r reader) Channel(ctx context.Context, sid string) (migrate.ChannelRecord, bool, error) {
	return found(ctx, r, r.allChannels, sid)
}

func (r reader) Channels(ctx context.Context, service string) iter.Seq2[migrate.ChannelRecord, error] {
	return each(func() ([]migrate.ChannelRecord, error) {
		return those(ctx, r, r.allChannels, func(c migrate.ChannelRecord) bool { return c.ServiceSID == service },
			func(a, b migrate.ChannelRecord) int { return cmp.Compare(a.SourceSID, b.SourceSID) })
	})
}

func (r reader) between(ctx context.Context, channel string, after, last int64) ([]migrate.MessageRecord, error) {
	return those(ctx, r, func() map[int64]migrate.MessageRecord { return r.messages[channel] },
		func(m migrate.MessageRecord) bool { return m.SourceIndex > after && m.SourceIndex <= last },
		func(a, b migrate.MessageRecord) int { return cmp.Compare(a.SourceIndex, b.SourceIndex) })
}

func (r reader) Messages(ctx context.Context, channel string, after int64) iter.Seq2[migrate.MessageRecord, error] {
	return each(func() ([]migrate.MessageRecord, error) { return r.between(ctx, channel, after, 1<<62) })
}

func (r reader) Newest(ctx context.Context, channel string) (migrate.MessageRecord, bool, error) {
	return r.AtOrBelow(ctx, channel, 1<<62)
}

func (r reader) AtOrBelow(ctx context.Context, channel string, index int64) (migrate.MessageRecord, bool, error) {
	all, err := r.between(ctx, channel, -1<<62, index)
	if err != nil || len(all) == 0 {
		return migrate.MessageRecord{}, false, err
	}
	return all[len(all)-1], true, nil
}

func (r reader) CountMessages(ctx context.Context, channel string) (int64, error) {
	all, err := r.between(ctx, channel, -1<<62, 1<<62)
	return int64(len(all)), err
}

func (r reader) Doubts(ctx context.Context, channel string) (all []migrate.DoubtRecord, err error) {
	err = r.within(ctx, func() error {
		for _, index := range slices.Sorted(maps.Keys(r.doubts[channel])) {
			all = append(all, r.doubts[channel][index])
		}
		return nil
	})
	return all, err
}

func (r reader) File(ctx context.Context, channel string, index int64) (f migrate.FileRecord, ok bool, err error) {
	err = r.within(ctx, func() error {
		f, ok = r.files[channel][index]
		return nil
	})
	return f, ok, err
}

func (r reader) Files(ctx context.Context, channel string) iter.Seq2[migrate.FileRecord, error] {
	return each(func() (all []migrate.FileRecord, err error) {
		err = r.within(ctx, func() error {
			for _, index := range slices.Sorted(maps.Keys(r.files[channel])) {
				all = append(all, r.files[channel][index])
			}
			return nil
		})
		return all, err
	})
}

func (r reader) CountFiles(ctx context.Context) (n, bytes int64, err error) {
	err = r.within(ctx, func() error {
		for channel, files := range r.files {
			for index, f := range files {
				if m, confirmed := r.messages[channel][index]; confirmed && !m.Gone {
					n++
					bytes += f.Size
				}
			}
		}
		return nil
	})
	return n, bytes, err
}

func (r reader) Failures(ctx context.Context) iter.Seq2[migrate.Failure, error] {
	return each(func() ([]migrate.Failure, error) {
		return those(ctx, r, func() map[failureKey]migrate.Failure { return r.failures }, func(migrate.Failure) bool { return true },
			func(a, b migrate.Failure) int { return cmp.Compare(a.SourceSID+a.Kind, b.SourceSID+b.Kind) })
	})
}

func (r reader) Findings(ctx context.Context) (all []migrate.FindingCount, err error) {
	err = r.within(ctx, func() error {
		codes := map[mapping.Code]*migrate.FindingCount{}
		for _, f := range r.findings {
			c := codes[f.Code]
			if c == nil {
				c = &migrate.FindingCount{Code: f.Code}
				codes[f.Code] = c
			}
			c.Count += f.Count
			c.AddSample(f.SID)
			if mapping.Gravity(f.Severity) > mapping.Gravity(c.Severity) {
				c.Severity = f.Severity
			}
		}
		for _, c := range codes {
			all = append(all, *c)
		}
		migrate.SortFindings(all)
		return nil
	})
	return all, err
}

func (r reader) Found(ctx context.Context, code mapping.Code, sid string) (known bool, err error) {
	err = r.within(ctx, func() error {
		for _, f := range r.findings {
			known = known || f.Code == code && f.SID == sid
		}
		return nil
	})
	return known, err
}

func (r reader) LeftOut(ctx context.Context, owner, prefix string) (n int64, err error) {
	err = r.within(ctx, func() error {
		sids := map[string]bool{}
		for _, f := range r.findings {
			if f.Owner == owner && f.Severity == mapping.Skip && strings.HasPrefix(f.SID, prefix) {
				sids[f.SID] = true
			}
		}
		gone := map[string]bool{} // deleted in the target, and never here
		for _, f := range r.findings {
			gone[f.SID] = gone[f.SID] || f.Owner == owner && f.Code == mapping.MessageDeleted && strings.HasPrefix(f.SID, prefix)
		}
		for _, m := range r.messages[owner] {
			delete(gone, m.SourceSID)
		}
		for sid, lacking := range gone {
			if lacking {
				sids[sid] = true
			}
		}
		n = int64(len(sids))
		return nil
	})
	return n, err
}

func (r reader) LastRun(ctx context.Context) (run migrate.RunRecord, ok bool, err error) {
	err = r.within(ctx, func() error { run, ok = r.runs[r.last]; return nil })
	return run, ok, err
}

func (r reader) Identity(ctx context.Context) (i migrate.LedgerIdentity, err error) {
	err = r.within(ctx, func() error { i.ID = r.first; return nil })
	return i, err
}

// Lookup walks over everything that arrived.
func (r reader) Lookup(ctx context.Context, sid string) ([]migrate.Pair, error) {
	var all []migrate.Pair
	for p, err := range migrate.Pairs(ctx, r, migrate.Selection{}) {
		if err != nil {
			return nil, err
		}
		if sid != "" && (p.SourceSID == sid || p.TargetSID == sid) {
			all = append(all, p)
		}
	}
	return all, nil
}

func (r reader) Close() error { return nil }
