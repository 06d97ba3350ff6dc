package postgres

import (
	"fmt"
	"slices"
	"strings"
)

// schemaName is the schema that all of it is in.
const schemaName = "chatbridge"

// table is one of the ledger's, by what a put needs of it. Its first columns are its
// key, behind the migration's ID.
type table struct {
	name    string
	keys    int
	columns []string // "name type"

	upsert string // puts many rows at once
}

func newTable(name string, keys int, columns ...string) *table {
	t := &table{name: name, keys: keys, columns: columns}
	var names, parameters, updates []string
	for i, c := range columns {
		column, kind, _ := strings.Cut(c, " ")
		names = append(names, column)
		parameters = append(parameters, fmt.Sprintf("$%d::%s[]", i+2, kind))
		if i >= keys {
			updates = append(updates, column+" = excluded."+column)
		}
	}
	// In the order in which they were put: that of runs counts.
	t.upsert = fmt.Sprintf(`INSERT INTO %s.%s (migration_id, %s)
		SELECT $1, %s FROM unnest(%s) WITH ORDINALITY AS u (%s, position) ORDER BY position
		ON CONFLICT (migration_id, %s) DO UPDATE SET %s`,
		schemaName, name, strings.Join(names, ", "), strings.Join(names, ", "), strings.Join(parameters, ", "), strings.Join(names, ", "),
		strings.Join(names[:keys], ", "), strings.Join(updates, ", "))
	return t
}

var (
	fingerprints = newTable("fingerprints", 1, "name text", "value text")
	services     = newTable("services", 1, "sid text", "target_sid text", "friendly_name text", "stage bigint", "before text", "created boolean", "adopted boolean", "saved bytea")
	entities     = newTable("entities", 2, "kind bigint", "sid bytea", "parent_sid bytea", "target_sid bytea", "existing boolean", "horizon bigint", "date_updated bigint", "digest bigint", "kept boolean")
	originals    = newTable("originals", 2, "kind bigint", "target_sid bytea", "parent_sid bytea", "before bytea", "wrote bigint")
	attempts     = newTable("attempts", 2, "kind bigint", "sid bytea", "parent_sid bytea", "before text", "sent bigint", "unanswered bigint")
	channels     = newTable("channels", 1, "sid text", "service_sid text", "target_sid text", "friendly_name text", "stage bigint", "adopted boolean", "members_count bigint", "messages_count bigint", "messages bigint", "members bigint", "date_updated bigint", "digest bigint", "born_at bigint", "alone boolean", "writing boolean", "listed boolean", "listed_members bigint", "listed_messages bigint", "left_out_members bigint", "left_out_messages bigint", "page text", "page_sid text", "page_index bigint")
	messages     = newTable("messages", 2, "channel_sid bytea", "source_index bigint", "target_index bigint", "source_sid bytea", "target_sid bytea", "others boolean", "gone boolean")
	doubts       = newTable("doubts", 2, "channel_sid bytea", "source_index bigint", "after bigint", "sends bigint", "at bigint")
	files        = newTable("files", 2, "channel_sid bytea", "source_index bigint", "source_sid bytea", "target_sid bytea", "size bigint", "sha256 bytea")
	failures     = newTable("failures", 2, "source_sid text", "kind text", "service_sid text", "target_sid text", "reason text", "hint text", "at bigint")
	findings     = newTable("findings", 3, "code text", "sid text", "field text", "owner text", "severity text", "count bigint")
	runs         = newTable("runs", 1, "id text", "pid bigint", "host text", "started_at bigint", "heartbeat_at bigint", "ended_at bigint", "status text", "settle bigint", "progress bytea", "summary bytea", "unanswered_at bigint")

	tables = []*table{fingerprints, services, entities, originals, attempts, channels, messages, doubts, files, failures, findings, runs, dropped}
)

// statement is one that changes a table. Many puts share one.
type statement struct {
	table *table
	sql   string // of anything but puts
	args  []any

	rows [][]any     // of puts
	at   map[key]int // where in rows a key is
}

// key is that of a row, as long as the longest.
type key [3]any

func (t *table) key(row []any) (k key) {
	for i, v := range row[:t.keys] {
		if b, ok := v.([]byte); ok {
			v = string(b)
		}
		k[i] = v
	}
	return k
}

// put adds a row, or replaces the one with its key: a statement may not touch a row
// twice.
func (s *statement) put(row []any) {
	k := s.table.key(row)
	if i, there := s.at[k]; there {
		s.rows[i] = row
		return
	}
	s.at[k] = len(s.rows)
	s.rows = append(s.rows, row)
}

// query is what is sent: of puts, the migration and an array for each column.
func (s *statement) query(migration int32) (sql string, args []any) {
	if s.sql != "" {
		return s.sql, append([]any{migration}, s.args...)
	}
	args = append(args, migration)
	for c := range s.table.columns {
		column := make([]any, len(s.rows))
		for r, row := range s.rows {
			column[r] = row[c]
		}
		args = append(args, column)
	}
	return s.table.upsert, args
}

// add appends a put to a list of statements, or another statement if row is nil. A
// put goes into the last statement on its table, and past those on others: what is
// done to one table does not depend on another.
func add(list []*statement, from int, s *statement, row []any) []*statement {
	if row != nil {
		for _, earlier := range slices.Backward(list[from:]) {
			if earlier.table != s.table {
				continue
			}
			if earlier.sql == "" {
				earlier.put(row)
				return list
			}
			break
		}
		s.at = map[key]int{}
		s.put(row)
	}
	return append(list, s)
}

// sizeOf is how many bytes the texts and the bytes of a row have.
func sizeOf(row []any) (n int) {
	for _, v := range row {
		switch v := v.(type) {
		case string:
			n += len(v)
		case []byte:
			n += len(v)
		}
	}
	return n
}
