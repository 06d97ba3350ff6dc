package chat

// VersionsField is the name under which a record that was read through both versions
// of Chat bears its Versions. Chat has no such field: whoever reads both puts it there.
const VersionsField = "chat_versions"

// Versions is what v1 and v2 do not agree about, of a record that was read through
// both. The zero value is that they agree, or that one was asked.
type Versions struct {
	Only   string   `json:"only,omitempty"`   // the version that shows the record, if the other does not
	Differ []string `json:"differ,omitempty"` // fields that they show otherwise; the record has them as v1 does
}
