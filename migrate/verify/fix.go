package verify

import (
	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
)

// fix is what would bring a difference back. It says where and what, and does
// nothing by itself: a comparison finds it, a Repairer carries it out. Each may
// be carried out again.
type fix interface {
	in() string // SID of the target service that it writes into
}

type (
	// roleFix creates a role, or gives the one with want.SID its permissions.
	roleFix struct {
		service string
		want    conversations.Role
		record  migrate.EntityRecord // that the ledger is to have of one that is created
		attempt migrate.Attempt      // with the roles that there are, and creates without an answer
		made    *conversations.Role  // is set to the one that was created, so that users and participants get it
	}
	// userFix creates a user, or brings the one with want.SID to what is asked.
	userFix struct {
		service string
		want    conversations.User
		record  migrate.EntityRecord // that the ledger is to have of one that is created
	}
	// defaultsFix sets the default roles and reachability of a service.
	defaultsFix struct {
		service string
		want    conversations.Configuration
	}
	webhooksFix struct {
		service string
		want    conversations.Webhooks
	}
	// notificationsFix takes effect at the end of the repair: until then they
	// are off.
	notificationsFix struct {
		service string
		want    conversations.Notifications
	}
	// conversationFix sets names, attributes, state and dates of the one with
	// want.SID.
	conversationFix struct {
		service string
		want    conversations.Conversation
	}
	// memberFix brings a participant to what it should be, and how far they have
	// read if the source says so. One that a migration left as somebody changed them
	// is left so again: only how far they have read is brought.
	memberFix struct {
		service, conversation string
		memberSID             string
		kept                  bool
		want                  conversations.Participant
		horizon               *conversations.Horizon
	}
	// messageFix sets a message right where it stands, or appends it where
	// targetSID is empty. It names the message and leaves its text in the source,
	// so that long lists of differences stay small.
	messageFix struct {
		service, conversation  string
		sourceService, channel string
		index                  int64
		dated                  int64         // in seconds: if the source has no date
		tail                   *migrate.Tail // where it goes if it is missing
		sourceSID, targetSID   string
	}
	levelFix struct {
		service string
		user    migrate.EntityRecord
		channel migrate.ChannelRecord
		level   string
	}
)

func (f roleFix) in() string          { return f.service }
func (f userFix) in() string          { return f.service }
func (f defaultsFix) in() string      { return f.service }
func (f webhooksFix) in() string      { return f.service }
func (f notificationsFix) in() string { return f.service }
func (f conversationFix) in() string  { return f.service }
func (f memberFix) in() string        { return f.service }
func (f messageFix) in() string       { return f.service }
func (f levelFix) in() string         { return f.service }

// messageFixes says for each message what can be done: one with other fields is
// set right where it stands, and those missing at the end are appended. One
// that is missing before others cannot be put back, because a message only ever
// arrives at the end: so none is appended before one at which mapping stops.
func (s *verifiedService) messageFixes(j *classifier, f *channelFound) {
	f.tail.Born = f.born
	clean := len(j.only) == 0 // nothing came after the tail that is missing
	stopped := false          // at one of that tail
	for i := range f.differences {
		d := &f.differences[i]
		if d.Kind != migrate.KindMessages {
			continue
		}
		one := messageFix{
			service: s.target, conversation: f.target, sourceService: s.source.SID, channel: f.source,
			index: d.at, dated: d.dated, tail: &f.tail, sourceSID: d.SourceSID, targetSID: d.TargetSID,
		}
		switch {
		case d.Class == Altered && d.Field == mediaField: // what is attached cannot be changed
		case d.Class == Altered || d.Class == WrongAuthor || d.Class == WrongDate:
			d.fix = one
		case d.Class != Missing || !d.tail || !clean:
		case d.Detail != "":
			stopped = true
		case stopped:
			d.behind = true
		default:
			d.fix = one
		}
	}
}

// memberFix is what brings a participant back; read says whether the source
// knows how far they have read.
func (s *verifiedService) memberFix(f *channelFound, memberSID string, kept bool, want conversations.Participant, h conversations.Horizon, read bool) fix {
	one := memberFix{service: s.target, conversation: f.target, memberSID: memberSID, kept: kept, want: want}
	if read {
		one.horizon = &h
	}
	return one
}

// unless is what would bring a difference back, where a request can.
func unless(cannot bool, f fix) fix {
	if cannot {
		return nil
	}
	return f
}
