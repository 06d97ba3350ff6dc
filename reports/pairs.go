package reports

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"strconv"

	"chatbridge/migrate"
)

// JSONLines is one object on each line.
const JSONLines Format = "jsonl"

var pairColumns = []string{"kind", "source_sid", "target_sid", "service_sid", "channel_sid", "source_index", "target_index"}

// pairLine is a pair as a line of JSON: pairColumns behind the version.
type pairLine struct {
	SchemaVersion int    `json:"schema_version"`
	Kind          string `json:"kind"`
	SourceSID     string `json:"source_sid"`
	TargetSID     string `json:"target_sid"`
	ServiceSID    string `json:"service_sid"`
	ChannelSID    string `json:"channel_sid,omitempty"`
	SourceIndex   *int64 `json:"source_index,omitempty"`
	TargetIndex   *int64 `json:"target_index,omitempty"`
}

// WritePairs lists old and new SIDs, as CSV or as JSONLines.
func WritePairs(w io.Writer, f Format, pairs iter.Seq2[migrate.Pair, error]) error {
	out := bufio.NewWriter(w)
	rows, lines := csv.NewWriter(out), json.NewEncoder(out)
	if f == CSV {
		if err := rows.Write(pairColumns); err != nil {
			return err
		}
	}
	for p, err := range pairs {
		switch {
		case err != nil:
			return err
		case f == JSONLines:
			err = lines.Encode(pairLine{
				SchemaVersion: migrate.SchemaVersion, Kind: p.Kind, SourceSID: Plain(p.SourceSID), TargetSID: Plain(p.TargetSID),
				ServiceSID: Plain(p.ServiceSID), ChannelSID: Plain(p.ChannelSID), SourceIndex: p.SourceIndex, TargetIndex: p.TargetIndex,
			})
		default:
			err = rows.Write([]string{
				p.Kind, Plain(p.SourceSID), Plain(p.TargetSID), Plain(p.ServiceSID), Plain(p.ChannelSID),
				indexCell(p.SourceIndex), indexCell(p.TargetIndex),
			})
		}
		if err != nil {
			return fmt.Errorf("write SIDs: %w", err)
		}
	}
	rows.Flush()
	return errors.Join(rows.Error(), out.Flush())
}

func indexCell(n *int64) string {
	if n == nil {
		return ""
	}
	return strconv.FormatInt(*n, 10)
}
