package reports

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"strconv"

	"chatbridge/migrate"
	"chatbridge/migrate/verify"
)

// symbols tell which side an item is on, one character each.
var symbols = map[verify.Class]string{
	verify.Missing:    "-",
	verify.NotVisible: "-",
	verify.Extra:      "+",
	verify.Doubled:    "+",
	verify.Foreign:    "?",
}

// direction says which side lacks an item.
func direction(d verify.Difference) string {
	switch {
	case d.TargetSID == "":
		return "not in target"
	case d.SourceSID == "" || d.Class == verify.Doubled:
		return "not in source"
	}
	return "in both"
}

// differenceLine is one item on one line, which Plain has yet to make harmless.
func differenceLine(d verify.Difference) string {
	line := fmt.Sprintf("%s %s: %s %s -> %s", cmp.Or(symbols[d.Class], "!"), d.Class, d.Kind, cmp.Or(d.SourceSID, "none"), cmp.Or(d.TargetSID, "none"))
	if d.Name != "" {
		line += " " + strconv.Quote(d.Name)
	}
	if d.Channel != "" && d.Kind != migrate.KindChannels {
		line += " in " + d.Channel
		if d.ChannelName != "" {
			line += " " + strconv.Quote(d.ChannelName)
		}
	}
	for _, more := range []string{d.Field, d.Detail} {
		if more != "" {
			line += "; " + more
		}
	}
	return line
}

// differenceColumns are the heading over rows of differenceRow.
var differenceColumns = []string{"class", "direction", "kind", "channel_sid", "source_sid", "target_sid", "field", "detail", "name", "channel_name"}

func differenceRow(d verify.Difference) []string {
	return []string{string(d.Class), direction(d), d.Kind, d.Channel, d.SourceSID, d.TargetSID, d.Field, d.Detail, d.Name, d.ChannelName}
}

// differenceItem is a difference as an element of JSON.
type differenceItem struct {
	verify.Difference
	Direction string `json:"direction"`
}

// writeElement writes one element of a JSON list, on a line of its own.
func writeElement(w io.Writer, first bool, item any) error {
	raw, err := json.Marshal(item)
	if err != nil {
		return fmt.Errorf("encode item: %w", err)
	}
	separator := ",\n    "
	if first {
		separator = "\n    "
	}
	_, err = io.WriteString(w, separator+escaped(string(raw)))
	return err
}
