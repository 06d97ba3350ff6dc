package twilio

import (
	"context"
	"errors"
	"fmt"

	chatv2 "github.com/twilio/twilio-go/rest/chat/v2"

	"chatbridge/mapping/chat"
	"chatbridge/migrate"
	"chatbridge/migrate/transport"
)

// Limits is of migrate.TargetReader. It reads the service through Chat v2.
func (t *Target) Limits(ctx context.Context, serviceSID string) (migrate.Limits, error) {
	const op = "read limits"
	if err := t.reachesChat(op, serviceSID); err != nil {
		return migrate.Limits{}, err
	}
	return one(t.chat, ctx, op, serviceSID, reading, decodeLimits, func(c *call) error {
		_, err := chatV2API(c).FetchService(segment(serviceSID))
		return err
	})
}

// SetLimits is of migrate.Target. It updates the service through Chat v2.
func (t *Target) SetLimits(ctx context.Context, serviceSID string, l migrate.Limits) error {
	const op = "set limits"
	if err := t.reachesChat(op, serviceSID); err != nil {
		return err
	}
	for _, n := range []int{l.ChannelMembers, l.UserChannels} {
		if n < 0 || n > migrate.MaxLimit {
			return &migrate.Error{Op: op, Kind: migrate.Usage, SID: serviceSID,
				Err: fmt.Errorf("a limit of %d is not from 1 to %d", n, migrate.MaxLimit)}
		}
	}
	if l == (migrate.Limits{}) {
		return nil
	}
	_, err := one(t.chat, ctx, op, serviceSID, transport.Call{Class: transport.Ensure}, decodeLimits, func(c *call) error {
		_, err := chatV2API(c).UpdateService(segment(serviceSID), &chatv2.UpdateServiceParams{
			LimitsChannelMembers: number(l.ChannelMembers),
			LimitsUserChannels:   number(l.UserChannels),
		})
		return err
	})
	return err
}

func (t *Target) reachesChat(op, serviceSID string) error {
	if t.chat != nil {
		return nil
	}
	return &migrate.Error{Op: op, Kind: migrate.Usage, SID: serviceSID, Hint: "give --chat-url too",
		Err: errors.New("the address of Chat, which keeps the limits, is not known")}
}

func decodeLimits(raw []byte) (migrate.Limits, error) {
	s, err := chat.Decode[chat.Service](raw)
	if err == nil {
		err = identified(raw)
	}
	return migrate.Limits{ChannelMembers: said(s.Limits.ChannelMembers), UserChannels: said(s.Limits.UserChannels)}, err
}

func said(n *int64) int {
	if n == nil {
		return 0
	}
	return int(*n)
}

// number is the pointer that twilio-go's parameters take, nil for what is not
// sent.
func number(n int) *int {
	if n == 0 {
		return nil
	}
	return &n
}
