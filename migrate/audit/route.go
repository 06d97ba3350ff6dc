package audit

import (
	"chatbridge/mapping/chat"
	"chatbridge/migrate"
)

// Route is how a channel gets into Conversations.
type Route string

// Ways.
const (
	// Visible channels need nothing: Conversations shows the private channels of
	// a service of the same account already, under the same SIDs.
	Visible Route = "already visible"
	// Promote is one request that makes a public channel private, and so
	// visible. It cannot be taken back.
	Promote Route = "promote"
	// Replay copies the channel into another service, message by message.
	Replay Route = "replay"
)

// replays reports whether channels are copied into another service.
func (t *audit) replays() bool { return t.set.ToService != "" || t.set.CopyAlways != "" }

// routeOf says how a channel gets into Conversations, and why.
func routeOf(s migrate.Settings, c chat.Channel) (Route, string) {
	switch {
	case s.ToService != "":
		return Replay, "--to-service names another service"
	case s.CopyAlways != "":
		return Replay, s.CopyAlways
	case c.Type == chat.PrivateChannel:
		return Visible, "Conversations shows private channels of the same account under the same SIDs"
	default:
		return Promote, "Conversations shows a public channel once it is made private, which cannot be undone"
	}
}

// PlanRoute is what a plan does with the channels that go one way.
type PlanRoute struct {
	Route    Route   `json:"way"`
	Reason   string  `json:"reason"`
	Channels int64   `json:"channels"`
	Messages int64   `json:"messages"` // in these channels; only a replay writes them
	Writes   int64   `json:"writes"`   // requests that change something
	Seconds  float64 `json:"seconds"`  // that these take at the least
}

// ChannelRow is one channel of an audit.
type ChannelRow struct {
	ServiceSID   string   `json:"service_sid"`
	SID          string   `json:"sid"`
	FriendlyName string   `json:"friendly_name"`
	UniqueName   string   `json:"unique_name"`
	Type         string   `json:"type"`
	Members      int64    `json:"members"`
	Messages     int64    `json:"messages"`
	Route        Route    `json:"way"`
	Reason       string   `json:"reason"`
	Writes       int64    `json:"writes"` // a replay of this channel would make
	Findings     []string `json:"findings"`
	SightLost    int64    `json:"sight_lost"` // users who are not members, of a channel that would be made private
}

// plan sums the rows of an audit up by way, in the order of how little they do.
// Where nothing has to be copied, what a copy would cost is listed as well: the
// writes of all that goes with it, users, roles and settings too.
func plan(rows []ChannelRow, e Estimate, aps float64, writes int64) []PlanRoute {
	byWay := map[Route]*PlanRoute{}
	whole := PlanRoute{Route: Replay, Reason: "only if the history has to move to another service: --replay", Seconds: e.Seconds, Writes: writes}
	for _, r := range rows {
		p := byWay[r.Route]
		if p == nil {
			p = &PlanRoute{Route: r.Route, Reason: r.Reason}
			byWay[r.Route] = p
		}
		p.Channels++
		p.Messages += r.Messages
		whole.Channels++
		whole.Messages += r.Messages
	}
	all := []PlanRoute{}
	if p := byWay[Visible]; p != nil {
		all = append(all, *p)
	}
	if p := byWay[Promote]; p != nil {
		p.Writes = p.Channels
		if aps > 0 {
			p.Seconds = float64(p.Writes) / aps
		}
		all = append(all, *p)
	}
	if p := byWay[Replay]; p != nil {
		whole.Reason = p.Reason
	}
	if len(rows) > 0 {
		all = append(all, whole)
	}
	return all
}
