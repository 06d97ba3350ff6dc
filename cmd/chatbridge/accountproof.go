package main

import (
	"context"

	"chatbridge/migrate/twilio"
)

// prover knows whether a reply showed the account that credentials open. One that
// shows another than the settings name is an error of its own.
type prover interface{ AccountShown() bool }

var (
	_ prover = (*twilio.Source)(nil)
	_ prover = (*twilio.Target)(nil)
)

// unproven says of each side whether its account is known by nothing but the
// settings: an API key opens the account that it belongs to, whatever SID stands
// beside it. An account SID with its token names the account itself.
type unproven struct{ source, target bool }

// prove finds out what the replies so far leave open. It asks the target for its
// services, if its configuration shows no account: reads end at the first reply
// that shows another account than the settings name.
func (s *endpoints) prove(ctx context.Context) error {
	s.unproven.source = s.prover != nil && !s.prover.AccountShown()
	p, ok := s.reader.(prover)
	if !ok || !s.targetKey {
		return nil
	}
	if !p.AccountShown() {
		for _, err := range s.reader.Services(ctx) {
			if err != nil {
				return err
			}
		}
	}
	s.unproven.target = !p.AccountShown()
	return nil
}

// accounts are those that are taken on trust.
func (u unproven) accounts(s *endpoints) (all []string) {
	if u.source {
		all = append(all, s.sourceAccount)
	}
	if u.target && (!u.source || s.targetAccount != s.sourceAccount) {
		all = append(all, s.targetAccount)
	}
	return all
}

// say warns of accounts that are taken on trust.
func (c connector) say(s *endpoints) {
	for _, account := range s.unproven.accounts(s) {
		c.log.Warn("no reply shows which account the API key opens; chatbridge assumes the one in the settings", "account", account)
	}
}
