package origin_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping/conversations"
	"chatbridge/migrate/origin"
)

const stamp = `{"chatbridge":{"sid":"CH1","service_sid":"IS1"}}`

func TestAdopt(t *testing.T) {
	old := birth.Add(-time.Hour)
	born := origin.BornAt(birth)
	want := conversations.Conversation{FriendlyName: "tea", DateCreated: old, Attributes: stamp}
	ch := origin.Channel{
		SID: "CH1", Want: want,
		Messages: []origin.Want{{SID: "IM1", Author: "ann", Before: "al", Created: old, Content: origin.ContentOf("hi", "")}},
		Members:  []conversations.Participant{{Identity: "ann", DateCreated: old.Add(time.Minute)}},
		Former:   map[string]string{"ann": "al"},
	}
	as := func(sid string) conversations.Conversation { c := want; c.SID = sid; return c }
	unmarked := func(sid string) conversations.Conversation { c := as(sid); c.Attributes = ""; return c }
	other := func(sid string) conversations.Conversation {
		c := as(sid)
		c.Attributes = strings.ReplaceAll(stamp, "CH1", "CH2")
		return c
	}
	hi := origin.Have{SID: "T1", Author: "al", Created: old, Content: origin.ContentOf("hi\r\n", "")}
	young := origin.Have{SID: "T2", Author: "ann", Created: birth, Content: origin.ContentOf("hi", "")}
	member := conversations.Participant{SID: "MB1", Identity: "al", DateCreated: old.Add(time.Minute)}
	joined := conversations.Participant{SID: "MB2", Identity: "ann", DateCreated: birth}
	eve := conversations.Participant{SID: "MB3", Identity: "eve", DateCreated: birth}

	for name, c := range map[string]struct {
		there []origin.Candidate
		sid   string
		spare []string
		stop  []string
	}{
		"nothing claims to be the channel":                {},
		"a past message of ours proves it":                {there: []origin.Candidate{{Conversation: as("C1"), Birth: born, Messages: []origin.Have{hi}}}, sid: "C1"},
		"a past participant proves it":                    {there: []origin.Candidate{{Conversation: as("C1"), Birth: born, Participants: []conversations.Participant{member}}}, sid: "C1"},
		"whoever joined later does not disprove":          {there: []origin.Candidate{{Conversation: as("C1"), Birth: born, Messages: []origin.Have{hi}, Participants: []conversations.Participant{eve}}}, sid: "C1"},
		"a stamp alone proves nothing":                    {there: []origin.Candidate{{Conversation: as("C1"), Birth: born, Messages: []origin.Have{young}}}, stop: []string{"C1"}},
		"a stranger may have forged the stamp":            {there: []origin.Candidate{{Conversation: as("C1"), Birth: born, Participants: []conversations.Participant{eve}}}, stop: []string{"C1"}},
		"a member may have forged the stamp":              {there: []origin.Candidate{{Conversation: as("C1"), Birth: born, Participants: []conversations.Participant{joined}}}, stop: []string{"C1"}},
		"without a birth nothing is past":                 {there: []origin.Candidate{{Conversation: as("C1"), Messages: []origin.Have{hi}}}, stop: []string{"C1"}},
		"an empty one has to agree":                       {there: []origin.Candidate{{Conversation: as("C1"), Birth: born}}, sid: "C1"},
		"an empty one of another date is not it":          {there: []origin.Candidate{{Conversation: conversations.Conversation{SID: "C1", FriendlyName: "tea", DateCreated: birth, Attributes: stamp}, Birth: born}}},
		"two that hold ours stop":                         {there: []origin.Candidate{{Conversation: as("C1"), Birth: born, Messages: []origin.Have{hi}}, {Conversation: as("C2"), Birth: born, Participants: []conversations.Participant{member}}}, stop: []string{"C1", "C2"}},
		"of two empty ones with the stamp any is as good": {there: []origin.Candidate{{Conversation: as("C1"), Birth: born}, {Conversation: as("C2"), Birth: born}}, sid: "C1", spare: []string{"C2"}},
		"of two that hold ours the one with the stamp":    {there: []origin.Candidate{{Conversation: as("C1"), Birth: born, Messages: []origin.Have{hi}}, {Conversation: unmarked("C2"), Birth: born, Messages: []origin.Have{hi}}}, sid: "C1"},
		"one with the stamp of another is not it":         {there: []origin.Candidate{{Conversation: as("C1"), Birth: born}, {Conversation: other("C2"), Birth: born, Messages: []origin.Have{hi}}}, sid: "C1"},
		"unless none has its own":                         {there: []origin.Candidate{{Conversation: other("C2"), Birth: born, Messages: []origin.Have{hi}}}, sid: "C2"},
		"an empty one beside ours is spare":               {there: []origin.Candidate{{Conversation: as("C1"), Birth: born}, {Conversation: as("C2"), Birth: born, Messages: []origin.Have{hi}}}, sid: "C2", spare: []string{"C1"}},
	} {
		t.Run(name, func(t *testing.T) {
			got := origin.Adopt(ch, c.there)
			require.Equal(t, c.sid, got.SID)
			require.Equal(t, c.spare, got.Spare)
			if c.stop == nil {
				require.Nil(t, got.Stop)
				return
			}
			require.NotNil(t, got.Stop)
			require.Equal(t, c.stop, got.Stop.Target)
			require.Contains(t, got.Stop.Error(), c.stop[0])
		})
	}
}

