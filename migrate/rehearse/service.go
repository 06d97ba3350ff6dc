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

// namePrefix is how the service of a rehearsal begins to be called.
const namePrefix = "chatbridge rehearsal "

func nameOf(token string) string { return namePrefix + token }

// landing is how long a create of a service that had no answer is looked for. No
// document says how late a write can land; late-append measures it for as long.
const landing = 2 * time.Minute

// lookEvery is the time between two looks.
const lookEvery = 10 * time.Second

// create makes the service, which is recorded first, and turns its push
// notifications off. The create itself is not cut off when the experiments are to
// end: it would leave a service that nobody knows the SID of.
func (s *session) create(ctx, work context.Context) error {
	if work.Err() != nil {
		return context.Cause(work)
	}
	t := s.Token()
	s.made = Made{AccountSID: s.Account, Region: s.Region, Host: s.Host, Token: t, Name: nameOf(t), Asked: s.Now().UTC()}
	if err := s.Record.Put(s.made); err != nil {
		s.made = Made{}
		return err
	}
	r, err := s.try(ctx, migrate.Trial{Host: migrate.TargetConversations, Method: http.MethodPost, Target: "/v1/Services", Form: form("FriendlyName", s.made.Name)})
	sid := ""
	switch {
	case err == nil && r.Status == http.StatusCreated:
		sid = sidIn(gjson.ParseBytes(r.Body), "IS")
	case err == nil && r.Status >= 400:
		// Nothing was made.
		err = serviceRefused(r)
	}
	definite := err != nil && migrate.KindOf(err) != migrate.InDoubt && migrate.KindOf(err) != migrate.Interrupted
	if definite {
		s.made = Made{}
		return errors.Join(err, s.Record.Forget())
	}
	if sid == "" {
		if sid, err = s.awaited(work, err); err != nil {
			return err
		}
	}
	s.made.ServiceSID = sid
	if err := s.Record.Put(s.made); err != nil {
		return err
	}
	if err := s.noteRoles(work); err != nil {
		return err
	}
	return s.mute(work)
}

// noteRoles records the roles that the new service has by itself.
func (s *session) noteRoles(ctx context.Context) error {
	roles, err := s.list(ctx, migrate.TargetConversations, s.at("Roles"))
	if err != nil {
		return err
	}
	for _, one := range roles {
		s.made.Roles = append(s.made.Roles, one.Get("sid").String())
	}
	return s.Record.Put(s.made)
}

// sidIn is the SID of a resource, and empty if it has none of that form: it becomes
// part of a path.
func sidIn(one gjson.Result, prefix string) string {
	sid := one.Get("sid").String()
	if len(sid) != 34 || !sidForm.MatchString(sid) || sid[:2] != prefix {
		return ""
	}
	return sid
}

func serviceRefused(r migrate.ProbeReply) error {
	e := &migrate.Error{Op: "create service", Kind: migrate.Refused, Code: r.Code(), Err: fmt.Errorf("it was refused (%s)", says(r))}
	switch {
	case r.Code() == migrate.CodeServiceLimit:
		e.Err = fmt.Errorf("the account has as many services as it may have (%s)", says(r))
		e.Hint = "delete a service that nobody needs, or ask Twilio Support to raise the limit, then run again"
	case r.Code() == migrate.CodeKeyRestricted || r.Status == http.StatusForbidden:
		e.Kind, e.Hint = migrate.Credentials, "use the auth token, or a key that may create and delete services, users, roles and conversations"
	}
	return e
}

// awaited looks for a service whose create had no answer.
func (s *session) awaited(ctx context.Context, cause error) (string, error) {
	found, err := s.named(ctx, s.made)
	if err == nil && len(found) == 1 {
		return found[0], nil
	}
	if ctx.Err() != nil {
		return "", context.Cause(ctx)
	}
	if cause == nil {
		cause = errors.New("the create of the service was answered without its SID")
	}
	return "", &migrate.Error{Op: "create service", Kind: migrate.InDoubt, Err: cause,
		Hint: "it may be there: look for it and remove it with chatbridge rehearse --clean"}
}

// named are the SIDs of the services that bear the recorded name. It looks until
// there is one, or until a create without an answer cannot land any more.
func (s *session) named(ctx context.Context, m Made) (sids []string, err error) {
	for {
		services, err := s.list(ctx, migrate.TargetConversations, "/v1/Services")
		if err != nil {
			return nil, err
		}
		for _, one := range services {
			if sid := sidIn(one, "IS"); sid != "" && one.Get("friendly_name").String() == m.Name {
				sids = append(sids, sid)
			}
		}
		left := m.Asked.Add(landing).Sub(s.Now())
		if len(sids) > 0 || left <= 0 {
			return sids, nil
		}
		if err := s.pause(ctx, min(left, lookEvery), "the create of a service had no answer, and may still land"); err != nil {
			return nil, err
		}
	}
}

// mute turns push notifications off, and makes sure of it.
func (s *session) mute(ctx context.Context) error {
	path := s.at("Configuration", "Notifications")
	off := form("NewMessage.Enabled", "false", "AddedToConversation.Enabled", "false", "RemovedFromConversation.Enabled", "false", "LogEnabled", "false")
	if _, err := s.created(ctx, path, off); err != nil {
		return fmt.Errorf("turn push notifications off: %w", err)
	}
	now, err := s.one(ctx, migrate.TargetConversations, path)
	if err != nil {
		return fmt.Errorf("turn push notifications off: %w", err)
	}
	for _, event := range []string{"new_message", "added_to_conversation", "removed_from_conversation"} {
		if now.Get(event + ".enabled").Bool() {
			return &migrate.Error{Op: "turn push notifications off", Kind: migrate.Refused, SID: s.made.ServiceSID, Err: fmt.Errorf("%s stays on", event),
				Hint: "without that no message is written; look at the notification settings in the Twilio Console"}
		}
	}
	return nil
}
