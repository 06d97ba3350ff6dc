package origin_test

import (
	"fmt"
	"strings"
)

// story is what both sides hold, for people who look into a failure.
func (m *migration) story() string {
	var b strings.Builder
	fmt.Fprintf(&b, "birth %d, ledger lost: %t\n", m.birthday, m.forgot)
	for _, s := range m.source {
		fmt.Fprintf(&b, "  source %2d  %-6s %d %-12q deleted=%t changed=%t\n", s.id, s.author, s.at, s.body, s.deleted, s.changed)
	}
	for _, t := range m.target {
		of := -1
		if t.of != nil {
			of = t.of.id
		}
		fmt.Fprintf(&b, "  target %s at %2d of %2d  %-6s %d %-12q people=%t second=%t altered=%t deleted=%t\n",
			t.sid, t.index, of, t.author, t.at, t.body, t.people, t.second, t.altered, t.deleted)
	}
	for _, line := range m.log {
		b.WriteString("  " + line + "\n")
	}
	return b.String()
}

func (m *migration) tell(format string, args ...any) {
	if *history >= 0 {
		m.log = append(m.log, fmt.Sprintf(format, args...))
	}
}
