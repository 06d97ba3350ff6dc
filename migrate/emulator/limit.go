package emulator

import (
	"cmp"
	"strconv"
)

// limit sets what is not 0. Whoever is in a conversation already stays.
func (s *service) limit(members, conversations int) {
	s.participantLimit = cmp.Or(members, s.participantLimit)
	s.conversationLimit = cmp.Or(conversations, s.conversationLimit)
}

// participantLimit is how many participants a conversation of the service may
// have.
func (t *target) participantLimit(s *service) int {
	return cmp.Or(s.participantLimit, t.config.ParticipantLimit)
}

// conversationLimit is how many open conversations one identity may be in.
func (t *target) conversationLimit(s *service) int {
	return cmp.Or(s.conversationLimit, t.config.ConversationLimit)
}

// limit sets dst to the parameter, if it was sent.
func (f *form) limit(name string, dst *int) {
	if !f.has(name) {
		return
	}
	n, err := strconv.Atoi(f.values.Get(name))
	if err != nil || n < 1 || n > maxLimit {
		f.fail(invalid(20001, "%s is not a number from 1 to %d", name, maxLimit))
		return
	}
	*dst = n
}
