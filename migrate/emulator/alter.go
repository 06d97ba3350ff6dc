package emulator

import (
	"net/http"
	"strconv"
	"strings"

	"golang.org/x/text/unicode/norm"
)

// alter changes text on its way into the store.
func (m *mischief) alter(x *Exchange) {
	if x.Method != http.MethodPost || x.Host != ConversationsHost {
		return
	}
	m.replace(x)
	for name, change := range map[string]func(string) string{"Body": m.plain, "FriendlyName": m.plain, "Attributes": m.attributes} {
		if !x.Form.Has(name) {
			continue
		}
		sent := x.Form.Get(name)
		if stored := change(sent); stored != sent {
			x.Form.Set(name, stored)
			m.happened("text")
		}
	}
}

func (m *mischief) plain(s string) string {
	if m.LineEnds {
		s = strings.ReplaceAll(s, "\r\n", "\n")
	}
	if m.Trim {
		s = strings.TrimSpace(s)
	}
	return m.composed(s)
}

func (m *mischief) composed(s string) string {
	if m.NFC {
		return norm.NFC.String(s)
	}
	return s
}

func (m *mischief) attributes(s string) string {
	if m.Doubles {
		s = doubles(s)
	}
	if m.Reformats {
		s = reformatted(s)
	}
	return m.composed(s)
}

// doubles writes the numbers in a JSON text as a store does that keeps them in
// 64 bits of floating point.
func doubles(text string) string {
	var out strings.Builder
	for at := 0; at < len(text); {
		end := at + 1
		switch c := text[at]; {
		case c == '"':
			end = stringEnd([]byte(text), at)
		case c == '-' || c >= '0' && c <= '9':
			for end < len(text) && strings.IndexByte("0123456789+-.eE", text[end]) >= 0 {
				end++
			}
			if f, err := strconv.ParseFloat(text[at:end], 64); err == nil {
				out.WriteString(strconv.FormatFloat(f, 'g', -1, 64))
				at = end
				continue
			}
		}
		out.WriteString(text[at:end])
		at = end
	}
	return out.String()
}
