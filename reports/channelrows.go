package reports

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"chatbridge/migrate/audit"
)

// ChannelRows writes the channels of an audit as they are read: CSV with a
// heading, or JSON lines. It keeps the first error for Close.
type ChannelRows struct {
	csv  *csv.Writer
	json io.Writer
	err  error
}

var channelColumns = []string{
	"service_sid", "sid", "friendly_name", "unique_name", "type", "members", "messages", "way", "reason", "writes", "findings", "sight_lost",
}

// NewChannelRows writes to w, in CSV or JSON.
func NewChannelRows(w io.Writer, f Format) *ChannelRows {
	if f != CSV {
		return &ChannelRows{json: w}
	}
	r := &ChannelRows{csv: csv.NewWriter(w)}
	r.err = r.csv.Write(channelColumns)
	return r
}

// Row writes one channel.
func (r *ChannelRows) Row(c audit.ChannelRow) {
	if r.err != nil {
		return
	}
	if r.csv == nil {
		r.err = r.line(c)
		return
	}
	row := []string{
		c.ServiceSID, c.SID, c.FriendlyName, c.UniqueName, c.Type, whole(c.Members), whole(c.Messages),
		string(c.Route), c.Reason, whole(c.Writes), strings.Join(c.Findings, " "), whole(c.SightLost),
	}
	for i, s := range row {
		row[i] = cell(s)
	}
	r.err = r.csv.Write(row)
}

func (r *ChannelRows) line(c audit.ChannelRow) error {
	c.Findings = filled(c.Findings)
	raw, err := json.Marshal(c)
	if err != nil {
		return fmt.Errorf("encode channel: %w", err)
	}
	_, err = io.WriteString(r.json, escaped(string(raw))+"\n")
	return err
}

// Close writes what is left and returns the first error there was.
func (r *ChannelRows) Close() error {
	if r.csv != nil && r.err == nil {
		r.csv.Flush()
		r.err = r.csv.Error()
	}
	if r.err != nil {
		return fmt.Errorf("write channels: %w", r.err)
	}
	return nil
}
