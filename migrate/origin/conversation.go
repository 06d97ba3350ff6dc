package origin

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"chatbridge/mapping"
	"chatbridge/mapping/conversations"
)

// Candidate is a conversation that may be the one that an earlier run made for a
// channel: it bears the stamp of the channel, or all that the source determines.
// Attributes can be written by end users, so that alone proves nothing.
type Candidate struct {
	Conversation conversations.Conversation
	Birth        Birth

	// Messages and Participants are what it holds; both may end after the first
	// few hundred.
	Messages     []Have
	Participants []conversations.Participant
}

// Channel is a channel of the source that looks for its conversation.
type Channel struct {
	SID      string
	Want     conversations.Conversation
	Messages []Want                      // as many as the candidates show
	Members  []conversations.Participant // mapped
	Former   map[string]string           // other names that members may bear, by identity
}

// Adoption is the answer. SID is empty if there is nothing to adopt, and the
// channel gets a new conversation.
type Adoption struct {
	SID   string
	Bare  bool     // nothing is in it
	Spare []string // SIDs of empty ones beside it, which a create without an answer left
	Stop  *Unclear
}

// Unclear says that nobody can tell whose something is, and of what.
type Unclear struct {
	Of     string   // source SID
	Target []string // SIDs
	Reason string
}

func (u *Unclear) Error() string {
	return fmt.Sprintf("%s for %s: %s", strings.Join(u.Target, ", "), u.Of, u.Reason)
}

// Adopt chooses the conversation of a channel. The caller leaves out what other
// channels have, reserves the one it gets before it asks for the next channel,
// and stops both channels if one candidate is good for two.
//
// Adopted is what has the date of the channel, which no person can set, and holds
// a past record of ours: a message, or a participant with the date of the member.
// Whoever else is in it came later. If there is none, an
// empty one is adopted if its date, names and stamp agree; of several with the
// stamp any is as good. Anything else that
// claims to be the channel stops it: if it is, a second conversation would
// double every message; if it is forged, its messages would be read by whoever
// forged it.
func Adopt(ch Channel, candidates []Candidate) Adoption {
	var past, marked, bare, doubtful, strangers []string
	has := slices.ContainsFunc(candidates, func(c Candidate) bool { return stampedFor(ch, c.Conversation) })
	for _, c := range candidates {
		sid := c.Conversation.SID
		switch {
		case has && !stampedFor(ch, c.Conversation) && stamped(c.Conversation): // another channel, where the same may have been said
		case dated(ch, c.Conversation) && holdsPast(ch, c):
			past = append(past, sid)
			if stampedFor(ch, c.Conversation) {
				marked = append(marked, sid)
			}
		case !stampedFor(ch, c.Conversation) && !agrees(ch, c.Conversation):
		case !empty(c):
			doubtful = append(doubtful, sid)
			strangers = append(strangers, ch.strangers(c)...)
		case agrees(ch, c.Conversation):
			bare = append(bare, sid)
		}
	}
	switch {
	case len(past) == 1:
		return Adoption{SID: past[0], Spare: bare}
	case len(marked) == 1: // the others hold what was said in several channels
		return Adoption{SID: marked[0], Spare: bare}
	case len(past) > 1:
		return Adoption{Stop: &Unclear{ch.SID, past, "each holds what the migration wrote"}}
	case len(strangers) > 0:
		return Adoption{Stop: &Unclear{ch.SID, doubtful, "nothing in it proves that the migration made it, and the source has no participant " + strings.Join(strangers, ", ")}}
	case len(doubtful) > 0:
		return Adoption{Stop: &Unclear{ch.SID, doubtful, "nothing in it proves that the migration made it"}}
	case len(bare) > 1 && !stamped(ch.Want):
		return Adoption{Stop: &Unclear{ch.SID, bare, "each is empty and may belong to the channel"}}
	case len(bare) > 1:
		return Adoption{SID: bare[0], Bare: true, Spare: bare[1:]}
	case len(bare) == 1:
		return Adoption{SID: bare[0], Bare: true}
	}
	return Adoption{}
}

// Left reports whether a conversation is as a create for the channel leaves it.
// Only the migration can have dated it so, and nobody has used it.
func Left(ch Channel, c Candidate) bool { return empty(c) && agrees(ch, c.Conversation) }

// strangers are the participants whom the source lacks.
func (ch Channel) strangers(c Candidate) []string {
	var sids []string
	for _, p := range c.Participants {
		if !slices.ContainsFunc(ch.Members, func(m conversations.Participant) bool { return ch.named(m, p.Identity) }) {
			sids = append(sids, p.SID)
		}
	}
	return sids
}

func (ch Channel) named(m conversations.Participant, identity string) bool {
	former, ok := ch.Former[m.Identity]
	return m.Identity == identity || ok && former == identity
}

func empty(c Candidate) bool { return len(c.Messages) == 0 && len(c.Participants) == 0 }

// holdsPast reports whether REST wrote something into the conversation that the
// channel has.
func holdsPast(ch Channel, c Candidate) bool {
	wanted := map[identity]bool{}
	for _, m := range ch.Messages {
		w := wantOf(m)
		wanted[w.ids[0]], wanted[w.ids[1]] = true, true
	}
	for _, m := range c.Messages {
		if c.Birth.Past(m.Created) && wanted[haveOf(m).id] {
			return true
		}
	}
	return slices.ContainsFunc(c.Participants, func(p conversations.Participant) bool {
		return c.Birth.Past(p.DateCreated) && slices.ContainsFunc(ch.Members, func(m conversations.Participant) bool {
			return ch.named(m, p.Identity) && sameSecond(m.DateCreated, p.DateCreated)
		})
	})
}

// agrees reports whether date, names and stamp are as the channel wants them. A
// service may store names a little otherwise.
func agrees(ch Channel, c conversations.Conversation) bool {
	return sameSecond(ch.Want.DateCreated, c.DateCreated) && SameName(ch.Want.UniqueName, c.UniqueName) &&
		SameName(ch.Want.FriendlyName, c.FriendlyName) && (stampedFor(ch, c) || unstampable(ch, c))
}

// dated reports whether a conversation has the date of the channel. A channel
// without a date tells nothing.
func dated(ch Channel, c conversations.Conversation) bool {
	return ch.Want.DateCreated.IsZero() || sameSecond(ch.Want.DateCreated, c.DateCreated)
}

func stampedFor(ch Channel, c conversations.Conversation) bool {
	stamp, ok := mapping.ReadStamp(c.Attributes)
	return ok && stamp.SID == ch.SID
}

// unstampable reports whether the attributes of the channel leave no room for a
// stamp, and are there as they are.
func unstampable(ch Channel, c conversations.Conversation) bool {
	return !stamped(ch.Want) && Attributes(ch.Want.Attributes) == Attributes(c.Attributes)
}

func stamped(c conversations.Conversation) bool {
	_, ok := mapping.ReadStamp(c.Attributes)
	return ok
}

func sameSecond(a, b time.Time) bool {
	return !a.IsZero() && a.Truncate(time.Second).Equal(b.Truncate(time.Second))
}
