package replay

import (
	"context"
	"iter"
	"maps"
	"slices"

	"chatbridge/mapping"
	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
	"chatbridge/migrate/internal/drain"
	"chatbridge/migrate/origin"
)

// look is one reading of both sides, and what it found.
type look struct {
	origin.Decision
	after     int64 // source index of the last message that was confirmed before it
	found     []mapping.Finding
	named     map[string]bool         // messages of the target that these are about
	confirmed int64                   // noted as ours
	holes     int64                   // brought over, and deleted since
	landed    []int64                 // source indexes of what had been in doubt
	late      map[string]int64        // copies, by their SID, of source indexes
	theirs    []migrate.MessageRecord // written by somebody else already
	edited    []migrate.MessageRecord // stored before the source was edited
	held      []migrate.MessageRecord // ours, and noted when what comes before is settled
	full      bool                    // no more are held: what follows takes another reading, when the edits are done
	otherwise mapping.Meeting         // the first that was stored otherwise
	stops     bool                    // a policy stops at that
	deleted   []migrate.MessageRecord // that the ledger has and the target does not show
	strange   bool                    // not everything in the target is ours
	past      bool                    // some of that only REST can have written
	old       func() bool             // it paused since
}

// look reads what follows the last confirmed message on both sides, or both
// whole if that does not tell enough, and notes in the ledger what is ours.
func (l *lane) look(ctx context.Context, f *feed, newest migrate.MessageRecord) (*look, error) {
	l.looked = l.Target.Clock()
	k := origin.Knowledge{Birth: l.birth, Doubts: l.sent(), Crashed: l.crashed}
	if newest.SourceIndex > migrate.All {
		k.Tail, k.Alone = true, l.alone && newest.SourceIndex == l.before // others may have written before what came since
		seen, err := l.compare(ctx, newest.SourceIndex, f.wants(), l.tail(ctx, newest.TargetIndex), k)
		if err != nil || !seen.Whole {
			return seen, err
		}
		k.Tail, k.Alone = false, false
	}
	if newest.SourceIndex > migrate.All || l.created {
		k.Confirmed = l.confirmed(ctx, newest.SourceIndex)
	}
	return l.compare(ctx, newest.SourceIndex, l.wantsAfter(ctx, migrate.All), l.Target.Messages(ctx, l.TargetService, l.Record.TargetSID, false), k)
}

// confirmed is what the ledger has up to a source index.
func (l *lane) confirmed(ctx context.Context, upTo int64) iter.Seq2[origin.Confirmed, error] {
	return func(yield func(origin.Confirmed, error) bool) {
		for r, err := range l.Ledger.Messages(ctx, l.Channel.SID, migrate.All) {
			if err == nil && r.SourceIndex > upTo {
				return
			}
			if r.Gone {
				l.gone[r.SourceIndex] = true
			}
			c := origin.Confirmed{SourceIndex: r.SourceIndex, TargetIndex: r.TargetIndex, SourceSID: r.SourceSID, TargetSID: r.TargetSID}
			if !yield(c, migrate.Fatal(err)) || err != nil {
				return
			}
		}
	}
}

// compare holds both sides against each other. after is the source index of the
// last confirmed message.
func (l *lane) compare(ctx context.Context, after int64, source iter.Seq2[wanted, error], target iter.Seq2[conversations.Message, error], k origin.Knowledge) (*look, error) {
	seen, text := &look{after: after, late: map[string]int64{}, named: map[string]bool{}, old: func() bool { return drain.Old(ctx) }}, &texts{wants: map[int64]wanted{}, haves: map[string]conversations.Message{}}
	sources := func(yield func(origin.Want, error) bool) {
		for w, err := range source {
			if err == nil && len(text.wants) < textsHeld && text.wanted < textsBytes {
				text.wants[w.Index] = w
				text.wanted += textOf(w.source)
			}
			if !yield(w.Want, err) || err != nil {
				return
			}
		}
	}
	targets := func(yield func(origin.Have, error) bool) {
		for m, err := range target {
			l.dog.Progress()
			if err == nil && len(text.haves) < textsHeld && text.had < textsBytes {
				text.haves[m.SID] = m
				text.had += len(m.Body) + len(m.Attributes)
			}
			if !yield(origin.HaveOf(m), err) || err != nil {
				return
			}
		}
	}
	var err error
	seen.Decision, err = origin.Read(sources, targets, k, func(v origin.Verdict) error {
		return l.see(ctx, seen, v, text.take(v))
	})
	return seen, err
}