func TestAdoptWithoutStamps(t *testing.T) {
	old := birth.Add(-time.Hour)
	want := conversations.Conversation{FriendlyName: "tea", DateCreated: old}
	as := func(sid string) origin.Candidate {
		c := want
		c.SID = sid
		return origin.Candidate{Conversation: c, Birth: origin.BornAt(birth)}
	}
	ch := origin.Channel{SID: "CH1", Want: want}
	require.Equal(t, "C1", origin.Adopt(ch, []origin.Candidate{as("C1")}).SID)
	got := origin.Adopt(ch, []origin.Candidate{as("C1"), as("C2")})
	require.NotNil(t, got.Stop, "one may be that of a channel that is alike")
	require.Equal(t, []string{"C1", "C2"}, got.Stop.Target)

	require.True(t, origin.Left(ch, as("C1")))
	used := as("C1")
	used.Participants = []conversations.Participant{{SID: "MB1"}}
	require.False(t, origin.Left(ch, used))
	renamed := as("C1")
	renamed.Conversation.FriendlyName = "coffee"
	require.False(t, origin.Left(ch, renamed))
}

func TestRole(t *testing.T) {
	role := func(sid string, permissions ...string) conversations.Role {
		return conversations.Role{SID: sid, Type: conversations.ServiceRole, FriendlyName: "admin", Permissions: permissions}
	}
	want := role("", "a", "b")
	for name, c := range map[string]struct {
		there []conversations.Role
		rec   origin.Record
		taken map[string]bool
		is    origin.Resource
	}{
		"there is none":                        {is: origin.Resource{Relation: origin.Absent}},
		"the ledger knows what was made":       {there: []conversations.Role{role("R1", "a")}, rec: origin.Record{TargetSID: "R1"}, is: origin.Resource{Relation: origin.Made, SID: "R1", Differs: []string{"permissions"}}},
		"what was there is somebody's":         {there: []conversations.Role{role("R1", "b", "a", "a")}, is: origin.Resource{Relation: origin.Others, SID: "R1"}},
		"a difference of others is a finding":  {there: []conversations.Role{role("R1", "a")}, is: origin.Resource{Relation: origin.Others, SID: "R1", Differs: []string{"permissions"}}},
		"a create without an answer made it":   {there: []conversations.Role{role("R1", "a"), role("R2", "a", "b")}, rec: origin.Record{Unanswered: true, Before: []string{"R1"}}, is: origin.Resource{Relation: origin.Made, SID: "R2"}},
		"another role of that name has it":     {there: []conversations.Role{role("R1", "a", "b")}, taken: map[string]bool{"R1": true}, is: origin.Resource{Relation: origin.Absent}},
		"two of others of which one is wanted": {there: []conversations.Role{role("R1", "a"), role("R2", "b", "a")}, is: origin.Resource{Relation: origin.Others, SID: "R2"}},
		"two of others, and nobody can tell":   {there: []conversations.Role{role("R1", "a"), role("R2", "b")}, is: origin.Resource{Relation: origin.Several, Rivals: []string{"R1", "R2"}}},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, c.is, origin.Role(want, c.there, c.rec, c.taken))
		})
	}
}

