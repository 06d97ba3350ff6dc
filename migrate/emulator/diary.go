package emulator

import "sync"

// Hand is whose hand did something in the target.
type Hand string

// Hands.
const (
	Client      Hand = "client"      // by a request that was sent
	Rival       Hand = "rival"       // by a request that another writer sent too
	Person      Hand = "person"      // from an app
	Application Hand = "application" // that writes into both sides
)

// diary keeps who did what in the target, for Truth. A nil one keeps nothing.
type diary struct {
	mu       sync.Mutex
	by       map[id]Hand // what the client did not make
	made     map[id]string
	was      map[id]TrueMessage
	changed  map[id]Hand
	trampled map[id]bool

	media         *media
	messages      map[id][]TrueMessage // deleted ones, by conversation
	participants  map[id][]TrueParticipant
	conversations []TrueConversation
}

func newDiary(kept bool, files *media) *diary {
	if !kept {
		return nil
	}
	return &diary{
		media: files,
		by:    map[id]Hand{}, made: map[id]string{}, was: map[id]TrueMessage{}, changed: map[id]Hand{}, trampled: map[id]bool{},
		messages: map[id][]TrueMessage{}, participants: map[id][]TrueParticipant{},
	}
}

// note runs a change of the diary, if one is kept.
func (d *diary) note(change func()) {
	if d == nil {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	change()
}

// wrote notes who made something, if it was not the client.
func (d *diary) wrote(i id, h Hand) { d.note(func() { d.by[i] = h }) }

// began notes the attributes that a conversation was made with.
func (d *diary) began(c *conversation) { d.note(func() { d.made[c.id] = c.attributes }) }

// changing notes that a message is about to be changed.
func (d *diary) changing(m *message, h Hand) {
	d.note(func() {
		if _, again := d.was[m.id]; !again {
			d.was[m.id] = d.message(m)
		}
		if h == Client && d.changed[m.id] == Person {
			d.trampled[m.id] = true
		}
		d.changed[m.id] = h
	})
}

func (d *diary) deletedMessage(c *conversation, m *message, h Hand) {
	d.note(func() {
		one := d.message(m)
		one.Gone = h
		d.messages[c.id] = append(d.messages[c.id], one)
	})
}

func (d *diary) deletedParticipant(c *conversation, p *participant, h Hand) {
	d.note(func() {
		one := d.participant(p)
		one.Gone = h
		d.participants[c.id] = append(d.participants[c.id], one)
	})
}

// deletedConversation is called before it is taken from the service.
func (d *diary) deletedConversation(s *service, c *conversation) {
	d.note(func() {
		one := d.conversation(s, c)
		one.Gone = Client
		d.conversations = append(d.conversations, one)
	})
}

// hand is who made something.
func (d *diary) hand(i id) Hand {
	if h, other := d.by[i]; other {
		return h
	}
	return Client
}
