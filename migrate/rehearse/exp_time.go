package rehearse

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"chatbridge/migrate"
)

// leaves is what the documented limit of 30 writes a second leaves for one of
// writes that come one after the other.
const leaves = time.Second / migrate.DefaultAPS

// writeTimes times a few writes of each kind.
func (s *session) writeTimes(ctx context.Context) (finding, error) {
	const each = 5
	room, err := s.room(ctx, "Timed")
	if err != nil {
		return finding{}, err
	}
	for i := range each {
		for _, one := range []struct {
			kind, path string
			form       url.Values
		}{
			{migrate.KindRoles, s.at("Roles"), form("FriendlyName", s.name(fmt.Sprint("Timed ", i)), "Type", "conversation", "Permission", "sendMessage")},
			{migrate.KindUsers, s.at("Users"), form("Identity", s.identity(fmt.Sprint("timed", i)))},
			{migrate.KindChannels, s.at("Conversations"), form("FriendlyName", s.name(fmt.Sprint("Timed ", i)))},
			{migrate.KindMembers, s.at("Conversations", room, "Participants"), form("Identity", s.identity(fmt.Sprint("timed", i)))},
			{migrate.KindMessages, s.at("Conversations", room, "Messages"), form("Author", s.people[i%3], "Body", "how long does this take?")},
		} {
			if err := s.timed(ctx, one.kind, one.path, one.form); err != nil {
				return finding{}, err
			}
		}
	}
	medians := s.medians()
	var seen []string
	for _, kind := range slices.Sorted(maps.Keys(medians)) {
		seen = append(seen, fmt.Sprintf("%s %.3f s", kind, medians[kind]))
	}
	took := median(s.writes[migrate.KindMessages])
	switch {
	case took == 0 && len(seen) == 0:
		return unseen("no write was carried out"), nil
	case took <= leaves:
		return asAssumed("medians: %s", strings.Join(seen, ", ")), nil
	}
	return harmless(fmt.Sprintf("messages of one channel go one after the other: no more than %.0f an hour arrive in it, whatever the limits", 3600/took.Seconds()),
		"medians: %s", strings.Join(seen, ", ")), nil
}

// Of late-append.
const (
	cuts      = 50              // connections that are cut
	watch     = 2 * time.Minute // after the last one
	closely   = 15 * time.Second
	cutsALook = 5 // between two looks, so that what landed at once is not taken for late
)

// cut is a message whose connection was cut.
type cut struct {
	at     time.Time
	landed time.Duration // after the cut; below zero if it was not seen
}

// lateAppend cuts connections, from at once to later than an answer takes, and
// watches what lands.
func (s *session) lateAppend(ctx context.Context) (finding, error) {
	room, err := s.room(ctx, "Late")
	if err != nil {
		return finding{}, err
	}
	path := s.at("Conversations", room, "Messages")
	usual := median(s.writes[migrate.KindMessages])
	doubtful, answered := map[string]*cut{}, 0
	for i := range cuts {
		text := fmt.Sprintf("cut %d %s", i, s.made.Token)
		after := max(time.Nanosecond, usual*time.Duration(i%10)*12/100)
		_, err := s.write(ctx, migrate.Trial{Method: http.MethodPost, Target: path, Form: form("Author", s.people[0], "Body", text), Cut: after})
		switch {
		case ctx.Err() != nil:
			return finding{}, context.Cause(ctx)
		case err == nil:
			answered++
		case migrate.KindOf(err) == migrate.InDoubt:
			doubtful[text] = &cut{s.Now(), -1}
		case migrate.KindOf(err) != migrate.Unavailable: // that one was not sent
			return finding{}, err
		}
		if i%cutsALook == cutsALook-1 {
			if err := s.look(ctx, path, doubtful); err != nil {
				return finding{}, err
			}
		}
	}
	for until := s.Now().Add(watch); s.Now().Before(until); {
		every := 5 * time.Second
		if until.Sub(s.Now()) > watch-closely {
			every = time.Second
		}
		if err := s.pause(ctx, every, "messages whose connections were cut may still land"); err != nil {
			return finding{}, err
		}
		if err := s.look(ctx, path, doubtful); err != nil {
			return finding{}, err
		}
	}
	return lateness(doubtful, answered), nil
}

