package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/transport"
	"chatbridge/migrate/twilio"
)

// scriptArrived writes what the target holds: roles, people and conversations in
// the order of their names, messages in their own. A second argument takes the lines
// of one kind.
func scriptArrived(ts *testscript.TestScript, neg bool, args []string) {
	base := loopbackOnly()
	defer base.CloseIdleConnections()
	s := servers.of(ts.Getenv("WORK"))
	target, err := twilio.NewTarget(twilio.Config{
		BaseURL: s.ConversationsURL, ChatURL: s.ChatURL, Username: emulator.DefaultAccountSID, Password: scriptToken,
		HTTP: transport.New(transport.Options{Base: base}),
	})
	ts.Check(err)
	var all strings.Builder
	ts.Check(shelf{target, &all}.all(context.Background()))
	text := all.String()
	if len(args) > 1 {
		text = ""
		for line := range strings.Lines(all.String()) {
			if strings.HasPrefix(strings.TrimSpace(line), args[1]+" ") {
				text += line
			}
		}
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(text), 0o600))
}

// shelf is a target that is written down.
type shelf struct {
	migrate.TargetReader
	out io.Writer
}

func (s shelf) all(ctx context.Context) error {
	for service, err := range s.Services(ctx) {
		if err != nil {
			return err
		}
		fmt.Fprintf(s.out, "service %s\n", service.FriendlyName)
		if err := s.service(ctx, service.SID); err != nil {
			return err
		}
	}
	return nil
}

func (s shelf) service(ctx context.Context, sid string) error {
	var lines []string
	roles := map[string]string{}
	for r, err := range s.Roles(ctx, sid) {
		if err != nil {
			return err
		}
		roles[r.SID] = fmt.Sprintf("%s %s", r.FriendlyName, strings.Join(slices.Sorted(slices.Values(r.Permissions)), "+"))
		lines = append(lines, fmt.Sprintf("role %s %s", r.Type, roles[r.SID]))
	}
	for u, err := range s.Users(ctx, sid) {
		if err != nil {
			return err
		}
		lines = append(lines, fmt.Sprintf("user %s %s", u.Identity, u.Attributes))
	}
	for c, err := range s.Conversations(ctx, sid) {
		if err != nil {
			return err
		}
		text, err := s.conversation(ctx, sid, c, roles)
		if err != nil {
			return err
		}
		lines = append(lines, text)
	}
	slices.Sort(lines)
	_, err := fmt.Fprintln(s.out, strings.Join(lines, "\n"))
	return err
}

func (s shelf) conversation(ctx context.Context, service string, c conversations.Conversation, roles map[string]string) (string, error) {
	var people []string
	for p, err := range s.Participants(ctx, service, c.SID) {
		if err != nil {
			return "", err
		}
		people = append(people, fmt.Sprintf("  participant %s: %s", p.Identity, roles[p.RoleSID]))
	}
	slices.Sort(people)
	lines := append([]string{"conversation " + c.UniqueName}, people...)
	for m, err := range s.Messages(ctx, service, c.SID, false) {
		if err != nil {
			return "", err
		}
		body := m.Body
		if len(body) > 40 {
			body = fmt.Sprintf("%d bytes", len(body))
		}
		line := fmt.Sprintf("  message %s %s %q %s", m.DateCreated.Format(time.RFC3339), m.Author, body, m.Attributes)
		if !m.DateUpdated.IsZero() {
			line += " changed " + m.DateUpdated.Format(time.RFC3339)
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n"), nil
}
