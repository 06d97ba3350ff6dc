package mapping_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping"
	"chatbridge/mapping/chat"
	"chatbridge/mapping/conversations"
)

const vectorDir = "../testdata/vectors"

// vector is one case: what Chat holds, and what must come of it. The folder
// that it lies in names the method of Mapper.
type vector struct {
	Name     string                  `json:"-"`
	Kind     string                  `json:"-"`
	Doc      string                  `json:"doc"`
	Policy   []string                `json:"policy"`
	Rename   map[string]string       `json:"rename"`
	NoStamp  bool                    `json:"no_stamp"`
	LeaveOut []string                `json:"leave_out"`
	Roles    map[string]mapping.Role `json:"-"`
	RawRole  map[string]struct {
		Type      string `json:"type"`
		TargetSID string `json:"target_sid"`
	} `json:"roles"`
	Case     mapping.Code `json:"case"`     // meets, refused, refused-attributes and member-refused: what happened
	Migrated [][2]int64   `json:"migrated"` // horizon: pairs of source and target index, rising
	// Fill puts a letter repeated so many times in the place of "$FILL", in all
	// of the vector.
	Fill     int             `json:"fill"`
	In       json.RawMessage `json:"in"`
	Out      json.RawMessage `json:"out"` // absent: the result is not for writing, or there is none
	Findings []expectation   `json:"findings"`
}

// expectation is a finding as a vector writes it. Detail is compared where it
// is given; an Original of "$IN" is the whole input.
type expectation struct {
	Code       mapping.Code     `json:"code"`
	Severity   mapping.Severity `json:"severity"`
	SID        string           `json:"sid"`
	ChannelSID string           `json:"channel_sid"`
	Field      string           `json:"field"`
	Detail     string           `json:"detail"`
	Original   string           `json:"original"`
}

// result is what a method of Mapper answers.
type result struct {
	out      any // nil where there is nothing
	findings []mapping.Finding
}

