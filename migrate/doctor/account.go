package doctor

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"chatbridge/migrate"
)

// admitted makes sure that both hosts take the credentials, and that the services
// that were named are there. All that follows would say nothing if not.
func (e *session) admitted(ctx context.Context) error {
	for _, ask := range []struct {
		host       migrate.ProbeHost
		target, op string
	}{
		{migrate.SourceChat, "/v1/Services?PageSize=1", "list services"},
		{migrate.TargetConversations, "/v1/Configuration", "read account configuration"},
	} {
		r, err := e.get(ctx, ask.host, ask.target)
		if err != nil {
			return err
		}
		if r.Status == http.StatusUnauthorized {
			refusal, _ := errors.AsType[*migrate.Error](r.Refusal)
			if refusal == nil {
				refusal = &migrate.Error{Kind: migrate.Credentials, Code: r.Code(), Err: fmt.Errorf("the credentials were refused (HTTP %d)", r.Status)}
			}
			own := *refusal
			own.Op = ask.op
			return &own
		}
	}
	if len(e.Services) == 0 {
		return nil
	}
	_, err := e.sample(ctx)
	if _, refused := errors.AsType[*refusedRead](err); refused {
		return nil // the probe of Chat v1 says so
	}
	return err
}

func (e *session) chatV1(ctx context.Context) (finding, error) {
	const advice = "read through Chat v2 (--source-api v2), or from an archive (--from-archive)"
	p, err := e.readPage(ctx, migrate.SourceChat, "/v1/Services?PageSize=1")
	if refusal, no := errors.AsType[*refusedRead](err); no {
		newer, err := e.get(ctx, migrate.SourceChat, "/v2/Services?PageSize=1")
		if err != nil {
			return finding{}, err
		}
		return dangerous(advice, "%s; Chat v2 answers HTTP %d", refusal.Error(), newer.Status)
	}
	if err != nil {
		return finding{}, err
	}
	if len(p.records) == 0 {
		return asAssumed("it answers; the account has no services")
	}
	// Both hosts list services, and only Chat knows channels.
	_, err = e.readPage(ctx, migrate.SourceChat, channelsOf("v1", p.records[0].sid()))
	if refusal, no := errors.AsType[*refusedRead](err); no && refusal.status == http.StatusNotFound {
		return dangerous("check that --chat-url is the address of Chat", "services are listed, but their channels cannot be read")
	}
	if err != nil {
		return finding{}, err
	}
	return asAssumed("it answers")
}

func (e *session) timers(ctx context.Context) (finding, error) {
	got, err := e.one(ctx, migrate.TargetConversations, "/v1/Configuration")
	if err != nil {
		return finding{}, err
	}
	inactive, closed := got.text("default_inactive_timer"), got.text("default_closed_timer")
	if inactive == "" && closed == "" {
		return asAssumed("there are none")
	}
	return dangerous("clear the default timers in the Twilio Console (Conversations, Defaults); migrate refuses to start until then",
		"inactive %q, closed %q: migrated conversations would be closed for good", inactive, closed)
}

// targetServices are those of the target that are looked at: a few, and where
// services are named and the target has them, these.
func (e *session) targetServices(ctx context.Context) ([]resource, error) {
	all, _, err := e.list(ctx, migrate.TargetConversations, "/v1/Services?PageSize=100")
	if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(all, func(s resource) bool { return s.sid() == "" })
	slices.SortStableFunc(all, func(a, b resource) int {
		switch na, nb := slices.Contains(e.Services, a.sid()), slices.Contains(e.Services, b.sid()); {
		case na && !nb:
			return -1
		case nb && !na:
			return 1
		}
		return 0
	})
	return all[:min(len(all), examServices)], nil
}

