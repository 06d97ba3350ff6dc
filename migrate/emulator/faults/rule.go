package faults

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"chatbridge/migrate/emulator"
)

// rule hits the requests of one sort by their number.
type rule struct {
	host     emulator.Host // empty for all
	method   string        // * for any
	resource string        // * for any
	from, to int64
	kinds    []*effect // one of them strikes
	seen     int64
}

// next counts an exchange that matches and returns what hits it, or nil.
func (r *rule) next(x *emulator.Exchange, random *rand.Rand) *effect {
	if r.host != "" && r.host != x.Host || r.method != "*" && r.method != x.Method {
		return nil
	}
	if name, _ := resource(x); r.resource != "*" && r.resource != name {
		return nil
	}
	r.seen++
	if r.seen < r.from || r.seen > r.to {
		return nil
	}
	possible := slices.DeleteFunc(slices.Clone(r.kinds), func(e *effect) bool { return !e.possible(x) })
	if len(possible) == 0 {
		return nil
	}
	return possible[random.IntN(len(possible))]
}

// parseRule reads what stands in the parentheses of nth(…)=kind.
func parseRule(arguments, kind string) (*rule, error) {
	request, which, found := strings.Cut(arguments, ",")
	if !found {
		return nil, fmt.Errorf("rule nth(%s): want nth([HOST] METHOD RESOURCE,WHICH)", arguments)
	}
	r := &rule{}
	if err := r.parseRequest(strings.Fields(request)); err != nil {
		return nil, fmt.Errorf("rule nth(%s): %w", arguments, err)
	}
	if err := r.parseWhich(strings.TrimSpace(which)); err != nil {
		return nil, fmt.Errorf("rule nth(%s): %w", arguments, err)
	}
	if !known(kind) {
		return nil, unknownKind(kind)
	}
	for i := range effects {
		if effects[i].kind.In(kind) && r.allows(&effects[i]) {
			r.kinds = append(r.kinds, &effects[i])
		}
	}
	if len(r.kinds) == 0 {
		return nil, fmt.Errorf("rule nth(%s): %s cannot happen to %s %s", arguments, kind, r.method, r.resource)
	}
	return r, nil
}

// allows reports whether an effect is possible for all methods of the rule.
func (r *rule) allows(e *effect) bool {
	switch r.method {
	case "*":
		return e.reads && e.writes
	case http.MethodGet:
		return e.reads
	default:
		return e.writes
	}
}

var (
	hosts   = []string{string(emulator.ChatHost), string(emulator.ConversationsHost), string(emulator.MediaHost), string(emulator.APIHost)}
	methods = []string{http.MethodGet, http.MethodPost, http.MethodDelete, "*"}
)

func (r *rule) parseRequest(words []string) error {
	if len(words) == 3 {
		host := strings.ToLower(words[0])
		if !slices.Contains(hosts, host) {
			return fmt.Errorf("host %q is none of %s", words[0], strings.Join(hosts, ", "))
		}
		r.host, words = emulator.Host(host), words[1:]
	}
	if len(words) != 2 {
		return errors.New("want a method and a resource, such as POST messages")
	}
	r.method, r.resource = strings.ToUpper(words[0]), strings.ToLower(words[1])
	if !slices.Contains(methods, r.method) {
		return fmt.Errorf("method %q is none of %s", words[0], strings.Join(methods, ", "))
	}
	if !knownResource(r.resource) {
		return fmt.Errorf("resource %q is neither *, nor a list such as messages, nor one of its items such as message", words[1])
	}
	return nil
}

func (r *rule) parseWhich(text string) error {
	first, last, ranged := strings.Cut(text, "-")
	from, err := strconv.ParseInt(first, 10, 64)
	to := from
	if err == nil && ranged {
		to = math.MaxInt64
		if last != "" {
			to, err = strconv.ParseInt(last, 10, 64)
		}
	}
	if err != nil || from < 1 || to < from {
		return fmt.Errorf("which request: %q is none of the forms 3, 3-5 and 3-", text)
	}
	r.from, r.to = from, to
	return nil
}