// look notes which messages are there now that were not before.
func (s *session) look(ctx context.Context, path string, doubtful map[string]*cut) error {
	there, err := s.list(ctx, migrate.TargetConversations, path+"?Order=desc")
	for _, m := range there {
		if c := doubtful[m.Get("body").String()]; c != nil && c.landed < 0 {
			c.landed = max(0, s.Now().Sub(c.at))
		}
	}
	return err
}

// margin is by how much the settle time exceeds the latest that was seen: the next
// one may be later.
const margin = 2

func lateness(doubtful map[string]*cut, answered int) finding {
	landed, latest := 0, time.Duration(0)
	for _, c := range doubtful {
		if c.landed >= 0 {
			landed++
			latest = max(latest, c.landed)
		}
	}
	if len(doubtful) == 0 {
		return unseen("%d of %d requests were answered before their connection was cut", answered, cuts)
	}
	last := ""
	if landed > 0 {
		last = fmt.Sprintf(", the last one %s after its cut", latest.Round(100*time.Millisecond))
	}
	return settling(latest, fmt.Sprintf("%d of %d connections were cut before an answer came: %d messages landed%s, and %d did not within %s",
		len(doubtful), cuts, landed, last, len(doubtful)-landed, short(watch)))
}

// settling is a finding about something that showed so late. What is later than the
// settle time is dangerous; what is too near to it only lengthens it.
func settling(latest time.Duration, seen string) finding {
	f := asAssumed("%s", seen)
	if latest >= time.Second {
		f.settle = (margin*latest + time.Second - 1).Truncate(time.Second)
	}
	if f.settle > migrate.DefaultSettle {
		f.follows = fmt.Sprintf("a run has to wait longer for what has no answer: migrate takes %s from this file; without it give --settle %s", short(f.settle), short(f.settle))
	}
	if latest >= migrate.DefaultSettle {
		f.verdict = migrate.Dangerous
	}
	return f
}

// short is a duration without seconds that are none: 2m and not 2m0s.
func short(d time.Duration) string {
	if text, whole := strings.CutSuffix(d.String(), "m0s"); whole {
		return text + "m"
	}
	return d.String()
}

// nameRace creates two conversations of one name at the same moment, a few times.
func (s *session) nameRace(ctx context.Context) (finding, error) {
	const rounds = 3
	both, tried := 0, 0
	codes := map[string]bool{}
	for i := range rounds {
		name := fmt.Sprintf("race-%d-%s", i, s.made.Token)
		type answer struct {
			r   migrate.ProbeReply
			err error
		}
		answers := make(chan answer, 2)
		for range 2 {
			go func() {
				r, err := s.post(ctx, s.at("Conversations"), form("FriendlyName", name, "UniqueName", name))
				answers <- answer{r, err}
			}()
		}
		first, second := <-answers, <-answers
		if first.err != nil || second.err != nil {
			if ctx.Err() != nil || first.err != nil && second.err != nil {
				return finding{}, cmp.Or(first.err, second.err)
			}
			continue
		}
		tried++
		made := map[string]bool{}
		for _, a := range []answer{first, second} {
			if a.r.OK() {
				made[sidIn(gjson.ParseBytes(a.r.Body), "CH")] = true
			} else {
				codes[says(a.r)] = true
			}
		}
		if len(made) == 2 {
			both++
		}
	}
	switch {
	case tried == 0:
		return unseen("not one of %d pairs was answered", rounds), nil
	case both > 0:
		return dangerous("do not migrate into this account: two runs at once could both hold the claim on a service, and write everything twice",
			"both were created in %d of %d pairs", both, tried).stopping("two runs can hold the claim on one service"), nil
	}
	return asAssumed("one of two was refused in each of %d pairs (%s)", tried, strings.Join(slices.Sorted(maps.Keys(codes)), ", ")), nil
}

// nameReuse takes a unique name again as soon as its conversation is deleted.
func (s *session) nameReuse(ctx context.Context) (finding, error) {
	const most = time.Minute
	f := form("FriendlyName", s.name("Again"), "UniqueName", "again-"+s.made.Token)
	first, err := s.created(ctx, s.at("Conversations"), f)
	if err != nil {
		return finding{}, err
	}
	if err := s.drop(ctx, s.at("Conversations", first.Get("sid").String())); err != nil {
		return finding{}, err
	}
	from := s.Now()
	for {
		r, err := s.post(ctx, s.at("Conversations"), f)
		held := s.Now().Sub(from)
		switch {
		case err != nil:
			return finding{}, err
		case r.OK() && held < 2*time.Second:
			return asAssumed("it was free at once"), nil
		case r.OK():
			return harmless("a run that takes over a claim somebody left may have to be started again after that time", "it was free after %s", held.Round(time.Second)), nil
		case held >= most:
			return dangerous("a claim that was left by a run which was killed cannot be taken over by another ledger; go on with the ledger that left it",
				"it is still refused after %s (%s)", most, says(r)), nil
		}
		if err := s.pause(ctx, 5*time.Second, "the name of a deleted conversation is still taken"); err != nil {
			return finding{}, err
		}
	}
}

