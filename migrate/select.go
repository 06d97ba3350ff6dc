package migrate

import (
	"context"
	"errors"
	"maps"
	"slices"

	"chatbridge/mapping/chat"
)

// selectServices reads the services that were asked for, in the order in which
// the source lists them.
func selectServices(ctx context.Context, src Source, sids []string) ([]chat.Service, error) {
	missing := map[string]bool{}
	for _, sid := range sids {
		missing[sid] = true
	}
	var selected []chat.Service
	for s, err := range src.Services(ctx) {
		if err != nil {
			return nil, err
		}
		if len(sids) > 0 && !slices.Contains(sids, s.SID) {
			continue
		}
		delete(missing, s.SID)
		selected = append(selected, s)
	}
	if len(missing) > 0 {
		return nil, &Error{
			Op: "select service", Kind: NotFound, SID: slices.Sorted(maps.Keys(missing))[0],
			Err:  errors.New("the source account has no such service"),
			Hint: "list the services that are there with: chatbridge audit",
		}
	}
	if len(selected) == 0 {
		return nil, &Error{
			Op: "select services", Kind: NotFound, Err: errors.New("the source account has no services"),
			Hint: "check that TWILIO_ACCOUNT_SID names the account that holds the Chat services",
		}
	}
	return selected, nil
}
