package migrate

import (
	"context"
	"errors"

	"chatbridge/mapping/chat"
)

// ErrNoServices is the cause of an error about an account without Chat.
var ErrNoServices = errors.New("the source account has no Chat services")

// ReadServices reads the services that were asked for, in the order in which
// the source lists them.
func ReadServices(ctx context.Context, src Source, sids []string) ([]chat.Service, error) {
	var all []chat.Service
	for s, err := range src.Services(ctx) {
		if err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	return SelectServices(all, sids)
}

// SelectServices takes the services that were asked for by SID, and all of them
// if none was. It is an error if one is not there, or if there are none at all.
func SelectServices(all []chat.Service, sids []string) ([]chat.Service, error) {
	selected, missing := Select(all, sids, func(s chat.Service) string { return s.SID })
	if missing != "" {
		return nil, NoSuchService(missing)
	}
	if len(selected) == 0 {
		return nil, &Error{
			Op: "select services", Kind: NotFound, Err: ErrNoServices,
			Hint: "check that TWILIO_ACCOUNT_SID names the account that holds them",
		}
	}
	return selected, nil
}

// Select takes those that were asked for by SID, in the order in which they are
// listed, and all of them if none was. missing is a SID that was asked for and
// is not there.
func Select[T any](all []T, sids []string, sidOf func(T) string) (selected []T, missing string) {
	if len(sids) == 0 {
		return all, ""
	}
	wanted := map[string]bool{}
	for _, sid := range sids {
		wanted[sid] = true
	}
	found := map[string]bool{}
	for _, one := range all {
		if sid := sidOf(one); wanted[sid] {
			found[sid] = true
			selected = append(selected, one)
		}
	}
	for _, sid := range sids {
		if !found[sid] {
			return nil, sid
		}
	}
	return selected, ""
}

// NoSuchService says that a service which was asked for is not in the source.
func NoSuchService(sid string) *Error {
	return &Error{
		Op: "select service", Kind: NotFound, SID: sid,
		Err:  errors.New("the source account has no such service"),
		Hint: "to list the services: chatbridge audit",
	}
}
