package replay

import (
	"testing"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping"
	"chatbridge/mapping/conversations"
)

// A conversation that has what a policy sends in place of its attributes is as it was
// sent, and one that has anything else is not.
func TestAsRefused(t *testing.T) {
	const sent, stamped = `{"odd":1}`, `{"odd":1,"chatbridge":{"sid":"CH1","service_sid":"IS1"}}`
	stamp := func(attributes string) string { return "stamped " + attributes }
	for name, c := range map[string]struct {
		policy      mapping.Policy
		stamp       func(string) string
		want, there string
		same        bool
	}{
		"without a policy":                    {nil, nil, sent, `{}`, false},
		"left out, and so it is":              {mapping.Policy{mapping.AttributesNotJSON: "drop"}, nil, sent, `{}`, true},
		"left out, and it has others":         {mapping.Policy{mapping.AttributesNotJSON: "drop"}, nil, sent, `{"a":1}`, false},
		"left out for their length":           {mapping.Policy{mapping.AttributesTooLarge: "drop"}, nil, sent, `{}`, true},
		"in a string":                         {mapping.Policy{mapping.AttributesNotJSON: "wrap"}, nil, sent, `{"chatbridge_original":"{\"odd\":1}"}`, true},
		"in a string, with the stamp on it":   {mapping.Policy{mapping.AttributesNotJSON: "wrap"}, stamp, stamped, `stamped {"chatbridge_original":"{\"odd\":1}"}`, true},
		"in a string, without the stamp":      {mapping.Policy{mapping.AttributesNotJSON: "wrap"}, stamp, stamped, `{"chatbridge_original":"{\"odd\":1}"}`, false},
		"in a string, and no stamp is wanted": {mapping.Policy{mapping.AttributesNotJSON: "wrap"}, nil, stamped, `{"chatbridge_original":"{\"odd\":1}"}`, false},
	} {
		o := outgoing{mapper: mapping.Mapper{Policy: c.policy}, stamp: c.stamp}
		got := o.asRefused(conversations.Conversation{FriendlyName: "ours", Attributes: c.want}, conversations.Conversation{FriendlyName: "theirs", Attributes: c.there})
		want := conversations.Conversation{FriendlyName: "ours", Attributes: c.want}
		if c.same {
			want.Attributes = c.there
		}
		require.Equal(t, want, got, name)
	}
}
