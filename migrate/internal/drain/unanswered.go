package drain

import (
	"sync"
	"time"
)

// Unanswered is when a write last had no answer: until settle after that it may still
// land. The zero value knows of none.
type Unanswered struct {
	mu sync.Mutex
	at time.Time
}

// Now notes that a write has no answer.
func (u *Unanswered) Now() { u.Since(time.Now()) }

// Since notes that a write had none by then.
func (u *Unanswered) Since(at time.Time) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if at.After(u.at) {
		u.at = at
	}
}

// Last is when one last had none; zero if each was answered.
func (u *Unanswered) Last() time.Time {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.at
}
