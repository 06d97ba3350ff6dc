package migrate

import (
	"context"
	"crypto/sha256"
	"io"
	"time"
)

// Media is a file of a workspace, as its media service has it. The same service
// keeps the files of Chat and of Conversations.
type Media struct {
	SID         string `json:"sid"`
	Size        int64  `json:"size"` // bytes
	ContentType string `json:"content_type"`
	Filename    string `json:"filename"`
}

// MediaReader reads files, of a source or of a target.
type MediaReader interface {
	// OpenMedia says what a file is, and opens it. What is read from it has the
	// length that Media says: if less or more comes, or nothing for too long, the
	// last Read has an error of type *Error, never io.EOF. A file that is gone has
	// Kind NotFound. The caller closes it.
	OpenMedia(ctx context.Context, serviceSID, mediaSID string) (Media, io.ReadCloser, error)
}

// OpenFile opens a file from its beginning, as often as it is asked.
type OpenFile func(ctx context.Context) (io.ReadCloser, error)

// MediaKept is how long a file that was uploaded is kept while no message has it:
// five minutes (Twilio, media-support-conversations).
const MediaKept = 5 * time.Minute

// FileRecord is a file that was uploaded for a message. It is stored before the
// message is sent: a file belongs to one message, so sending the message again
// with the same TargetSID cannot make two.
type FileRecord struct {
	SourceIndex int64             // of its message
	SourceSID   string            // ME…
	TargetSID   string            // ME…
	Size        int64             // bytes
	SHA256      [sha256.Size]byte // of the bytes as they passed; zero if the file was found in the target
}
