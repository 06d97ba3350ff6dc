package origin

import (
	"cmp"
	"time"

	"chatbridge/mapping/conversations"
)

// Want is one message of the source as it should be in the target.
type Want struct {
	SID     string // of the source
	Index   int64  // in the source
	Author  string // as mapped now
	Before  string // another name that the author may bear in the target; may be empty
	Created time.Time
	Content Content
}

// Have is one message of the target.
type Have struct {
	SID     string
	Index   int64
	Author  string
	Created time.Time
	Content Content
}

// WantOf is the mapped message m of a source message. before is the author's
// name without the present map of identities, or under an earlier one.
func WantOf(sid string, index int64, before string, m conversations.Message) Want {
	return Want{SID: sid, Index: index, Author: m.Author, Before: before, Created: m.DateCreated, Content: contentOf(m)}
}

// HaveOf is a message as the target shows it.
func HaveOf(m conversations.Message) Have {
	return Have{SID: m.SID, Index: m.Index, Author: m.Author, Created: m.DateCreated, Content: contentOf(m)}
}

// want is a Want as it is compared. An author with two names gives it two keys
// and two identities; with one, both are the same.
type want struct {
	Want
	keys [2]key
	ids  [2]identity
}

func wantOf(w Want) want {
	p := want{Want: w}
	for i, author := range []string{w.Author, cmp.Or(w.Before, w.Author)} {
		p.keys[i] = keyOf(author, w.Created)
		p.ids[i] = identityOf(p.keys[i], w.Content)
	}
	return p
}

func (w want) is(id identity) bool { return w.ids[0] == id || w.ids[1] == id }

// have is a Have as it is compared.
type have struct {
	Have
	key key
	id  identity
}

func haveOf(h Have) have {
	k := keyOf(h.Author, h.Created)
	return have{Have: h, key: k, id: identityOf(k, h.Content)}
}
