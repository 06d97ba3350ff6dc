package doctor

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/mail"
	"slices"
	"strings"
	"time"

	"chatbridge/mapping"
	"chatbridge/migrate"
)

// listed is where the records of a kind are listed, and how one of them is
// fetched.
func (e *session) listed(ctx context.Context, kind string) (records []resource, at func(resource) string, err error) {
	s, err := e.sample(ctx)
	if err != nil {
		return nil, nil, err
	}
	if kind == "messages" {
		for _, c := range s.channels {
			p, err := e.readPage(ctx, migrate.SourceChat, messagesOf(c))
			if err != nil {
				return nil, nil, err
			}
			records = append(records, p.records...)
		}
		return records, func(r resource) string {
			return "/v1/Services/" + r.sidIn("service_sid") + "/Channels/" + r.sidIn("channel_sid") + "/Messages/" + r.sid()
		}, nil
	}
	segment := map[string]string{"channels": "Channels", "users": "Users"}[kind]
	for _, service := range s.services {
		target := "/v1/Services/" + service.sid() + "/" + segment + "?PageSize=1000"
		if kind == "channels" {
			target = channelsOf("v1", service.sid(), "public", "private")
		}
		p, err := e.readPage(ctx, migrate.SourceChat, target)
		if err != nil {
			return nil, nil, err
		}
		records = append(records, p.records...)
	}
	return records, func(r resource) string {
		return "/v1/Services/" + r.sidIn("service_sid") + "/" + segment + "/" + r.sid()
	}, nil
}

// attributesOf compares what a list shows with what a single fetch does.
func attributesOf(kind string) func(*session, context.Context) (finding, error) {
	return func(e *session, ctx context.Context) (finding, error) {
		records, at, err := e.listed(ctx, kind)
		if err != nil {
			return finding{}, err
		}
		var shown, hidden, empty int
		var hiddenSet, fetched int
		left := map[bool]int{true: examFetches, false: examFetches}
		for _, r := range records {
			null, unset := r.null("attributes"), r.text("attributes") == "{}"
			switch {
			case null:
				hidden++
			case unset:
				empty++
			default:
				shown++
				continue
			}
			if left[null] == 0 || r.sid() == "" || r.sidIn("service_sid") == "" {
				continue
			}
			left[null]--
			whole, err := e.one(ctx, migrate.SourceChat, at(r))
			if refusal, no := errors.AsType[*refusedRead](err); no && refusal.status == 404 {
				continue // deleted meanwhile
			}
			if err != nil {
				return finding{}, err
			}
			fetched++
			set := !whole.null("attributes") && whole.text("attributes") != "{}"
			if set && unset {
				return dangerous("do not migrate from v1: attributes would be lost; read through Chat v2 (--source-api v2)",
					"a list shows {} for %s, although its attributes are set", r.sid())
			}
			if set {
				hiddenSet++
			}
		}
		counts := fmt.Sprintf("of %d listed: %d null, %d {}, %d shown; %d fetched", len(records), hidden, empty, shown, fetched)
		switch {
		case hiddenSet > 0:
			return asAssumed("%s, null is shown", counts)
		case shown > 0:
			return harmless("nothing to do: chatbridge does not fetch again what a list shows", "%s", counts)
		case hidden > 0:
			return harmless("nothing to do: chatbridge fetches each null with one request", "%s, null stays null or is {}", counts)
		case empty > 0:
			return notSeen("%s: none are set", counts), nil
		}
		return notSeen("there are no %s", kind), nil
	}
}

// dates looks at every date of the records that were read.
func (e *session) dates(context.Context) (finding, error) {
	forms := map[string]int{}
	var odd string
	for _, records := range e.seenV1 {
		for _, r := range records {
			for name := range r {
				if !strings.HasPrefix(name, "date_") && !strings.HasSuffix(name, "_timestamp") || r.text(name) == "" {
					continue
				}
				form := dateForm(r.text(name))
				forms[form]++
				if form == otherDate {
					odd = r.text(name)
				}
			}
		}
	}
	var counts []string
	for _, form := range slices.Sorted(maps.Keys(forms)) {
		counts = append(counts, fmt.Sprintf("%d %s", forms[form], form))
	}
	text := strings.Join(counts, ", ")
	switch {
	case len(forms) == 0:
		return notSeen("no record with a date was read"), nil
	case forms[otherDate] > 0:
		return dangerous("these records cannot be read: report what was seen", "%s, such as %q", text, odd[:min(len(odd), 40)])
	case forms[fineDate] > 0:
		return harmless("chatbridge sends dates to the second and cuts off the rest", "%s", text)
	case forms[mailDate] > 0:
		return harmless("nothing to do: chatbridge reads both forms", "%s", text)
	}
	return asAssumed("%s", text)
}

// Forms of a date.
const (
	wholeDate = "ISO 8601 to the second"
	fineDate  = "ISO 8601, finer than a second"
	mailDate  = "RFC 2822"
	otherDate = "of neither form"
)

func dateForm(s string) string {
	if at, err := time.Parse(time.RFC3339Nano, s); err == nil {
		if at.Nanosecond() != 0 {
			return fineDate
		}
		return wholeDate
	}
	if _, err := mail.ParseDate(s); err == nil {
		return mailDate
	}
	return otherDate
}

// fields looks for fields that nobody wrote down, and for those of a kind that
// no record has.
func (e *session) fields(context.Context) (finding, error) {
	var unknown, absent []string
	looked := 0
	for _, kind := range slices.Sorted(maps.Keys(e.seenV1)) {
		documented := mapping.V1Fields(strings.TrimSuffix(kind, "s"))
		found := map[string]bool{}
		for _, r := range e.seenV1[kind] {
			looked++
			for name := range r {
				found[name] = true
			}
		}
		if len(found) == 0 {
			continue
		}
		for _, name := range slices.Sorted(maps.Keys(found)) {
			if !slices.Contains(documented, name) {
				unknown = append(unknown, kind+"."+name)
			}
		}
		for _, name := range documented {
			if !found[name] {
				absent = append(absent, kind+"."+name)
			}
		}
	}
	switch {
	case looked == 0:
		return notSeen("no record was read"), nil
	case len(unknown) > 0:
		return harmless("an export keeps them, a migration does not: check whether they matter to you", "not documented: %s", brief(unknown))
	case len(absent) > 0:
		return harmless("nothing to do: chatbridge reads a missing field as not set", "in no record: %s", brief(absent))
	}
	return asAssumed("%d records of %d kinds", looked, len(e.seenV1))
}

// brief is a list of names that fits into a report.
func brief(names []string) string {
	const most = 8
	if len(names) <= most {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
}
