package mapping

import (
	"cmp"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	"chatbridge/mapping/chat"
	"chatbridge/mapping/conversations"
)

// MaxMedia is how many bytes a file may have (Twilio, conversations-limits: 150 MB
// between chat participants). What the service takes a little earlier, it refuses.
const MaxMedia = 150 << 20

// untyped is the type of a file that was uploaded without one.
const untyped = "application/octet-stream"

// DefaultCompatibility is what Chat v1 shows in place of a file unless a service
// says otherwise.
const DefaultCompatibility = "Media messages are not supported by your client"

var mediaSID = regexp.MustCompile(`^ME[0-9a-fA-F]{32}$`) // as error 50510 gives it

func hasFile(msg chat.Message) bool { return msg.Media != nil || msg.Type == "media" }

// withFile is the text of a message with a file, and the file if it is to be
// copied: its SID is that of the source.
func (n *notes) withFile(msg chat.Message, body string) (string, conversations.Media) {
	file := chat.Media{}
	if msg.Media != nil {
		file = *msg.Media
	}
	code, why := Media, ""
	if n.policy.option(Media).Choice == doCopy {
		n.more(msg.MoreMedia)
		if why = notCopied(file); why == "" {
			return body, conversations.Media{
				SID: file.SID, Size: file.Size,
				ContentType: cmp.Or(n.text(file.ContentType, "media.content_type"), untyped),
				Filename:    n.text(file.Filename, "media.filename"),
			}
		}
		code, why = MediaMissing, "; "+why
	}
	detail := fmt.Sprintf("%s, %q, %s, %d bytes", chat.Shorten(file.SID), chat.Shorten(file.Filename), chat.Shorten(file.ContentType), file.Size)
	if n.add(code, "media", "%s", line(detail+why)) == doPlaceholder {
		n.original(whole(file, msg.Raw))
		body = n.inPlace(file, body)
	}
	return body, conversations.Media{}
}

// notCopied says why a file cannot be copied, as far as its message tells.
func notCopied(file chat.Media) string {
	switch {
	case !mediaSID.MatchString(file.SID):
		return "it has no SID by which it could be read"
	case file.Size > MaxMedia:
		return fmt.Sprintf("%d bytes fit", int64(MaxMedia))
	case file.Size < 0:
		return "its size is below 0"
	}
	return ""
}

// inPlace is the text that stands for a file, unless its message has one.
func (n *notes) inPlace(file chat.Media, body string) string {
	if body != "" {
		return body
	}
	file.Filename = n.text(file.Filename, "media.filename")
	file.ContentType = n.text(file.ContentType, "media.content_type")
	return filePlaceholder(file)
}

// WithoutFile says what to send in place of a message whose file cannot be copied,
// and why: as it is mapped without one. If the findings are Blocked or Skipped,
// nothing is.
func (m Mapper) WithoutFile(msg chat.Message, want conversations.Message, why string) (conversations.Message, []Finding) {
	n := m.notes(msg.SID, msg.ChannelSID)
	if n.add(MediaMissing, "media", "%s: %s", want.Media.SID, line(why)) == doPlaceholder && msg.Media != nil {
		n.original(whole(*msg.Media, msg.Raw))
		before := len(n.found)
		want.Body = n.inPlace(*msg.Media, want.Body)
		n.found = n.found[:before] // the message was mapped once, and said the rest
	}
	want.Media = conversations.Media{}
	n.keepSkipped(msg.Raw, msg)
	return want, n.found
}

// more notes the files of a message that cannot be attached beside the first.
func (n *notes) more(files []chat.Media) {
	var all []string
	for _, f := range files {
		all = append(all, fmt.Sprintf("%s, %q, %d bytes", chat.Shorten(f.SID), chat.Shorten(f.Filename), f.Size))
	}
	if len(all) > 0 {
		n.add(MediaMore, "more_media", "%s", line(strings.Join(all, "; ")))
		n.original(encode(files))
	}
}

// whole is what was shown of a file, as it was sent if encoding it anew would
// lose a part.
func whole(file chat.Media, raw []byte) string {
	if utf8.ValidString(file.Filename) && utf8.ValidString(file.ContentType) {
		return encode(file)
	}
	ms, _ := members(string(raw))
	for _, at := range ms {
		if at.key == "media" {
			return string(raw[at.value:at.end])
		}
	}
	return encode(file)
}

// filePlaceholder says what is known of a file that is not copied: many have no
// name.
func filePlaceholder(file chat.Media) string {
	about := []string{"file not copied"}
	for _, s := range []string{file.Filename, file.ContentType} {
		if s != "" {
			about = append(about, s)
		}
	}
	return fmt.Sprintf("[%s, %d bytes]", strings.Join(about, ", "), file.Size)
}
