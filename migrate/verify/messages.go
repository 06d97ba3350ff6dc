package verify

import (
	"context"
	"hash/maphash"
	"iter"
	"slices"
	"time"

	"chatbridge/mapping"
	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
	"chatbridge/migrate/origin"
)

// digest is a message with its text replaced by hashes, so that long stretches
// of both sides can be held in memory.
type digest struct {
	sid        string
	index      int64
	author     uint64
	body       uint64
	attributes uint64
	media      uint64 // size, type and name of its file, and how many there are more; 0 without
	file       string // SID of that
	created    int64  // seconds
	updated    int64  // seconds; 0 where it is not set
	blocked    string
	instead    []identity // what a policy sends in its place if the target refuses it
	gap        int        // which stretch of differences it is in
	tail       bool       // nothing that both sides have follows it
	ahead      bool       // dated after what both sides have around it, as what people write is
}

// identity is what two messages must share to be taken for the same one. The
// date of an edit is compared apart.
type identity struct {
	author, body, attributes, media uint64
	created                         int64
}

func (d digest) identity() identity {
	return identity{d.author, d.body, d.attributes, d.media, d.created}
}

// is reports whether a message of the target is this one, as it was sent or as a
// policy has it if the target refuses that.
func (d digest) is(have identity) bool {
	return d.identity() == have || slices.Contains(d.instead, have)
}

var seed = maphash.MakeSeed()

func digestOf(m conversations.Message) digest {
	d := digest{
		sid: m.SID, index: m.Index,
		author:     maphash.String(seed, m.Author),
		body:       maphash.String(seed, m.Body),
		attributes: maphash.String(seed, mapping.CanonicalAttributes(m.Attributes)),
		created:    m.DateCreated.Unix(),
	}
	if !m.DateUpdated.IsZero() {
		d.updated = m.DateUpdated.Unix()
	}
	if m.Media.SID != "" {
		d.file, d.media = m.Media.SID, mediaOf(m)
	}
	return d
}

// expected yields what the target should hold of a channel, and counts what a
// policy leaves out.
func (s *verifiedService) expected(ctx context.Context, f *channelFound, undated time.Time) iter.Seq2[digest, error] {
	return func(yield func(digest, error) bool) {
		for m, err := range s.Source.Messages(ctx, s.source.SID, f.source, migrate.Span{After: migrate.All}) {
			if err != nil {
				yield(digest{}, err)
				return
			}
			want, found := s.set.Mapper.Message(m, undated)
			undated = want.DateCreated
			if mapping.Skipped(found) {
				f.messages++
				f.leftMessages++
				continue
			}
			d := digestOf(s.agreed.message(want))
			d.sid, d.index = m.SID, m.Index
			for _, instead := range s.set.Mapper.Instead(m, want) {
				d.instead = append(d.instead, digestOf(s.agreed.message(instead)).identity())
			}
			if without, left := s.agreed.withoutFile(m, want); left {
				d.instead = append(d.instead, digestOf(s.agreed.message(without)).identity())
			}
			if mapping.Blocked(found) {
				d.blocked = string(mapping.Reason(found))
			}
			if !yield(d, nil) {
				return
			}
		}
	}
}

func (s *verifiedService) actual(ctx context.Context, target string) iter.Seq2[digest, error] {
	return func(yield func(digest, error) bool) {
		for m, err := range s.Target.Messages(ctx, s.target, target, false) {
			if !yield(digestOf(s.agreed.message(m)), err) || err != nil {
				return
			}
		}
	}
}

