package postgres

import (
	"bytes"
	"database/sql"
	"encoding/hex"
	"fmt"
	"strings"
	"unicode/utf8"

	"chatbridge/migrate/internal/stored"
)

// packSID gives the stored form of a SID: 16 bytes if it is the prefix and 32
// lower-case hexadecimal digits. Any other is stored as its bytes with one or two
// bytes behind them that say how many they are, so that it has never 16.
func packSID(prefix, sid string) []byte {
	packed, usual := stored.PackSID(prefix, sid)
	if usual {
		return packed
	}
	tail := []byte{1}
	if len(sid)+len(tail) == 16 {
		tail = []byte{2, 2}
	}
	return append([]byte(sid), tail...)
}

// scanSID scans what packSID gave.
func scanSID(prefix string, sid *string) sql.Scanner { return packedSID{prefix, sid} }

type packedSID struct {
	prefix string
	sid    *string
}

func (p packedSID) Scan(value any) error {
	b, ok := value.([]byte)
	switch n := len(b); {
	case !ok || n == 0:
		return fmt.Errorf("unpack SID: stored as %T", value)
	case n == 16:
		*p.sid = stored.UnpackSID(p.prefix, b)
	case int(b[n-1]) > n:
		return fmt.Errorf("unpack SID: %x is none", b)
	default:
		*p.sid = string(b[:n-int(b[n-1])])
	}
	return nil
}

// escaped begins a text that is stored as hexadecimal digits.
const escaped = `\x`

// packText gives the stored form of a text, which is the text itself unless
// PostgreSQL refuses it: it takes valid UTF-8 without the character NUL.
func packText(s string) string {
	if utf8.ValidString(s) && strings.IndexByte(s, 0) < 0 && !strings.HasPrefix(s, escaped) {
		return s
	}
	return escaped + hex.EncodeToString([]byte(s))
}

// scanText scans what packText gave.
func scanText[S ~string](s *S) sql.Scanner { return packedText[S]{s} }

type packedText[S ~string] struct{ text *S }

func (p packedText[S]) Scan(value any) error {
	s, ok := value.(string)
	if !ok {
		return fmt.Errorf("unpack text: stored as %T", value)
	}
	if digits, is := strings.CutPrefix(s, escaped); is {
		b, err := hex.DecodeString(digits)
		if err != nil {
			return fmt.Errorf("unpack text: %w", err)
		}
		s = string(b)
	}
	*p.text = S(s)
	return nil
}

// scanBytes keeps the difference between NULL and no bytes.
func scanBytes(b *[]byte) sql.Scanner { return storedBytes{b} }

type storedBytes struct{ bytes *[]byte }

func (p storedBytes) Scan(value any) error {
	switch v := value.(type) {
	case nil:
		*p.bytes = nil
	case []byte:
		*p.bytes = bytes.Clone(v)
	default:
		return fmt.Errorf("unpack bytes: stored as %T", value)
	}
	return nil
}