// texts is what messages say, until it is known whose they are. Both sides
// agree nearly always, and then it holds one of each.
type texts struct {
	wants map[int64]wanted
	haves map[string]conversations.Message

	wanted, had int // bytes of text in them
}

// textsHeld is how many of each side are held, and textsBytes how much text of them.
// What comes beyond is compared as origin compares it, and not to the letter.
const (
	textsHeld  = 1000
	textsBytes = 8 << 20
)

// pairing is a message of the source and one of the target that are the same,
// to the letter if both were held.
type pairing struct {
	want wanted
	have conversations.Message
	held bool
}

func (t *texts) take(v origin.Verdict) (p pairing) {
	var there, wanted bool
	if v.SourceSID != "" {
		p.want, wanted = t.wants[v.SourceIndex]
		t.wanted -= textOf(p.want.source)
		delete(t.wants, v.SourceIndex)
	}
	if v.TargetSID != "" {
		p.have, there = t.haves[v.TargetSID]
		t.had -= len(p.have.Body) + len(p.have.Attributes)
		delete(t.haves, v.TargetSID)
	}
	p.held = wanted && there
	return p
}

// see takes note of one verdict.
func (l *lane) see(ctx context.Context, seen *look, v origin.Verdict, p pairing) error {
	record := migrate.MessageRecord{SourceIndex: v.SourceIndex, TargetIndex: v.TargetIndex, SourceSID: v.SourceSID, TargetSID: v.TargetSID}
	switch v.Kind {
	case origin.Ours, origin.OursOtherwise:
		l.stored(seen, v, p)
		if seen.full {
			return nil
		}
		seen.confirmed++
		if l.doubtOf(v.SourceIndex) >= 0 {
			seen.landed = append(seen.landed, v.SourceIndex)
		}
		if err := l.noteFile(ctx, p); err != nil {
			return err
		}
		return l.note(ctx, seen, record)
	case origin.CopyOf:
		seen.late[v.TargetSID] = v.SourceIndex
		return nil
	}
	if seen.full {
		return nil
	}
	switch v.Kind {
	case origin.AlreadyThere:
		record.Others = true
		seen.theirs = append(seen.theirs, record)
		seen.strange = true
	case origin.Deleted:
		if !l.gone[v.SourceIndex] {
			seen.deleted = append(seen.deleted, record)
		}
	case origin.Hole:
		if v.SourceIndex < seen.after {
			break // an earlier reading said so, or a policy left it out
		}
		seen.holes++
		seen.meets(l, mapping.MessageDeleted, v.SourceSID, "its place is empty in "+l.Record.TargetSID+", although later messages are there")
	case origin.Altered:
		seen.strange, seen.past = true, true
		listed, err := l.listedAs(ctx, p.have)
		if err != nil {
			return err
		}
		if listed != "" {
			if !l.named[v.TargetSID] && !seen.named[v.TargetSID] {
				seen.named[v.TargetSID] = true
				seen.found = append(seen.found, l.Settings.Mapper.MessageStays(listed, l.Channel.SID, v.TargetSID)...)
			}
			break
		}
		l.once(seen, mapping.MessageAltered, v.TargetSID, "in "+l.Record.TargetSID)
	case origin.Foreign:
		seen.strange = true
		if v.MayBeCopy {
			detail := "in " + l.Record.TargetSID
			if v.Like != "" {
				detail += ", equal to " + v.Like
			}
			l.once(seen, mapping.MessageCopy, v.TargetSID, detail)
		}
	}
	return nil
}

// heldMost bounds how many records are held: about 2 MB.
var heldMost = 1 << 14

// note has the ledger know a message of ours, once every edit before it arrived, and a
// policy let pass what was stored otherwise: a run that dies before comes to the same
// point again. A conversation that is read back has little to note, and notes it when
// nothing can fail any more.
func (l *lane) note(ctx context.Context, seen *look, r migrate.MessageRecord) error {
	if len(seen.edited) == 0 && !seen.stops && seen.after != newestOfAll {
		return migrate.Fatal(l.Ledger.PutMessage(ctx, l.Channel.SID, r))
	}
	seen.held = append(seen.held, r)
	seen.full = len(seen.held) == heldMost
	return nil
}