func TestRoles(t *testing.T) {
	role := func(sid, name string, permissions ...string) conversations.Role {
		return conversations.Role{SID: sid, Type: conversations.ServiceRole, FriendlyName: name, Permissions: permissions}
	}
	asked := func(name, sid string, permissions ...string) origin.Asked {
		return origin.Asked{Want: role("", name, permissions...), Record: origin.Record{TargetSID: sid}}
	}
	for name, c := range map[string]struct {
		asked []origin.Asked
		there []conversations.Role
		sids  []string
	}{
		"two of one name are two":               {[]origin.Asked{asked("x", "", "a"), asked("x", "", "b")}, []conversations.Role{role("R1", "x", "c")}, []string{"R1", ""}},
		"the one that is as wanted comes first": {[]origin.Asked{asked("x", "", "a"), asked("x", "", "b")}, []conversations.Role{role("R1", "x", "b")}, []string{"", "R1"}},
		"the one that is known before it":       {[]origin.Asked{asked("x", "", "a"), asked("x", "R1", "b")}, []conversations.Role{role("R1", "x", "a")}, []string{"", "R1"}},
		"each its own":                          {[]origin.Asked{asked("x", "", "b"), asked("x", "", "a")}, []conversations.Role{role("R1", "x", "a"), role("R2", "x", "b")}, []string{"R2", "R1"}},
		"the second may bear a number":          {[]origin.Asked{asked("x", "", "a"), asked("x", "", "b"), asked("x", "", "c")}, []conversations.Role{role("R1", "x", "a"), role("R3", "x (3)", "c"), role("R2", "x (2)", "b")}, []string{"R1", "R2", "R3"}},
		"a number proves nothing":               {[]origin.Asked{asked("x", "", "a"), asked("x", "", "b")}, []conversations.Role{role("R1", "x", "a"), role("R2", "x (2)", "c")}, []string{"R1", ""}},
		"a number alone is another name":        {[]origin.Asked{asked("x", "", "a")}, []conversations.Role{role("R2", "x (2)", "a")}, []string{""}},
	} {
		t.Run(name, func(t *testing.T) {
			var sids []string
			for _, r := range origin.Roles(c.asked, c.there, nil) {
				sids = append(sids, r.SID)
			}
			require.Equal(t, c.sids, sids)
		})
	}

	late := func(rec origin.Record, taken ...string) (sids []string) {
		sent, not := origin.DigestRole(role("", "x", "b", "a", "a")), map[string]bool{}
		for _, sid := range taken {
			not[sid] = true
		}
		for _, r := range origin.Late([]conversations.Role{role("R1", "x", "a", "b"), role("R2", "x", "a", "b"), role("R3", "x", "a"), role("R4", "y", "a", "b")}, rec, sent, not) {
			sids = append(sids, r.SID)
		}
		return sids
	}
	require.Equal(t, []string{"R2"}, late(origin.Record{TargetSID: "R1", Unanswered: true}))
	require.Empty(t, late(origin.Record{TargetSID: "R1"}), "every create had an answer")
	require.Empty(t, late(origin.Record{TargetSID: "R1", Unanswered: true, Before: []string{"R2"}}), "it was there")
	require.Empty(t, late(origin.Record{TargetSID: "R1", Unanswered: true}, "R2"), "it is another one")
}

func TestDigests(t *testing.T) {
	u := conversations.User{SID: "US1", Identity: "ann", FriendlyName: "Ann", Attributes: `{"a": 1.0}`, RoleSID: "R1"}
	same := u
	same.SID, same.Attributes = "US2", `{"a":1}`
	require.Equal(t, origin.DigestUser(u), origin.DigestUser(same))
	for _, change := range []func(*conversations.User){
		func(u *conversations.User) { u.FriendlyName = "" },
		func(u *conversations.User) { u.Attributes = "{}" },
		func(u *conversations.User) { u.RoleSID = "R2" },
	} {
		other := u
		change(&other)
		require.NotEqual(t, origin.DigestUser(u), origin.DigestUser(other))
	}
	require.NotZero(t, origin.DigestUser(conversations.User{}))
}

func TestUser(t *testing.T) {
	want := conversations.User{Identity: "ann", FriendlyName: "Ann", Attributes: `{"a": 1.0}`, RoleSID: "R1"}
	there := conversations.User{SID: "US1", Identity: "ann", FriendlyName: "Ann", Attributes: `{"a":1}`, RoleSID: "R1"}
	changed := there
	changed.FriendlyName, changed.RoleSID = "Anna", "R2"

	require.Equal(t, origin.Resource{Relation: origin.Absent}, origin.User(want, nil, origin.Record{}))
	require.Equal(t, origin.Resource{Relation: origin.Others, SID: "US1"}, origin.User(want, &there, origin.Record{}), "equal is not ours")
	require.Equal(t, origin.Resource{Relation: origin.Made, SID: "US1"}, origin.User(want, &there, origin.Record{Unanswered: true}))
	require.Equal(t, origin.Others, origin.User(want, &changed, origin.Record{Unanswered: true}).Relation, "what differs was not sent by us")
	require.Equal(t, origin.Resource{Relation: origin.Made, SID: "US1", Differs: []string{"friendly_name", "role_sid"}}, origin.User(want, &changed, origin.Record{TargetSID: "US1"}))
	require.Equal(t, origin.Others, origin.User(want, &there, origin.Record{TargetSID: "US1", Existing: true}).Relation)
	require.Equal(t, origin.Others, origin.User(want, &there, origin.Record{TargetSID: "US0"}).Relation, "the one that was made is gone")
}