// compareMessages walks both sides in step. Where they part it looks ahead for
// the next message that both have; what lies between is judged at the end, when
// it is known what is missing elsewhere.
func (s *verifiedService) compareMessages(ctx context.Context, sid, target string, marks *horizonIndex, f *channelFound) error {
	want, have := newWindow(s.expected(ctx, f, f.undated)), newWindow(s.actual(ctx, target))
	defer want.stop()
	defer have.stop()
	j := &classifier{channel: sid, target: target}
	for {
		if err := cmpErr(want.fill(1), have.fill(1)); err != nil {
			return err
		}
		if len(want.held) == 0 && len(have.held) == 0 {
			break
		}
		skipWant, skipHave, met, err := nextMatch(want, have)
		if err != nil {
			return err
		}
		var next *digest
		if met {
			next = &want.held[skipWant]
		}
		j.part(want.held[:skipWant], have.held[:skipHave], next)
		f.messages += int64(skipWant)
		want.drop(skipWant)
		have.drop(skipHave)
		if !met {
			continue
		}
		w, h := want.held[0], have.held[0]
		j.same(w, h, f)
		marks.pass(w.index, h.index)
		if err := s.compareFiles(ctx, w, h, f); err != nil {
			return err
		}
		f.messages++
		want.drop(1)
		have.drop(1)
	}
	if len(j.only) > 0 && f.born.IsZero() {
		born, err := s.bornAt(ctx)
		if err != nil {
			return err
		}
		f.born = born
	}
	j.birth, j.left = origin.BornAt(f.born), s.set.Mapper.LeaveOut
	ours, err := s.confirmed(ctx, sid, j.only)
	if err != nil {
		return err
	}
	if err := s.leaveRefused(ctx, sid, j, f); err != nil {
		return err
	}
	j.pairUp(f)
	twice, err := s.alike(ctx, f, j)
	if err != nil {
		return err
	}
	j.conclude(ours, twice, f)
	s.messageFixes(j, f)
	return nil
}

// leaveRefused takes out of what is missing what a policy left out because the target
// refused it. What arrived once was not left out: somebody deleted it.
func (s *verifiedService) leaveRefused(ctx context.Context, sid string, j *classifier, f *channelFound) (err error) {
	if s.Ledger == nil || len(s.set.Mapper.LeavesOutRefused()) == 0 {
		return nil
	}
	j.missing = slices.DeleteFunc(j.missing, func(d digest) bool {
		if err != nil || !s.agreed.withoutMessage(d.sid) {
			return false
		}
		arrived, ok, failed := s.Ledger.AtOrBelow(ctx, sid, d.index)
		if err = failed; err != nil || ok && arrived.SourceIndex == d.index {
			return false
		}
		f.leftMessages++
		return true
	})
	return err
}

// alike finds the messages of the source that one is alike with which only the target
// has. That takes another reading of the source, and no memory of what both sides have.
// What is dated after all of those, as what people write is, is alike with none.
func (s *verifiedService) alike(ctx context.Context, f *channelFound, j *classifier) (map[identity]string, error) {
	asked := map[identity]bool{}
	for _, d := range j.only {
		if d.created <= j.newest {
			asked[d.identity()] = true
		}
	}
	found := map[identity]string{}
	if len(asked) == 0 {
		return found, nil
	}
	read := &channelFound{source: f.source}
	for d, err := range s.expected(ctx, read, f.undated) {
		if err != nil {
			return nil, err
		}
		if d.blocked == "" && asked[d.identity()] {
			found[d.identity()] = d.sid
		}
	}
	return found, nil
}

func cmpErr(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// confirmed tells which of the messages that only the target has are ours, and of
// which of the source, as far as the ledger knows.
func (s *verifiedService) confirmed(ctx context.Context, sid string, only []digest) (map[string]string, error) {
	ours := map[string]string{}
	if s.Ledger == nil || len(only) == 0 {
		return ours, nil
	}
	asked := map[string]bool{}
	for _, d := range only {
		asked[d.sid] = true
	}
	for r, err := range s.Ledger.Messages(ctx, sid, migrate.All) {
		if err != nil {
			return nil, err
		}
		if asked[r.TargetSID] {
			ours[r.TargetSID] = r.SourceSID
		}
	}
	return ours, nil
}

func at(seconds int64) string { return time.Unix(seconds, 0).UTC().Format(time.RFC3339) }
