package replay

import (
	"context"
	"errors"
	"iter"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping/chat"
	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
	"chatbridge/migrate/origin"
)

// street is a target of several services, some of which are listed. It counts what is
// asked of each.
type street struct {
	migrate.Target
	lists [][]conversations.Service // the last one stays
	holds map[string][]conversations.Conversation
	users map[string][]conversations.User
	asked map[string]int // "claim IS1" and so on
}

func (s *street) Services(context.Context) iter.Seq2[conversations.Service, error] {
	list := s.lists[0]
	if len(s.lists) > 1 {
		s.lists = s.lists[1:]
	}
	return each(list, nil)
}

func (s *street) Conversations(_ context.Context, service string) iter.Seq2[conversations.Conversation, error] {
	s.asked["conversations "+service]++
	return each(s.holds[service], nil)
}

func (s *street) ConversationAt(_ context.Context, service, _ string) (conversations.Conversation, time.Time, error) {
	s.asked["claim "+service]++
	return conversations.Conversation{}, time.Time{}, &migrate.Error{Op: "read conversation", Kind: migrate.NotFound, Err: errors.New("not there")}
}

func (s *street) Messages(context.Context, string, string, bool) iter.Seq2[conversations.Message, error] {
	return each[conversations.Message](nil, nil)
}

func (s *street) Participants(context.Context, string, string) iter.Seq2[conversations.Participant, error] {
	return each[conversations.Participant](nil, nil)
}

func (s *street) Roles(_ context.Context, service string) iter.Seq2[conversations.Role, error] {
	s.asked["roles "+service]++
	return each[conversations.Role](nil, nil)
}

func (s *street) Users(_ context.Context, service string) iter.Seq2[conversations.User, error] {
	return each(s.users[service], nil)
}

func (s *street) Configuration(context.Context, string) (conversations.Configuration, error) {
	return conversations.Configuration{}, nil
}

// resident is a source of one service, with one user.
type resident struct{ manyChannels }

func (r *resident) Roles(context.Context, string) iter.Seq2[chat.Role, error] {
	return each[chat.Role](nil, nil)
}

func (r *resident) Users(context.Context, string) iter.Seq2[chat.User, error] {
	return each([]chat.User{{Identity: "anna"}}, nil)
}

// neighbour is a ledger that has a service of another source.
type neighbour struct{ migrate.Ledger }

func (neighbour) Services(context.Context) ([]migrate.ServiceRecord, error) {
	return []migrate.ServiceRecord{{SourceSID: "IS1"}, {SourceSID: "IS2", TargetSID: "ISbound"}}, nil
}

// heard keeps what a run says.
type heard struct{ said []string }

func (h *heard) Total(string, int64)   {}
func (h *heard) Done(string, int64)    {}
func (h *heard) Event(e migrate.Event) { h.said = append(h.said, e.Message) }

func in(s *street, h *heard) *service {
	s.asked = map[string]int{}
	r := newRun(&Migration{Source: &resident{}, Target: s, Ledger: neighbour{}, Observer: h})
	r.Target, r.started = s, time.Now()
	return &service{run: r, source: chat.Service{SID: "IS1", FriendlyName: "ours"}}
}

func made(sid string, day int) conversations.Service {
	return conversations.Service{SID: sid, FriendlyName: "ours", DateCreated: opened.AddDate(1, 0, day)}
}

var (
	theirs = []conversations.Conversation{{SID: "CHz", FriendlyName: "z", DateCreated: opened.AddDate(2, 0, 0)}}
	proof  = []conversations.Conversation{{SID: "CHt", FriendlyName: "name of CH9", UniqueName: "unique CH9", DateCreated: opened, Attributes: `{"chatbridge":{"sid":"CH9","service_sid":"IS1"}}`}}
)

