package mapping

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Choice names one way to treat a case that cannot be carried unchanged.
type Choice string

// Choices. Which of them a code has, and what they mean for it, is said by its
// Rule.
const (
	doStop           Choice = "stop"
	doCopy           Choice = "copy"
	doSkip           Choice = "skip"
	doDrop           Choice = "drop"
	doKeep           Choice = "keep"
	doWrap           Choice = "wrap"
	doTruncate       Choice = "truncate"
	doPlaceholder    Choice = "placeholder"
	doSpace          Choice = "space"
	doMerge          Choice = "merge"
	doReplace        Choice = "replace"
	doOverwrite      Choice = "overwrite"
	doNoStamp        Choice = "nostamp"
	doMinimal        Choice = "minimal"
	doTry            Choice = "try"
	doAdd            Choice = "add"
	doAddParticipant Choice = "add-participant"
	doAppend         Choice = "append"
	doAccept         Choice = "accept"
	doCarry          Choice = "carry"
)

// Rule is one row of the table of codes.
type Rule struct {
	Code     Code     `json:"code"`
	Severity Severity `json:"severity"` // where nothing was chosen
	Meaning  string   `json:"meaning"`  // one line
	// Choices are what a policy can choose from; empty where nothing can be
	// chosen.
	Choices []Option `json:"choices,omitempty"`
	Default Choice   `json:"default,omitempty"`
}

// Option is one choice of a Rule.
type Option struct {
	Choice   Choice   `json:"choice"`
	Severity Severity `json:"severity"` // of a finding treated so
	Meaning  string   `json:"meaning"`  // one line
}

// Policy says which choice to take for a code. A code that is not in it, or
// stands with a choice that its Rule does not have, takes the Default.
type Policy map[Code]Choice

// ParsePolicy reads settings of the form "code=choice". An error names what
// would have been valid. Two settings may repeat each other and not contradict.
func ParsePolicy(settings []string) (Policy, error) {
	p := Policy{}
	for _, s := range settings {
		name, choice, ok := strings.Cut(s, "=")
		code, chosen := Code(strings.TrimSpace(name)), Choice(strings.TrimSpace(choice))
		if !ok {
			return nil, fmt.Errorf("read policy %q: not of the form code=choice; codes with choices are %s", s, choosable())
		}
		r, ok := ruleOf[code]
		switch {
		case !ok:
			return nil, fmt.Errorf("read policy %q: no code %q; codes with choices are %s", s, code, choosable())
		case len(r.Choices) == 0:
			return nil, fmt.Errorf("read policy %q: nothing can be chosen for %q; codes with choices are %s", s, code, choosable())
		case !r.has(chosen):
			return nil, fmt.Errorf("read policy %q: no choice %q for %q; choices are %s", s, chosen, code, r.choices())
		}
		if before, ok := p[code]; ok && before != chosen {
			return nil, fmt.Errorf("read policy %q: contradicts %s=%s; give one of them", s, code, before)
		}
		p[code] = chosen
	}
	return p, nil
}

// String lists the choices that differ from the defaults, sorted, as
// "code=choice,code=choice". Policies that decide alike have the same String.
func (p Policy) String() string {
	var settings []string
	for _, c := range slices.Sorted(maps.Keys(p)) {
		if o := p.option(c); o.Choice != ruleOf[c].Default {
			settings = append(settings, fmt.Sprintf("%s=%s", c, o.Choice))
		}
	}
	return strings.Join(settings, ",")
}

// option is how the policy treats a code. For a code without choices it has
// the severity alone.
func (p Policy) option(c Code) Option {
	r := ruleOf[c]
	for _, want := range []Choice{p[c], r.Default} {
		if i := slices.IndexFunc(r.Choices, func(o Option) bool { return o.Choice == want }); i >= 0 {
			return r.Choices[i]
		}
	}
	return Option{Severity: r.Severity}
}

// Decides is how the policy treats a code. It is false for one that leaves nothing
// to choose.
func (p Policy) Decides(c Code) (Option, bool) {
	return p.option(c), len(ruleOf[c].Choices) > 0
}

func (r Rule) has(c Choice) bool {
	return slices.ContainsFunc(r.Choices, func(o Option) bool { return o.Choice == c })
}

func (r Rule) choices() string {
	var names []string
	for _, o := range r.Choices {
		names = append(names, string(o.Choice))
	}
	return strings.Join(names, ", ")
}

func choosable() string {
	var names []string
	for _, r := range rules {
		if len(r.Choices) > 0 {
			names = append(names, string(r.Code))
		}
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}
