package emulator

import (
	"net/http"
	"time"
)

// nameUse is when a unique name was last taken, and when a deletion freed it.
type nameUse struct{ taken, freed time.Time }

// atOnce is how far apart two requests may be that come at one moment. The clock of
// the emulator has whole seconds.
const atOnce = time.Second

// nameFree refuses a unique name that another conversation has.
func (t *target) nameFree(x *Exchange, s *service, c *conversation) error {
	if c.unique == "" {
		return nil
	}
	if is, there := s.conversations.find(c.sid); there && is.unique == c.unique {
		return nil
	}
	use := s.named[c.unique]
	_, taken := s.names[c.unique]
	switch {
	case taken && t.unkind.BothNamed && x.now.Sub(use.taken) <= atOnce:
		t.unkind.happened("names")
		return nil
	case !taken && x.now.Sub(use.freed) < t.unkind.NameHeld:
		t.unkind.happened("name-held")
	case !taken:
		return nil
	}
	return refuse(http.StatusConflict, 50353, "Conversation with provided unique name already exists")
}

// nameTaken notes when a conversation took its name, where it matters.
func (t *target) nameTaken(x *Exchange, s *service, c *conversation) {
	if t.unkind.BothNamed && c.unique != "" {
		s.named[c.unique] = nameUse{taken: x.now}
	}
}

// nameFreed is called when a conversation was deleted.
func (t *target) nameFreed(x *Exchange, s *service, c *conversation) {
	s.nameGone(c)
	if t.unkind.NameHeld > 0 && c.unique != "" {
		s.named[c.unique] = nameUse{freed: x.now}
	}
}

// nameGone takes a name from a conversation. Another that has it too keeps it.
func (s *service) nameGone(c *conversation) {
	if s.names[c.unique] != c {
		return
	}
	delete(s.names, c.unique)
	if _, raced := s.named[c.unique]; !raced {
		return
	}
	for other := range s.conversations.all() {
		if other != c && other.unique == c.unique {
			s.names[c.unique] = other
			return
		}
	}
}
