package twilio

import (
	"context"
	"errors"

	chatv3 "github.com/twilio/twilio-go/rest/chat/v3"

	"chatbridge/mapping/chat"
	"chatbridge/migrate"
	"chatbridge/migrate/transport"
)

// Promoter makes channels private through Chat v3. It can do nothing else.
type Promoter struct{ host *host }

var _ migrate.Promoter = (*Promoter)(nil)

// NewPromoter returns a Promoter. Its configuration is that of a Source: the
// base URL is that of Chat. It sends nothing.
func NewPromoter(c Config) (*Promoter, error) {
	h, err := newHost(c.withDefaults(c.Place.ChatURL()), sourceHints)
	if err != nil {
		return nil, err
	}
	return &Promoter{host: h}, nil
}

// Promote is of migrate.Promoter. A repetition leaves the same state, so a lost
// reply is no reason to stop. Where the reply does not say that the channel is
// private (Twilio's own example does not), or where the service refuses what was
// done before, the channel itself is asked.
func (p *Promoter) Promote(ctx context.Context, serviceSID, channelSID, messagingServiceSID string) error {
	private := chat.PrivateChannel
	limits := transport.Call{Class: transport.Ensure, Service: serviceSID, Conversation: channelSID}
	replied, err := one(p.host, ctx, "promote channel", channelSID, limits, decodeChannel, func(c *call) error {
		_, err := chatv3.NewApiServiceWithClient(c).UpdateChannel(segment(serviceSID), segment(channelSID),
			&chatv3.UpdateChannelParams{Type: &private, MessagingServiceSid: text(messagingServiceSID)})
		return err
	})
	switch {
	case err == nil && replied.Type == private:
		return nil
	case err != nil && (migrate.KindOf(err) != migrate.Refused || messagingServiceSID != ""):
		return err
	}
	there, readErr := one(p.host, ctx, "read channel", channelSID, reading, decodeChannel, func(c *call) error {
		return chatV2{}.channel(c, segment(serviceSID), segment(channelSID))
	})
	switch {
	case readErr == nil && there.Type == private:
		return nil
	case err != nil:
		return err
	case readErr != nil:
		return readErr
	}
	return &migrate.Error{Op: "promote channel", Kind: migrate.Refused, SID: channelSID, Err: errStillPublic}
}

var errStillPublic = errors.New("the service accepted the request, but the channel is still public")

func decodeChannel(raw []byte) (chat.Channel, error) {
	c, err := chat.Decode[chat.Channel](raw)
	if err == nil {
		err = identified(raw)
	}
	return c, err
}
