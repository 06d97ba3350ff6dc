package doctor

import (
	"context"

	"chatbridge/migrate"
)

func (e *session) userChannels(ctx context.Context) (finding, error) {
	s, err := e.sample(ctx)
	if err != nil {
		return finding{}, err
	}
	user, err := e.firstUser(ctx)
	if err != nil || user == "" {
		return notSeen("no user was read"), err
	}
	p, err := e.readPage(ctx, migrate.SourceChat, "/v1/Services/"+s.services[0].sid()+"/Users/"+user+"/Channels?PageSize=1000")
	if err != nil {
		return finding{}, err
	}
	n := map[string]int{}
	for _, c := range p.records {
		n[c.text("status")]++
	}
	for status := range n {
		switch status {
		case "joined", "invited", "not_participating", "notParticipating":
		default:
			return harmless("nothing to do: chatbridge uses the list of members", "a status %q", status)
		}
	}
	if len(n) == 0 {
		return notSeen("the first user is in no channel"), nil
	}
	return asAssumed("%d joined, %d invited, %d not participating", n["joined"], n["invited"], n["not_participating"]+n["notParticipating"])
}
