package rehearse

import (
	"context"
	"fmt"
	"net/http"
	"strconv"

	"github.com/tidwall/gjson"

	"chatbridge/migrate"
)

// upload uploads a small invented file, and returns its SID.
func (s *session) upload(ctx context.Context, name string) (string, error) {
	path := "/v1/Services/" + s.made.ServiceSID + "/Media"
	r, err := s.try(ctx, migrate.Trial{
		Host: migrate.TargetMedia, Method: http.MethodPost, Target: path + "?Category=media&Filename=" + name,
		File: []byte("invented by a rehearsal: " + s.made.Token + "\n"), FileType: "text/plain",
	})
	if err != nil {
		return "", err
	}
	sid := sidIn(gjson.ParseBytes(r.Body), "ME")
	if !r.OK() || sid == "" {
		return "", &refused{http.MethodPost, shapeOf(path), r.Status, r.Code()}
	}
	return sid, nil
}

// attach writes a message with a file and without text.
func (s *session) attach(ctx context.Context, room, file string) (migrate.ProbeReply, error) {
	return s.post(ctx, s.at("Conversations", room, "Messages"), form("Author", s.people[0], "MediaSid", file, "DateCreated", oldCreated, "DateUpdated", oldCreated))
}

// mediaTwice gives one file to two messages.
func (s *session) mediaTwice(ctx context.Context) (finding, error) {
	room, err := s.room(ctx, "Files")
	if err != nil {
		return finding{}, err
	}
	file, err := s.upload(ctx, "twice.txt")
	if err != nil {
		return finding{}, err
	}
	first, err := s.attach(ctx, room, file)
	if err != nil {
		return finding{}, err
	}
	if !first.OK() {
		return dangerous("files do not arrive: give --policy media=placeholder, or ask Twilio Support first", "the first message with it is refused (%s)", says(first)), nil
	}
	second, err := s.attach(ctx, room, file)
	switch {
	case err != nil:
		return finding{}, err
	case second.Code() == migrate.CodeMediaTaken:
		return asAssumed("the second is refused (%s)", says(second)), nil
	case second.OK():
		return harmless("nothing to do: a file is uploaded again for each message", "the second is accepted"), nil
	}
	return harmless("nothing to do: a file is uploaded again for each message", "the second is refused otherwise (%s)", says(second)), nil
}

// beginMediaLate uploads what mediaLate attaches.
func (s *session) beginMediaLate(ctx context.Context) (err error) {
	s.lateFile, err = s.upload(ctx, "late.txt")
	return err
}

// mediaLate attaches a file that waited for longer than five minutes.
func (s *session) mediaLate(ctx context.Context) (finding, error) {
	room, err := s.room(ctx, "Late file")
	if err != nil {
		return finding{}, err
	}
	r, err := s.attach(ctx, room, s.lateFile)
	switch {
	case err != nil:
		return finding{}, err
	case r.Code() == migrate.CodeMediaGone:
		return asAssumed("it is gone after %s (%s)", short(mediaWait), says(r)), nil
	case r.OK():
		return harmless("nothing to do: a file is uploaded right before its message", "it is still there after %s", short(mediaWait)), nil
	}
	return harmless("nothing to do: a file is uploaded right before its message", "its message is refused after %s (%s)", short(mediaWait), says(r)), nil
}

// chatMediaBody reads a message with a file and without text through v1.
func (s *session) chatMediaBody(ctx context.Context) (finding, error) {
	room, err := s.room(ctx, "Chat files")
	if err != nil {
		return finding{}, err
	}
	file, err := s.upload(ctx, "chat.txt")
	if err != nil {
		return finding{}, err
	}
	r, err := s.attach(ctx, room, file)
	if err != nil {
		return finding{}, err
	}
	if !r.OK() {
		return unseen("a message with a file is refused (%s)", says(r)), nil
	}
	m, err := s.one(ctx, migrate.TargetChat, s.inChat("v1", "Channels", room, "Messages", sidOf(r)))
	if err != nil {
		return finding{}, err
	}
	switch body := m.Get("body").String(); {
	case body != "":
		f := asAssumed("a text of %s bytes that nobody wrote", strconv.Itoa(len(body)))
		f.follows = "if the source has messages with files, read it with --source-api v2: v1 shows that text as the author's"
		return f, nil
	default:
		return harmless("nothing to do: v1 does not show files either way; read a source that has some with --source-api v2", "the body is %s", orNothing(m.Get("body"))), nil
	}
}

func orNothing(v gjson.Result) string {
	if v.Type == gjson.Null {
		return "null"
	}
	return fmt.Sprintf("%q", v.String())
}