var methods = map[string]func(t *testing.T, m mapping.Mapper, v vector) result{
	"service": method(func(m mapping.Mapper, v vector, in chat.Service) (any, []mapping.Finding) { return both(m.Service(in)) }),
	"configuration": method(func(m mapping.Mapper, v vector, in chat.Service) (any, []mapping.Finding) {
		return both(m.Configuration(in, v.Roles))
	}),
	"role": method(func(m mapping.Mapper, v vector, in chat.Role) (any, []mapping.Finding) { return both(m.Role(in)) }),
	"user": method(func(m mapping.Mapper, v vector, in chat.User) (any, []mapping.Finding) {
		return both(m.User(in, v.Roles))
	}),
	"missing-user": method(func(m mapping.Mapper, v vector, in chat.Member) (any, []mapping.Finding) {
		return both(m.MissingUser(in.Identity))
	}),
	"channel": method(func(m mapping.Mapper, v vector, in chat.Channel) (any, []mapping.Finding) { return both(m.Channel(in)) }),
	"member": method(func(m mapping.Mapper, v vector, in chat.Member) (any, []mapping.Finding) {
		return both(m.Member(in, v.Roles))
	}),
	"horizon": method(horizon),
	"message": method(func(m mapping.Mapper, v vector, in chat.Message) (any, []mapping.Finding) {
		return both(m.Message(in, time.Time{}))
	}),
	"without-file": method(func(m mapping.Mapper, v vector, in chat.Message) (any, []mapping.Finding) {
		want, _ := mapping.Mapper{}.Message(in, time.Time{})
		return both(m.WithoutFile(in, want, "because"))
	}),
	"meets": method(func(m mapping.Mapper, v vector, in chat.Message) (any, []mapping.Finding) {
		write, fs := m.Meets(v.Case, mapping.Meeting{SID: in.SID, ChannelSID: in.ChannelSID, Detail: "IM1"})
		if !write {
			return nil, fs
		}
		return &write, fs
	}),
	"refused": method(func(m mapping.Mapper, v vector, in chat.Message) (any, []mapping.Finding) {
		want, _ := mapping.Mapper{}.Message(in, time.Time{})
		return both(m.Refused(v.Case, in, want, "because"))
	}),
	"refused-attributes": method(func(m mapping.Mapper, v vector, in chat.Channel) (any, []mapping.Finding) {
		return both(m.RefusedAttributes(v.Case, in.SID, in.SID, *in.Attributes, "because"))
	}),
	"sight-lost": method(func(m mapping.Mapper, _ vector, in chat.Channel) (any, []mapping.Finding) {
		return nil, m.SightLost(in, 40, 40-in.MembersCount)
	}),
	"name-taken": method(func(m mapping.Mapper, _ vector, in chat.Channel) (any, []mapping.Finding) {
		_, fs := m.NameTaken(in)
		return nil, fs
	}),
	"unreadable": method(func(m mapping.Mapper, v vector, in chat.Channel) (any, []mapping.Finding) {
		return nil, m.Unreadable(in.SID, errors.New("not a message"))
	}),
	"message-stays": method(func(m mapping.Mapper, v vector, in chat.Message) (any, []mapping.Finding) {
		return nil, m.MessageStays(in.SID, in.ChannelSID, "IM1")
	}),
	"not-shown": method(func(m mapping.Mapper, v vector, in chat.Channel) (any, []mapping.Finding) {
		return nil, m.NotShown("invites", in.SID, in.SID)
	}),
	"counts": method(func(m mapping.Mapper, v vector, in chat.Channel) (any, []mapping.Finding) {
		return nil, m.CountsDiffer(in.SID, in.SID, "messages_count", in.MessagesCount, in.MembersCount)
	}),
	"horizon-beyond": method(func(m mapping.Mapper, v vector, in chat.Member) (any, []mapping.Finding) {
		return nil, m.HorizonBeyond(in.ChannelSID, *in.LastConsumedMessageIndex, 5)
	}),
	"member-refused": method(func(m mapping.Mapper, v vector, in chat.Member) (any, []mapping.Finding) {
		return nil, m.MemberRefused(in, v.Case == mapping.MembersOverLimit, "because")
	}),
	"member-twice": method(func(m mapping.Mapper, v vector, in chat.Member) (any, []mapping.Finding) {
		return nil, m.MemberTwice(in, chat.Member{SID: "MB00000000000000000000000000000000", RoleSID: "RL00000000000000000000000000000001"})
	}),
	"member-dormant": method(func(m mapping.Mapper, v vector, in chat.Member) (any, []mapping.Finding) {
		in.Dormant = true
		return both(m.Member(in, v.Roles))
	}),
	"user-twice": method(func(m mapping.Mapper, v vector, in chat.User) (any, []mapping.Finding) {
		return nil, m.UserTwice(in, chat.User{SID: "US00000000000000000000000000000000"})
	}),
	"user-was-there": method(func(m mapping.Mapper, v vector, in chat.User) (any, []mapping.Finding) {
		_, fs := m.UserWasThere(in, "US00000000000000000000000000000000", []string{"friendly_name", "role_sid"})
		return nil, fs
	}),
	"member-was-there": method(func(m mapping.Mapper, v vector, in chat.Member) (any, []mapping.Finding) {
		_, fs := m.MemberWasThere(in.SID, in.ChannelSID, "MB00000000000000000000000000000000", []string{"role_sid"})
		return nil, fs
	}),
	"user-shared": method(func(m mapping.Mapper, v vector, in chat.User) (any, []mapping.Finding) {
		return nil, m.UserShared(in, "US00000000000000000000000000000000", "IS00000000000000000000000000000000", []string{"attributes"})
	}),
	"role-was-there": method(func(m mapping.Mapper, v vector, in chat.Role) (any, []mapping.Finding) {
		_, fs := m.RoleWasThere(in, "RL00000000000000000000000000000000", []string{"permissions"})
		return nil, fs
	}),
	"role-shared": method(func(m mapping.Mapper, v vector, in chat.Role) (any, []mapping.Finding) {
		return nil, m.RoleShared(in, "RL00000000000000000000000000000000", "IS00000000000000000000000000000000", []string{"permissions"})
	}),
	"role-renamed": method(func(m mapping.Mapper, v vector, in chat.Role) (any, []mapping.Finding) {
		return nil, m.RoleRenamed(in, mapping.AnotherName(in.FriendlyName, 2))
	}),
	"role-late": method(func(m mapping.Mapper, v vector, in chat.Role) (any, []mapping.Finding) {
		return nil, m.RoleLate(in, "RL00000000000000000000000000000000")
	}),
	"service-late": method(func(m mapping.Mapper, v vector, in chat.Service) (any, []mapping.Finding) {
		return nil, m.ServiceLate(in, "IS00000000000000000000000000000000")
	}),
	// The channel has the friendly name of its service, so that one resource shows every sign.
	"flex": method(func(m mapping.Mapper, v vector, in chat.Channel) (any, []mapping.Finding) {
		var f mapping.Flex
		f.Service(chat.Service{SID: in.ServiceSID, FriendlyName: in.FriendlyName})
		f.Channel(in)
		return nil, m.Flex(in.ServiceSID, f)
	}),
	"horizon-kept": method(func(m mapping.Mapper, v vector, in chat.Member) (any, []mapping.Finding) {
		return nil, m.HorizonKept(in, 7)
	}),
	"invite": method(func(m mapping.Mapper, v vector, in chat.Invite) (any, []mapping.Finding) {
		p, add, fs := m.Invite(in, v.Roles)
		if !add {
			return nil, fs
		}
		return &p, fs
	}),
	"user-channel": method(func(m mapping.Mapper, v vector, in chat.UserChannel) (any, []mapping.Finding) {
		level, known, fs := m.UserChannel(in)
		if !known {
			return nil, fs
		}
		return &level, fs
	}),
	"channel-webhook": method(func(m mapping.Mapper, v vector, in chat.ChannelWebhook) (any, []mapping.Finding) {
		w, carried, fs := m.ChannelWebhook(in)
		if !carried {
			return nil, fs
		}
		return &w, fs
	}),
	"binding": method(func(m mapping.Mapper, v vector, in chat.Binding) (any, []mapping.Finding) {
		return nil, m.Binding(in)
	}),
	"credential": method(func(m mapping.Mapper, v vector, in chat.Credential) (any, []mapping.Finding) {
		return nil, m.Credential(in)
	}),
}

