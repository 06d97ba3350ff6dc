package reports

import (
	"testing"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
)

func TestWaitText(t *testing.T) {
	for want, w := range map[string]migrate.Wait{
		"12 channels wait: conversations.twilio.com answers 429 (too many requests), trying again": {Cause: migrate.Throttling, Host: "conversations.twilio.com", Status: 429, Channels: 12, Seconds: 3},
		"1 channel waits: chat.twilio.com answers 503, trying again":                               {Cause: migrate.Failing, Host: "chat.twilio.com", Status: 503, Channels: 1, Others: 2, Seconds: 3},
		"no answer from chat.twilio.com for 20 s; 3 requests wait":                                 {Cause: migrate.Silent, Host: "chat.twilio.com", Others: 3, Seconds: 20.9},
		"no connection to chat.twilio.com for 1 min 5 s, trying again; waiting":                    {Cause: migrate.Unreachable, Host: "chat.twilio.com", Others: 1, Seconds: 65},
		"paused: the file stop exists; remove it to go on":                                         {Cause: migrate.Paused, Reason: "the file stop exists; remove it to go on", Channels: 9},
		`waiting: another run \u001b[31m may be alive`:                                             {Cause: migrate.Claiming, Reason: "another run \x1b[31m may be alive", Others: 1},
		"waiting: the list may lack one (--settle)":                                                {Cause: migrate.Settling, Reason: "the list may lack one (--settle)", Others: 1},
		"waiting: an earlier request may still land (--settle)":                                    {Cause: migrate.Settling, Others: 1},
	} {
		require.Equal(t, want, WaitText(w))
	}
	for _, cause := range []migrate.Cause{migrate.RateLimit, migrate.AtOnce, migrate.Settling, migrate.Claiming, migrate.InTurn} {
		require.Contains(t, WaitText(migrate.Wait{Cause: cause, Channels: 2}), "2 channels wait")
		require.Greater(t, len(WaitText(migrate.Wait{Cause: cause, Channels: 2})), len("2 channels wait"), "and why: %s", cause)
	}
}
