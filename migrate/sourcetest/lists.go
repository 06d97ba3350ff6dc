package sourcetest

import (
	"testing"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping/chat"
	"chatbridge/migrate"
)

// testLists requires every record of every list, each once.
func testLists(t *testing.T, s migrate.Source, w World, v1 bool) {
	desk := w.services[0]
	var channels []record
	for _, c := range desk.channels {
		channels = append(channels, c.record)
	}
	long := desk.channels[longRoom]
	want := map[string][]string{
		"Services":     {sid("IS", 1), sid("IS", 2)},
		"Roles":        fieldOf[string](desk.roles, "sid"),
		"Users":        fieldOf[string](desk.users, "sid"),
		"Channels":     fieldOf[string](channels, "sid"),
		"Members":      fieldOf[string](long.members, "sid"),
		"Messages":     fieldOf[string](long.messages, "sid"),
		"Invites":      fieldOf[string](long.invites, "sid"),
		"UserChannels": {sid("CH", 0), sid("CH", longRoom)},
		"Credentials":  fieldOf[string](w.credentials, "sid"),
	}
	if !v1 {
		want["Webhooks"], want["Bindings"] = fieldOf[string](long.webhooks, "sid"), fieldOf[string](desk.bindings, "sid")
	}
	for name, records := range sequences(t.Context(), s, sid("IS", 1), sid("CH", longRoom), sid("US", 1), v1) {
		t.Run(name+" are all there, each once, however often they are read", func(t *testing.T) {
			for range 2 {
				require.ElementsMatch(t, want[name], collect(t, records))
			}
		})
	}
	for name, records := range sequences(t.Context(), s, sid("IS", 2), sid("CH", 0), sid("US", 0), v1) {
		if name == "Roles" || name == "Users" || name == "Channels" {
			t.Run(name+" of a service without any are none", func(t *testing.T) { require.Empty(t, collect(t, records)) })
		}
	}
	for name, records := range sequences(t.Context(), s, sid("IS", 1), sid("CH", emptyRoom), sid("US", 3), v1) {
		if name == "Members" || name == "Messages" || name == "Invites" {
			t.Run(name+" of a channel without any are none", func(t *testing.T) { require.Empty(t, collect(t, records)) })
		}
	}
	t.Run("Channels are public and private", func(t *testing.T) {
		types := map[string]int{}
		for _, c := range collect(t, s.Channels(t.Context(), sid("IS", 1))) {
			types[c.Type]++
		}
		require.Equal(t, map[string]int{chat.PublicChannel: 87, chat.PrivateChannel: 43}, types)
	})
	t.Run("Members tell the first message from none at all", func(t *testing.T) {
		horizons := map[string]*int64{}
		for _, m := range collect(t, s.Members(t.Context(), sid("IS", 1), sid("CH", longRoom))) {
			horizons[m.Identity] = m.LastConsumedMessageIndex
		}
		first, second := int64(0), int64(1)
		require.Equal(t, map[string]*int64{identity(0): nil, identity(1): &first, identity(2): &second}, horizons)
	})
	t.Run("UserChannels say whose they are, and how", func(t *testing.T) {
		for _, c := range collect(t, s.UserChannels(t.Context(), sid("IS", 1), sid("US", 2))) {
			require.Equal(t, sid("US", 2), c.UserSID)
			require.Equal(t, chat.Joined, c.Status)
		}
	})
}

// testSingles requires what a list left open from the single read: nil
// attributes mean "ask".
func testSingles(t *testing.T, s migrate.Source, w World) {
	desk := w.services[0]
	t.Run("User knows the attributes, and a list shows the same or none", func(t *testing.T) {
		for i, want := range fieldOf[string](desk.users, "attributes") {
			u, err := s.User(t.Context(), sid("IS", 1), sid("US", i))
			require.NoError(t, err)
			require.Equal(t, identity(i), u.Identity)
			require.NotNil(t, u.Attributes)
			require.Equal(t, want, *u.Attributes)
		}
		for i, u := range collect(t, s.Users(t.Context(), sid("IS", 1))) {
			if u.Attributes != nil {
				require.Equal(t, desk.users[i]["attributes"], *u.Attributes)
			}
		}
	})
	t.Run("Channel knows the attributes, and a list shows the same or none", func(t *testing.T) {
		shown := map[string]*string{}
		for _, c := range collect(t, s.Channels(t.Context(), sid("IS", 1))) {
			shown[c.SID] = c.Attributes
		}
		for n := range 4 {
			want := desk.channels[n].record
			c, err := s.Channel(t.Context(), sid("IS", 1), sid("CH", n))
			require.NoError(t, err)
			require.Equal(t, want["unique_name"], c.UniqueName)
			require.NotNil(t, c.Attributes)
			require.Equal(t, want["attributes"], *c.Attributes)
			if listed := shown[c.SID]; listed != nil {
				require.Equal(t, want["attributes"], *listed)
			}
		}
	})
}
