package mapping

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"chatbridge/mapping/chat"
)

// FlexGuide is Twilio's own way for what Flex made of Chat.
const FlexGuide = "https://www.twilio.com/docs/flex/developer/conversations/programmable-chat-to-flex-conversations"

// Flex collects the signs that Twilio Flex made a service. There are three, of which
// each also occurs without Flex, so that it takes two:
//
//   - its name: Flex calls the one that it makes "Flex Chat Service" (the
//     twilio_chat_services_v2 resource of Flex templates that import it by that name);
//   - the creator of a channel: no document says what Flex puts into created_by, so
//     that a name which begins with the word "flex" counts, and no other;
//   - the SID of a task (WT…), of a Flex Flow (FO…) or of a Studio flow (FW…) in the
//     attributes of a channel, where Send to Flex leaves that of the task. The
//     Flex Chat Channel resource has both, as task_sid and flex_flow_sid.
//
// Its zero value has seen nothing. Whatever the order in which channels are seen,
// the one with the smallest SID stands for a sign.
type Flex struct {
	name                string
	creator, attributes flexSign
}

// flexSign is a sign that a channel shows.
type flexSign struct{ channel, value string }

var (
	flexName    = regexp.MustCompile(`(?i)^flex (chat|conversations?) service$`)
	flexCreator = regexp.MustCompile(`(?i)^flex($|[^a-z])`)
	flexSID     = regexp.MustCompile(`^(WT|FO|FW)[0-9a-fA-F]{32}$`)
)

// Service looks at the service itself.
func (f *Flex) Service(s chat.Service) {
	if name := strings.TrimSpace(s.FriendlyName); flexName.MatchString(name) {
		f.name = name
	}
}

// Channel looks at one channel of the service. Where a list shows no attributes the
// creator is looked at alone.
func (f *Flex) Channel(c chat.Channel) {
	if flexCreator.MatchString(c.CreatedBy) {
		f.creator.seen(c.SID, c.CreatedBy)
	}
	if c.Attributes == nil || !strings.Contains(*c.Attributes, "WT") && !strings.Contains(*c.Attributes, "FO") && !strings.Contains(*c.Attributes, "FW") {
		return
	}
	var attributes any
	if json.Unmarshal([]byte(*c.Attributes), &attributes) == nil {
		if sid := smallest(attributes); sid != "" {
			f.attributes.seen(c.SID, sid)
		}
	}
}

func (s *flexSign) seen(channel, value string) {
	if s.channel == "" || channel < s.channel {
		*s = flexSign{channel, value}
	}
}

// smallest is the smallest SID of Flex among the strings of a value, or empty.
func smallest(value any) string {
	var all []string
	var walk func(any)
	walk = func(v any) {
		switch v := v.(type) {
		case string:
			if flexSID.MatchString(v) {
				all = append(all, v)
			}
		case []any:
			for _, one := range v {
				walk(one)
			}
		case map[string]any:
			for _, one := range v {
				walk(one)
			}
		}
	}
	walk(value)
	if len(all) == 0 {
		return ""
	}
	return slices.Min(all)
}

// Signs words what was seen: a line for each sign.
func (f Flex) Signs() []string {
	var all []string
	if f.name != "" {
		all = append(all, fmt.Sprintf("its name is %q", f.name))
	}
	if f.creator.channel != "" {
		all = append(all, fmt.Sprintf("channel %s was created by %q", f.creator.channel, chat.Shorten(f.creator.value)))
	}
	if f.attributes.channel != "" {
		what := map[string]string{"WT": "a task", "FO": "a Flex Flow", "FW": "a Studio flow"}[f.attributes.value[:2]]
		all = append(all, fmt.Sprintf("the attributes of channel %s name %s, %s", f.attributes.channel, what, f.attributes.value))
	}
	return all
}

// worded is text that is short enough already.
type worded string

// Made reports whether there are signs enough that Flex made the service.
func (f Flex) Made() bool { return len(f.Signs()) >= 2 }

// Flex says that Flex made a service, or may have, by its signs. What it finds is
// blocked unless a policy accepts the service.
func (m Mapper) Flex(serviceSID string, f Flex) []Finding {
	n := m.notes(serviceSID, "")
	signs := worded(strings.Join(f.Signs(), "; "))
	switch {
	case f.Made():
		n.add(FlexService, "", "%s", signs)
	case signs != "":
		n.add(FlexSign, "", "%s", signs)
	}
	return n.found
}
