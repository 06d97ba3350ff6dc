package archive

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"iter"

	"chatbridge/mapping/chat"
	"chatbridge/migrate"
)

// userChannels writes what the users that users.jsonl lists have to do with
// channels.
func (x *export) userChannels(ctx context.Context, serviceSID string) error {
	users := fetched[usersChannels]{
		listed: x.listedUsers(serviceSID),
		whole:  func(usersChannels) bool { return false },
		fetch: func(u usersChannels) (usersChannels, error) {
			for c, err := range x.Source.UserChannels(ctx, serviceSID, u.sid) {
				if err != nil {
					return u, err
				}
				raw, err := namingUser(c)
				if err != nil {
					return u, err
				}
				u.raws = append(u.raws, raw)
			}
			return u, nil
		},
		gone: func(u usersChannels) { x.vanished(migrate.KindUsers, u.sid) },
	}
	err := x.file(ctx, migrate.KindUserChannels, UserChannelsPath(serviceSID), func(yield func(json.RawMessage, error) bool) {
		for u, err := range users.all(x.at) {
			if err != nil {
				yield(nil, err)
				return
			}
			for _, raw := range u.raws {
				if !yield(raw, nil) {
					return
				}
			}
		}
	})
	return x.readable(migrate.KindUserChannels, UserChannelsPath(serviceSID), serviceSID, err)
}

// usersChannels is one user with what they have to do with channels.
type usersChannels struct {
	sid  string
	raws []json.RawMessage
}

func (x *export) listedUsers(serviceSID string) iter.Seq2[usersChannels, error] {
	return func(yield func(usersChannels, error) bool) {
		for raw, err := range x.writer.ReadBack(UsersPath(serviceSID)) {
			var h header
			if err == nil {
				err = json.Unmarshal(raw, &h)
			}
			if !yield(usersChannels{sid: h.SID}, err) || err != nil {
				return
			}
		}
	}
}

// namingUser is the resource with user_sid in it, which v1 leaves out. All other
// bytes stay.
func namingUser(c chat.UserChannel) (json.RawMessage, error) {
	var there struct {
		UserSID string `json:"user_sid"`
	}
	if err := json.Unmarshal(c.Raw, &there); err != nil {
		return nil, fmt.Errorf("read channel of user %s: %w", c.UserSID, err)
	}
	if there.UserSID != "" {
		return c.Raw, nil
	}
	name, err := json.Marshal(c.UserSID)
	if err != nil {
		return nil, err
	}
	_, rest, _ := bytes.Cut(c.Raw, []byte("{"))
	out := append([]byte(`{"user_sid":`), name...)
	if !bytes.HasPrefix(bytes.TrimSpace(rest), []byte("}")) {
		out = append(out, ',')
	}
	return append(out, rest...), nil
}