func (l *lane) noteHeld(ctx context.Context, seen *look) error {
	for _, r := range seen.held {
		if err := l.Ledger.PutMessage(ctx, l.Channel.SID, r); err != nil {
			return migrate.Fatal(err)
		}
	}
	return nil
}

// carry takes over what another reading found landed, and this one does not show.
func (seen *look) carry(before *look) *look {
	for _, index := range before.landed {
		if !slices.Contains(seen.landed, index) {
			seen.landed = append(seen.landed, index)
		}
	}
	seen.held = slices.Concat(before.held, seen.held) // noted in this order: the later reading has the last word
	return seen
}

// stored compares exactly what is ours by all that origin compares.
func (l *lane) stored(seen *look, v origin.Verdict, p pairing) {
	if p.held && p.have.Author != p.want.Author && p.have.Author == p.want.Before {
		// Nobody changes an author: an earlier run had other settings.
		l.storedOtherwise(seen, v, " under the name that its author had before --identities")
		return
	}
	differs := mapping.Differences(p.want.message, p.have)
	if !p.held && v.Kind == origin.OursOtherwise {
		differs = " with other content"
	}
	if differs == "" {
		return
	}
	instead, found := false, []mapping.Finding(nil)
	if p.held {
		instead, found = l.Settings.Mapper.StandsFor(p.want.source, p.want.message, p.have)
	}
	switch {
	case instead: // it had been refused as it is
		seen.found = append(seen.found, found...)
	case p.held && editedSince(p.want.message, p.have):
		seen.edited = append(seen.edited, migrate.MessageRecord{SourceIndex: v.SourceIndex, TargetSID: v.TargetSID})
	case !(p.held && l.editedThere(p)) && (v.Kind == origin.Ours || !l.Record.Adopted):
		l.storedOtherwise(seen, v, ","+differs)
	default: // people edited it, or had all the time since the ledger was lost to do so
		l.once(seen, mapping.MessageAltered, v.TargetSID, "in "+l.Record.TargetSID+","+differs)
	}
}

// storedOtherwise takes note of the first message that was. Whether a policy stops at
// it is asked now, and told when both sides were read.
func (l *lane) storedOtherwise(seen *look, v origin.Verdict, how string) {
	if seen.otherwise.SID != "" {
		return
	}
	seen.otherwise = mapping.Meeting{SID: v.SourceSID, ChannelSID: l.Channel.SID, Detail: "it is stored as " + v.TargetSID + " in " + l.Record.TargetSID + how}
	_, found := l.Settings.Mapper.Meets(mapping.StoredOtherwise, seen.otherwise)
	seen.stops = mapping.Blocked(found)
}

// editedSince reports whether have can be an earlier state of want.
func editedSince(want, have conversations.Message) bool {
	return !want.DateUpdated.IsZero() && have.DateUpdated.Before(want.DateUpdated)
}

// editedThere reports whether the target says that somebody changed the message
// since its conversation was made, and the source does not.
func (l *lane) editedThere(p pairing) bool {
	at := p.have.DateUpdated
	return l.birth.Known() && !at.IsZero() && !l.birth.Past(at) && !at.Equal(p.have.DateCreated) && !at.Equal(p.want.message.DateUpdated)
}

// once finds something about a message of the target, the first time in a lane.
func (l *lane) once(seen *look, c mapping.Code, targetSID, detail string) {
	if l.named[targetSID] || seen.named[targetSID] {
		return
	}
	seen.named[targetSID] = true
	seen.meets(l, c, targetSID, detail)
}

// tell says what a reading found. What one found that was taken again is not said, and
// found again.
func (l *lane) tell(seen *look) {
	l.Findings.Add(seen.found)
	maps.Copy(l.named, seen.named)
}

func (seen *look) meets(l *lane, c mapping.Code, sid, detail string) {
	_, found := l.Settings.Mapper.Meets(c, mapping.Meeting{SID: sid, ChannelSID: l.Channel.SID, Detail: detail})
	seen.found = append(seen.found, found...)
}
