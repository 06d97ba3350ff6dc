package claim

import (
	"context"
	"time"

	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
)

// release lets go of the claim, in one request.
func (h *holding) release(ctx context.Context) error {
	h.stop()
	if h.over() {
		return nil
	}
	h.mu.Lock()
	mark := h.mark
	doubt := !h.doubted.IsZero() && time.Since(h.doubted) < h.Settle
	h.mu.Unlock()
	if doubt {
		h.event(migrate.Detail, "a write may still land, so the claim on the service stays until it expires", migrate.KeyService, h.service)
		return nil
	}
	var err error
	if len(mark.Notifications) > 0 {
		err = h.Target.SetConversation(ctx, h.service, conversations.Conversation{
			SID: h.sid, Attributes: Mark{Counter: mark.Counter + 1, Notifications: mark.Notifications}.attributes(),
		})
	} else {
		err = h.Target.DeleteConversation(ctx, h.service, h.sid)
	}
	if err != nil {
		h.event(migrate.Notice, "the claim on the service could not be removed; it will expire", migrate.KeyService, h.service, migrate.KeyReason, err.Error())
	}
	return err
}