func (e *session) notifications(ctx context.Context) (finding, error) {
	services, err := e.targetServices(ctx)
	if err != nil {
		return finding{}, err
	}
	var on []string
	for _, s := range services {
		got, err := e.one(ctx, migrate.TargetConversations, "/v1/Services/"+s.sid()+"/Configuration/Notifications")
		if err != nil {
			return finding{}, err
		}
		for _, event := range []string{"new_message", "added_to_conversation", "removed_from_conversation"} {
			if strings.Contains(strings.ReplaceAll(string(got[event]), " ", ""), `"enabled":true`) {
				on = append(on, s.sid()+" "+event)
			}
		}
	}
	switch {
	case len(services) == 0:
		return notSeen("the target account has no services"), nil
	case len(on) > 0:
		return asAssumed("on: %s", brief(on))
	}
	return asAssumed("off in %d services", len(services))
}

func (e *session) targetLimits(ctx context.Context) (finding, error) {
	services, err := e.targetServices(ctx)
	if err != nil {
		return finding{}, err
	}
	const advice = "raise the limits of the new service in the Twilio Console first: channels over them are stopped and named"
	var seen []string
	for _, s := range services {
		got, err := e.one(ctx, migrate.TargetChat, "/v2/Services/"+s.sid())
		if refusal, no := errors.AsType[*refusedRead](err); no {
			return harmless(advice, "%s", refusal.Error())
		}
		if migrate.KindOf(err) == migrate.Usage {
			return notSeen("%s", err), nil
		}
		if err != nil {
			return finding{}, err
		}
		limits := got.object("limits")
		if limits["channel_members"] == nil || limits["user_channels"] == nil {
			return harmless(advice, "Chat v2 shows %s without its limits", s.sid())
		}
		seen = append(seen, fmt.Sprintf("%s allows %d members per channel and %d channels per user", s.sid(), limits.number("channel_members"), limits.number("user_channels")))
	}
	if len(seen) == 0 {
		return notSeen("the target account has no services"), nil
	}
	return asAssumed("%s", strings.Join(seen, "; "))
}

func (e *session) concurrency(context.Context) (finding, error) {
	if e.inUse == 0 {
		return harmless("nothing to do: chatbridge sends fewer requests when Twilio refuses some", "no reply has Twilio-Concurrent-Requests")
	}
	return asAssumed("%d of %d replies have Twilio-Concurrent-Requests", e.inUse, e.asked)
}

// clockTolerance is how far this machine's clock may be off before it is told.
const clockTolerance = 5 * time.Second

func (e *session) clock(context.Context) (finding, error) {
	if len(e.skew) == 0 {
		return notSeen("no reply has a Date"), nil
	}
	slices.Sort(e.skew)
	switch off := e.skew[len(e.skew)/2].Round(time.Second); {
	case off > clockTolerance:
		return harmless("set the clock of this machine: logs and reports use its time", "it is %s behind", off)
	case off < -clockTolerance:
		return harmless("set the clock of this machine: logs and reports use its time", "it is %s ahead", -off)
	}
	return asAssumed("it agrees with %d replies", len(e.skew))
}

// permissions comes last, when everything was asked for once. What is left is
// what only a migration reads.
func (e *session) permissions(ctx context.Context) (finding, error) {
	services, err := e.targetServices(ctx)
	if _, refused := errors.AsType[*refusedRead](err); err != nil && !refused {
		return finding{}, err
	}
	for _, s := range services {
		for _, part := range []string{"", "/Configuration", "/Configuration/Webhooks"} {
			if _, err := e.get(ctx, migrate.TargetConversations, "/v1/Services/"+s.sid()+part); err != nil {
				return finding{}, err
			}
		}
	}
	var ending, alone []string
	for _, p := range e.lacking {
		if migrate.CostsItself(p.action) {
			alone = append(alone, p.String())
		} else {
			ending = append(ending, p.String())
		}
	}
	slices.Sort(ending)
	slices.Sort(alone)
	switch {
	case len(ending) > 0:
		return dangerous("give the auth token of the account, or an API key that may do this; a migration ends without it", "refused: %s", strings.Join(append(ending, alone...), "; "))
	case len(alone) > 0:
		return harmless("what these would show is left out and reported; nothing else is", "refused: %s", strings.Join(alone, "; "))
	}
	return asAssumed("%d requests, none refused for lack of a permission", e.asked)
}