// Of clock: what is told, and what a person's message may be dated before the birth
// of its conversation at the most (package origin).
const (
	tolerance = 5 * time.Second
	birth     = time.Minute
)

// clock compares date_updated with the Date of the reply that shows it.
func (s *session) clock(ctx context.Context) (finding, error) {
	room, err := s.room(ctx, "Clock")
	if err != nil {
		return finding{}, err
	}
	var off []time.Duration
	for i := range 3 {
		r, err := s.post(ctx, s.at("Conversations", room), form("Attributes", fmt.Sprintf(`{"tick":%d}`, i)))
		if err != nil {
			return finding{}, err
		}
		said, noDate := http.ParseTime(r.Header.Get("Date"))
		kept, noUpdate := time.Parse(time.RFC3339, gjson.GetBytes(r.Body, "date_updated").String())
		if r.OK() && noDate == nil && noUpdate == nil {
			off = append(off, kept.Sub(said))
		}
	}
	if len(off) == 0 {
		return unseen("no reply has both dates"), nil
	}
	switch by := median(off); {
	case by < -birth:
		return dangerous("do not migrate into this account: what people write during a migration would be taken for older than it is",
			"date_updated is %s behind the Date of the same reply", -by).stopping("its messages are dated by a clock that is far behind that of its replies"), nil
	case by < -tolerance:
		return dangerous("start no second run while one may be active: its claim looks older than it is", "date_updated is %s behind the Date of the same reply", -by), nil
	case by > tolerance:
		return harmless("a run that finds the claim of another one waits that much longer", "date_updated is %s ahead of the Date of the same reply", by), nil
	}
	return asAssumed("they agree to %s in %d replies", tolerance, len(off)), nil
}

// listLag looks how long lists do not show what was created.
func (s *session) listLag(ctx context.Context) (finding, error) {
	const most = 2 * time.Minute
	room, err := s.room(ctx, "Lag")
	if err != nil {
		return finding{}, err
	}
	var seen []string
	worst := time.Duration(0)
	for _, one := range []struct {
		kind, list string
		form       []string
	}{
		{"message", s.at("Conversations", room, "Messages"), []string{"Author", s.people[0], "Body", "is it there?"}},
		{"participant", s.at("Conversations", room, "Participants"), []string{"Identity", s.people[0]}},
		{"conversation", s.at("Conversations"), []string{"FriendlyName", s.name("Lagging")}},
		{"user", s.at("Users"), []string{"Identity", s.identity("lag")}},
	} {
		made, err := s.created(ctx, one.list, form(one.form...))
		if err != nil {
			return finding{}, err
		}
		from := s.Now()
		for every := 250 * time.Millisecond; ; every = min(2*every, 2*time.Second) {
			there, err := s.list(ctx, migrate.TargetConversations, one.list)
			if err != nil {
				return finding{}, err
			}
			lag := s.Now().Sub(from)
			if slices.ContainsFunc(there, func(x gjson.Result) bool { return x.Get("sid").String() == made.Get("sid").String() }) {
				worst = max(worst, lag)
				seen = append(seen, fmt.Sprintf("%s %s", one.kind, lag.Round(10*time.Millisecond)))
				break
			}
			if lag >= most {
				return dangerous("do not migrate into this account: what arrived cannot be told from what did not",
					"the list does not show a %s %s after it was created", one.kind, most).stopping("its lists do not show what was written"), nil
			}
			if err := s.pause(ctx, every, "a list does not show what was created"); err != nil {
				return finding{}, err
			}
		}
	}
	f := settling(worst, "it was shown after: "+strings.Join(seen, ", "))
	if f.verdict == migrate.AsAssumed && worst >= time.Second {
		f.verdict = migrate.Harmless
		f.follows = cmp.Or(f.follows, "nothing to do: a run waits longer than that before it believes a list")
	}
	return f, nil
}