// TestWhichService holds which service of the name of ours is the one that a lost ledger
// knew.
func TestWhichService(t *testing.T) {
	anna := []conversations.User{{Identity: "anna"}}
	for name, c := range map[string]struct {
		list  []conversations.Service
		holds map[string][]conversations.Conversation
		users map[string][]conversations.User
		want  candidates
		asked map[string]int // at least
	}{
		"none": {want: candidates{Resource: origin.Resource{Relation: origin.Absent}, lost: true, adopted: true}},
		"an empty one": {
			list: []conversations.Service{made("ISa", 1)},
			want: candidates{Resource: origin.Resource{Relation: origin.Others, SID: "ISa"}, lost: true}, asked: map[string]int{"claim ISa": 1, "roles ISa": 1},
		},
		"one that has a user of ours": {
			list: []conversations.Service{made("ISa", 1)}, users: map[string][]conversations.User{"ISa": anna},
			want: candidates{Resource: origin.Resource{Relation: origin.Others, SID: "ISa"}, lost: true, adopted: true},
		},
		"the older of two": {
			list: []conversations.Service{made("ISa", 2), made("ISb", 1)}, users: map[string][]conversations.User{"ISa": anna},
			want: candidates{Resource: origin.Resource{Relation: origin.Others, SID: "ISb"}, lost: true},
		},
		"the older of two, which is listed first": {
			list: []conversations.Service{made("ISa", 1), made("ISb", 2)}, users: map[string][]conversations.User{"ISb": anna},
			want: candidates{Resource: origin.Resource{Relation: origin.Others, SID: "ISa"}, lost: true},
		},
		"not that of another source": {
			list: []conversations.Service{made("ISbound", 1), made("ISb", 2)},
			want: candidates{Resource: origin.Resource{Relation: origin.Others, SID: "ISb"}, lost: true}, asked: map[string]int{"conversations ISbound": 0},
		},
		"one that holds what proves it": {
			list: []conversations.Service{made("ISa", 1), made("ISb", 2)}, holds: map[string][]conversations.Conversation{"ISb": proof},
			want: candidates{Resource: origin.Resource{Relation: origin.Made, SID: "ISb"}, lost: true, adopted: true}, asked: map[string]int{"claim ISb": 0, "claim ISa": 1},
		},
		"none that others use": {
			list: []conversations.Service{made("ISa", 1)}, holds: map[string][]conversations.Conversation{"ISa": theirs},
			want: candidates{Resource: origin.Resource{Relation: origin.Absent}, lost: true, adopted: true}, asked: map[string]int{"roles ISa": 0},
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := &street{lists: [][]conversations.Service{c.list}, holds: c.holds, users: c.users}
			got, err := in(s, &heard{}).which(t.Context(), migrate.ServiceRecord{}, "ours", false)
			require.NoError(t, err)
			c.want.there = c.list
			require.Equal(t, c.want, got)
			for what, n := range c.asked {
				require.Equal(t, n, s.asked[what], what)
			}
		})
	}
}

// TestServiceIsLookedForTwice holds what two more readings make of a service that was not
// there.
func TestServiceIsLookedForTwice(t *testing.T) {
	a, b, c := made("ISa", 1), made("ISb", 2), made("ISc", 3)
	holds := map[string][]conversations.Conversation{"ISa": theirs, "ISb": theirs}
	for name, c := range map[string]struct {
		lists   [][]conversations.Service
		want    origin.Resource
		there   []conversations.Service
		compare int // conversations of ISa are listed
	}{
		"nothing came":               {lists: [][]conversations.Service{{a}}, want: origin.Resource{Relation: origin.Absent}, there: []conversations.Service{a}, compare: 1},
		"one of others came":         {lists: [][]conversations.Service{{a}, {a, b}}, want: origin.Resource{Relation: origin.Absent}, there: []conversations.Service{a, b}, compare: 2},
		"it came, and another went":  {lists: [][]conversations.Service{{a}, {b}, {b}, {b}}, want: origin.Resource{Relation: origin.Absent}, there: []conversations.Service{b, a}, compare: 1},
		"an empty one came":          {lists: [][]conversations.Service{{a}, {a, c}}, want: origin.Resource{Relation: origin.Others, SID: "ISc"}, there: []conversations.Service{a, c}, compare: 2},
		"an empty one came at last":  {lists: [][]conversations.Service{{a}, {a}, {a, c}}, want: origin.Resource{Relation: origin.Others, SID: "ISc"}, there: []conversations.Service{a, c}, compare: 2},
		"an empty one came, and one": {lists: [][]conversations.Service{{a}, {a, c}, {a, c}, {a, b, c}}, want: origin.Resource{Relation: origin.Others, SID: "ISc"}, there: []conversations.Service{a, c}, compare: 2},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, h := &street{lists: c.lists, holds: holds}, &heard{}
				service := in(s, h)
				began := time.Now()
				is, err := service.which(t.Context(), migrate.ServiceRecord{}, "ours", false)
				require.NoError(t, err)
				require.Equal(t, origin.Absent, is.Relation)
				is, err = service.lookTwice(t.Context(), migrate.ServiceRecord{}, "ours", is)
				require.NoError(t, err)
				require.Equal(t, c.want, is.Resource)
				require.Equal(t, c.there, is.there)
				require.True(t, is.lost)
				require.Equal(t, c.compare, s.asked["conversations ISa"])
				if is.Relation == origin.Absent {
					require.Equal(t, service.set.Settle/2, time.Since(began))
					require.Equal(t, []string{"looking once more for a service that an earlier run may have made"}, h.said)
				}
			})
		})
	}
}