// blank makes the struct that a vector's out is read into.
var blank = map[string]func() any{
	"service":       func() any { return new(conversations.Service) },
	"configuration": func() any { return new(conversations.Configuration) },
	"role":          func() any { return new(conversations.Role) },
	"user":          func() any { return new(conversations.User) },
	"missing-user":  func() any { return new(conversations.User) },
	"channel":       func() any { return new(conversations.Conversation) },
	"member":        func() any { return new(conversations.Participant) },
	"horizon":       func() any { return new(conversations.Horizon) },
	"message":       func() any { return new(conversations.Message) },
	"meets":         func() any { return new(bool) },
	"refused":       func() any { return new(conversations.Message) },
	"without-file":  func() any { return new(conversations.Message) },

	"refused-attributes": func() any { return new(string) },
	"invite":             func() any { return new(conversations.Participant) },
	"user-channel":       func() any { return new(string) },
	"channel-webhook":    func() any { return new(conversations.ConversationWebhook) },
}

func both[T any](out T, fs []mapping.Finding) (any, []mapping.Finding) { return &out, fs }

func horizon(m mapping.Mapper, v vector, in chat.Member) (any, []mapping.Finding) {
	h, ok, fs := m.Horizon(in, func(old int64) (int64, bool) {
		target, ok := int64(0), false
		for _, pair := range v.Migrated {
			if pair[0] <= old {
				target, ok = pair[1], true
			}
		}
		return target, ok
	})
	if !ok {
		return nil, fs
	}
	return &h, fs
}

func method[T chat.Resource](call func(mapping.Mapper, vector, T) (any, []mapping.Finding)) func(*testing.T, mapping.Mapper, vector) result {
	return func(t *testing.T, m mapping.Mapper, v vector) result {
		in, err := chat.Decode[T](v.In)
		require.NoError(t, err)
		out, fs := call(m, v, in)
		return result{out, fs}
	}
}

func (v vector) mapper(t testing.TB) mapping.Mapper {
	policy, err := mapping.ParsePolicy(v.Policy)
	require.NoError(t, err)
	given := map[string]string{}
	for old, to := range v.Rename {
		given[to] = old
	}
	return mapping.Mapper{Policy: policy, Rename: v.Rename, Given: given, NoStamp: v.NoStamp, LeaveOut: listed(v.LeaveOut)}
}

func listed(sids []string) map[string]bool {
	all := map[string]bool{}
	for _, sid := range sids {
		all[sid] = true
	}
	return all
}

