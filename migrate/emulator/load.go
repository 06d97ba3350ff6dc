package emulator

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"slices"

	"chatbridge/migrate/archive"
)

// opened is an archive whose resources are those of another account: whatever
// account it was made of, credentials open the emulator's.
type opened struct {
	*archive.Archive
	fsys    fs.FS
	account []byte // the field that names it
	renamed sidMask
}

func (a opened) own(raw json.RawMessage) json.RawMessage {
	raw = a.renamed.all(raw)
	if at := accountField.FindIndex(raw); at != nil {
		return slices.Concat(raw[:at[0]], a.account, raw[at[1]:])
	}
	return raw
}

// load reads an archive whole.
func (s *source) load(fsys fs.FS, accountSID string, renamed sidMask) error {
	from, err := archive.Open(fsys)
	if err != nil {
		return err
	}
	a := opened{from, fsys, fmt.Appendf(nil, `"account_sid":%q`, accountSID), renamed}
	for raw, err := range a.Lines(archive.CredentialsPath) {
		if err != nil {
			return err
		}
		if err := shelve(&s.credentials, a.own(raw)); err != nil {
			return err
		}
	}
	for _, sid := range a.Services() {
		if err := s.loadService(a, sid); err != nil {
			return fmt.Errorf("load %s: %w", sid, err)
		}
	}
	return nil
}

func shelve(on *shelf[json.RawMessage], raw json.RawMessage) error {
	h, err := readHeader(raw)
	if err == nil {
		on.add(h.SID, raw)
	}
	return err
}

func (s *source) loadService(a opened, sid string) error {
	raw, err := a.Service(sid)
	if err != nil {
		return err
	}
	raw = a.own(raw)
	v := newChatService(a.renamed.of(sid), raw)
	v.archive, v.renamed = a.fsys, a.renamed
	s.services.add(v.sid, v)
	if err := each(a, archive.RolesPath(sid), func(raw json.RawMessage) error { return shelve(&v.roles, raw) }); err != nil {
		return err
	}
	if err := each(a, archive.UsersPath(sid), v.addUser); err != nil {
		return err
	}
	if err := each(a, archive.UserChannelsPath(sid), v.addStanding); err != nil {
		return err
	}
	if err := each(a, archive.BindingsPath(sid), func(raw json.RawMessage) error { return shelve(&v.bindings, raw) }); err != nil {
		return err
	}
	return each(a, archive.ChannelsPath(sid), func(raw json.RawMessage) error {
		c, err := v.addChannel(raw)
		if err != nil {
			return err
		}
		return loadChannel(a, v, c)
	})
}

func loadChannel(a opened, v *chatService, c *channel) error {
	service, channel := a.renamed.of(v.sid), a.renamed.of(c.sid) // as the archive has them
	if err := each(a, archive.MembersPath(service, channel), c.addMember); err != nil {
		return err
	}
	if err := each(a, archive.InvitesPath(service, channel), func(raw json.RawMessage) error { return shelve(&c.invites, raw) }); err != nil {
		return err
	}
	if err := each(a, archive.WebhooksPath(service, channel), func(raw json.RawMessage) error { return shelve(&c.webhooks, raw) }); err != nil {
		return err
	}
	var past archived
	err := each(a, archive.MessagesPath(service, channel), func(raw json.RawMessage) error {
		h, err := readHeader(raw)
		if err != nil {
			return err
		}
		if h.Index == nil {
			return fmt.Errorf("message %s has no index", h.SID)
		}
		v.noteFile(c, raw)
		past = append(past, chatMessage{*h.Index, h.SID, raw})
		return nil
	})
	past.sort()
	c.history.base = past
	return err
}

func each(a opened, name string, take func(json.RawMessage) error) error {
	for raw, err := range a.Lines(name) {
		if err != nil {
			return err
		}
		if err := take(a.own(raw)); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}
