package rehearse

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/tidwall/gjson"

	"chatbridge/migrate"
)

// Cleaned is what Clean did.
type Cleaned struct {
	SchemaVersion int      `json:"schema_version"`
	Command       string   `json:"command"` // rehearse-clean
	Recorded      bool     `json:"recorded"`
	Name          string   `json:"friendly_name,omitempty"`
	Removed       []string `json:"removed"` // SIDs of services, proved to be gone
	// Others are services that are named like those of rehearsals and are not
	// recorded here. They are never touched.
	Others []string `json:"others"`
}

// Nothing is what is cleaned where nothing is recorded.
func Nothing() Cleaned {
	return Cleaned{SchemaVersion: migrate.SchemaVersion, Command: "rehearse-clean", Removed: []string{}, Others: []string{}}
}

// Clean removes the service of a rehearsal that was kept, or did not live to remove
// it, and forgets the record. If its create had no answer it looks for it until it
// cannot land any more, two minutes after it was asked for.
func (r *Rehearser) Clean(ctx context.Context, m Made) (Cleaned, error) {
	s := newSession(r)
	s.made = m
	got := Nothing()
	got.Recorded, got.Name = true, m.Name
	if err := r.here(m); err != nil {
		return got, err
	}
	sids := []string{m.ServiceSID}
	if m.ServiceSID == "" {
		var err error
		if sids, err = s.named(ctx, m); err != nil {
			return got, err
		}
	}
	for _, sid := range sids {
		s.made.ServiceSID = sid
		there, err := s.removeOne(ctx)
		if err != nil {
			return got, err
		}
		if there {
			got.Removed = append(got.Removed, sid)
		}
	}
	return got, s.Record.Forget()
}

// here refuses to look for a service in another account, region or host than it
// was made in, where it would be found to be gone.
func (r *Rehearser) here(m Made) error {
	if m.AccountSID == r.Account && m.Region == r.Region && m.Host == r.Host {
		return nil
	}
	return &migrate.Error{Op: "remove service", Kind: migrate.Usage, SID: m.ServiceSID,
		Err:  fmt.Errorf("it was made in account %s, region %s, at %s, and this is account %s, region %s, at %s", m.AccountSID, m.Region, m.Host, r.Account, r.Region, r.Host),
		Hint: "use the credentials, region and address that it was made with, then: chatbridge rehearse --clean"}
}

// Others are the SIDs of services that are named like those of rehearsals.
func (r *Rehearser) Others(ctx context.Context, but string) ([]string, error) {
	s, sids := newSession(r), []string{}
	services, err := s.list(ctx, migrate.TargetConversations, "/v1/Services")
	for _, one := range services {
		name := one.Get("friendly_name").String()
		if sid := sidIn(one, "IS"); sid != "" && sid != but && len(name) > len(namePrefix) && name[:len(namePrefix)] == namePrefix {
			sids = append(sids, sid)
		}
	}
	return sids, err
}

// remove removes the service of this run, and forgets it.
func (s *session) remove(ctx context.Context) error {
	if _, err := s.removeOne(ctx); err != nil {
		return err
	}
	return s.Record.Forget()
}

// removeOne deletes the service if it is proved to be ours, and proves that it is
// gone. there is false if it was gone already.
func (s *session) removeOne(ctx context.Context) (there bool, err error) {
	defer func() {
		if err != nil {
			err = &migrate.Error{Op: "remove service", Kind: kindOr(err, migrate.Failed), SID: s.made.ServiceSID, Err: err, Hint: hintOr(err)}
		}
	}()
	r, err := s.get(ctx, migrate.TargetConversations, s.at())
	switch {
	case err != nil:
		return false, err
	case r.Status == http.StatusNotFound:
		return false, s.gone(ctx)
	case !r.OK():
		return false, &refused{http.MethodGet, shapeOf(s.at()), r.Status, r.Code()}
	}
	if name := gjson.GetBytes(r.Body, "friendly_name").String(); name != s.made.Name {
		return true, &strange{fmt.Sprintf("it is not named %q any more", s.made.Name)}
	}
	if err := s.inventory(ctx); err != nil {
		return true, err
	}
	if err := s.drop(ctx, s.at()); err != nil {
		return true, err
	}
	return true, s.gone(ctx)
}

// proving is how long a deleted service may still be shown: lists lag.
const proving = time.Minute

// gone proves that the service is gone: by its SID, and from the list.
func (s *session) gone(ctx context.Context) error {
	began := s.Now()
	for {
		shown, err := s.shown(ctx)
		if err != nil || shown == "" {
			return err
		}
		if s.Now().Sub(began) >= proving {
			return &migrate.Error{Op: "remove service", Kind: migrate.Unavailable, Err: fmt.Errorf("it was deleted, and %s still has it", shown)}
		}
		if err := s.pause(ctx, 2*time.Second, "a deleted service is still shown"); err != nil {
			return err
		}
	}
}

// shown is who still shows the service; empty if nobody does.
func (s *session) shown(ctx context.Context) (string, error) {
	r, err := s.get(ctx, migrate.TargetConversations, s.at())
	switch {
	case err != nil:
		return "", err
	case r.OK():
		return "its address", nil
	case r.Status != http.StatusNotFound:
		return "", &refused{http.MethodGet, shapeOf(s.at()), r.Status, r.Code()}
	}
	services, err := s.list(ctx, migrate.TargetConversations, "/v1/Services")
	for _, one := range services {
		if one.Get("sid").String() == s.made.ServiceSID {
			return "the list of services", nil
		}
	}
	return "", err
}

func kindOr(err error, kind migrate.Kind) migrate.Kind {
	if _, ok := errors.AsType[*strange](err); ok {
		return migrate.Refused
	}
	if _, ok := errors.AsType[*migrate.Error](err); ok {
		return migrate.KindOf(err)
	}
	return kind
}

func hintOr(err error) string {
	if _, ok := errors.AsType[*strange](err); ok {
		return "look at the service in the Twilio Console, and delete there what is not needed; then: chatbridge rehearse --clean"
	}
	if k := migrate.KindOf(err); k == migrate.Credentials {
		return migrate.HintOf(err)
	}
	return "to look for it again and remove it: chatbridge rehearse --clean"
}