func TestHorizonNeverMovesBackwards(t *testing.T) {
	at, moves := origin.Horizon(3, nil)
	require.True(t, moves)
	require.EqualValues(t, 3, at)
	five := int64(5)
	at, moves = origin.Horizon(3, &five)
	require.False(t, moves)
	require.EqualValues(t, 5, at)
}

func TestService(t *testing.T) {
	there := []conversations.Service{{SID: "IS1", FriendlyName: "chat"}, {SID: "IS2", FriendlyName: "chat"}, {SID: "IS3", FriendlyName: "other"}}
	none := map[string]bool{}
	require.Equal(t, origin.Resource{Relation: origin.Absent}, origin.Service("chat", there, origin.Record{}, none, none), "a name proves nothing")
	require.Equal(t, origin.Resource{Relation: origin.Made, SID: "IS3"}, origin.Service("chat", there, origin.Record{TargetSID: "IS3"}, none, none))
	require.Equal(t, origin.Resource{Relation: origin.Absent}, origin.Service("chat", there, origin.Record{TargetSID: "IS9"}, none, none), "the one that was made is gone")
	require.Equal(t, origin.Resource{Relation: origin.Made, SID: "IS2"}, origin.Service("chat", there, origin.Record{Unanswered: true, Before: []string{"IS1"}}, none, none))
	require.Equal(t, origin.Resource{Relation: origin.Several, Rivals: []string{"IS1", "IS2"}}, origin.Service("chat", there, origin.Record{Unanswered: true}, none, none))
	require.Equal(t, origin.Resource{Relation: origin.Made, SID: "IS1"}, origin.Service("chat", there, origin.Record{Unanswered: true}, map[string]bool{"IS2": true}, none))
	require.Equal(t, origin.Resource{Relation: origin.Made, SID: "IS2"}, origin.Service("chat", there, origin.Record{}, none, map[string]bool{"IS2": true}))

	require.Equal(t, "IS1", origin.Service(" chat", there[:1], origin.Record{Unanswered: true}, none, none).SID, "a service may store the name a little otherwise")
	require.Equal(t, there[1:2], origin.LateServices("chat", there, origin.Record{TargetSID: "IS1", Unanswered: true}, none))
	require.Empty(t, origin.LateServices("chat", there, origin.Record{TargetSID: "IS1", Unanswered: true, Before: []string{"IS2"}}, none))
	require.Empty(t, origin.LateServices("chat", there, origin.Record{TargetSID: "IS1", Unanswered: true}, map[string]bool{"IS2": true}), "it is that of another source")
	require.Empty(t, origin.LateServices("chat", there, origin.Record{TargetSID: "IS1"}, none), "every create was answered")

	a, b := conversations.Service{SID: "IS2", DateCreated: birth}, conversations.Service{SID: "IS1", DateCreated: birth}
	require.Equal(t, b, origin.Stays(a, b))
	b.DateCreated = birth.Add(time.Second)
	require.Equal(t, a, origin.Stays(b, a))
	require.True(t, origin.Keeps("IS1", ""))
	require.False(t, origin.Keeps("IS1", "IS2"))
}

func TestTenancy(t *testing.T) {
	known := origin.BornAt(birth)
	for want, all := range map[origin.Tenancy][]origin.Inhabited{
		origin.Vacant: {{}, {Birth: known, People: 3}},
		origin.Theirs: {{Birth: known, Conversations: 1}, {Birth: known, Conversations: 9, Strangers: 2}},
		origin.Unproved: {
			{Strangers: 1, Birth: known}, {Conversations: 1}, {Conversations: 2, Past: 1, Birth: known}, {Conversations: 2, Alike: 1, Birth: known},
		},
	} {
		for _, in := range all {
			require.Equal(t, want, in.Tenancy(), "%+v", in)
		}
	}
}