// vectors reads all vectors; none is a failure, since everything here would
// pass without them.
func vectors(t testing.TB) []vector {
	var all []vector
	err := fs.WalkDir(os.DirFS(vectorDir), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || path.Ext(name) != ".json" {
			return err
		}
		raw, err := os.ReadFile(filepath.Join(vectorDir, name))
		if err != nil {
			return err
		}
		var size struct{ Fill int }
		require.NoError(t, json.Unmarshal(raw, &size), name)
		v := vector{Name: strings.TrimSuffix(name, ".json"), Kind: path.Dir(name)}
		strict(t, bytes.ReplaceAll(raw, []byte("$FILL"), bytes.Repeat([]byte("x"), size.Fill)), &v, name)
		v.Roles = mapping.Roles{}
		for sid, r := range v.RawRole {
			v.Roles[sid] = mapping.Role{Source: chat.Role{SID: sid, Type: r.Type}, TargetSID: r.TargetSID}
		}
		all = append(all, v)
		return nil
	})
	require.NoError(t, err)
	require.NotEmpty(t, all, "no vectors in %s", vectorDir)
	return all
}

func strict(t testing.TB, raw []byte, into any, name string) {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	require.NoError(t, d.Decode(into), name)
}

func TestVectors(t *testing.T) {
	for _, v := range vectors(t) {
		t.Run(v.Name, func(t *testing.T) {
			require.NotEmpty(t, v.Doc, "a vector says what it pins")
			call := methods[v.Kind]
			require.NotNil(t, call, "no method for folder %s", v.Kind)
			got := call(t, v.mapper(t), v)

			require.Equal(t, v.Findings, expectations(v, got.findings))
			worst := mapping.Worst(got.findings)
			switch {
			case worst == mapping.Stop || worst == mapping.Skip || got.out == nil:
				require.Empty(t, v.Out, "nothing is to be written")
			default:
				require.NotEmpty(t, v.Out, "what is to be written")
				want := blank[v.Kind]()
				strict(t, v.Out, want, v.Name)
				require.Equal(t, want, got.out)
			}
		})
	}
}

// expectations is what was found, as the vector would write it.
func expectations(v vector, found []mapping.Finding) []expectation {
	got := []expectation{}
	for i, f := range found {
		e := expectation{f.Code, f.Severity, f.SID, f.ChannelSID, f.Field, f.Detail, f.Original}
		if i < len(v.Findings) && v.Findings[i].Detail == "" {
			e.Detail = ""
		}
		if f.Original == string(v.In) {
			e.Original = "$IN"
		}
		got = append(got, e)
	}
	return got
}

func TestTableOfCodes(t *testing.T) {
	all := vectors(t)
	for _, r := range mapping.Codes() {
		options := r.Choices
		if len(options) == 0 {
			options = []mapping.Option{{Severity: r.Severity}}
		}
		for _, o := range options {
			t.Run(strings.TrimSpace("a vector shows "+string(r.Code)+" "+string(o.Choice)), func(t *testing.T) {
				require.True(t, shown(all, r, o))
			})
		}
	}
}

// shown reports whether a vector treats the code so and has a finding to match.
func shown(all []vector, r mapping.Rule, o mapping.Option) bool {
	for _, v := range all {
		policy, _ := mapping.ParsePolicy(v.Policy)
		if chosen, ok := policy[r.Code]; ok && chosen != o.Choice || !ok && o.Choice != r.Default {
			continue
		}
		if o.Choice == "copy" && bytes.Contains(v.Out, []byte(`"media"`)) {
			return true // there is nothing to say
		}
		for _, f := range v.Findings {
			if f.Code == r.Code && f.Severity == o.Severity {
				return true
			}
		}
	}
	return false
}

func TestEveryFieldHasAVector(t *testing.T) {
	all := vectors(t)
	for _, kind := range []string{"service", "role", "user", "channel", "member", "message", "invite", "credential", "user_channel"} {
		for field, handling := range mapping.Fields(kind) {
			if handling == mapping.Derived {
				continue
			}
			t.Run("a vector of "+kind+" has "+field+", which is "+string(handling), func(t *testing.T) {
				require.True(t, occurs(all, kind, strings.Split(field, ".")))
			})
		}
	}
}

// occurs reports whether a vector about that resource has the field, not null.
func occurs(all []vector, kind string, field []string) bool {
	for _, v := range all {
		about := map[string]string{"configuration": "service", "horizon": "member", "user-channel": "user_channel"}[v.Kind]
		if v.Kind != kind && about != kind {
			continue
		}
		raw := v.In
		for _, name := range field {
			var object map[string]json.RawMessage
			_ = json.Unmarshal(raw, &object)
			raw = object[name]
		}
		if len(raw) > 0 && string(raw) != "null" {
			return true
		}
	}
	return false
}
