package versions

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"chatbridge/mapping/chat"
)

// compared are the fields of each resource that both versions of Chat show, and that
// have to agree. Counters are not among them: they drift by themselves, and lists are
// compared record by record.
var compared = map[string][]string{
	"service": {"friendly_name", "default_service_role_sid", "default_channel_role_sid", "default_channel_creator_role_sid",
		"pre_webhook_url", "post_webhook_url", "date_created", "date_updated"},
	"role":    {"friendly_name", "type", "permissions", "date_created", "date_updated"},
	"user":    {"identity", "friendly_name", "attributes", "role_sid", "date_created", "date_updated"},
	"channel": {"friendly_name", "unique_name", "attributes", "type", "created_by", "date_created", "date_updated"},
	"member":  {"identity", "role_sid", "last_consumed_message_index", "last_consumption_timestamp", "date_created", "date_updated"},
	"message": {"index", "from", "body", "attributes", "was_edited", "date_created", "date_updated"},
}

// differences are the fields in which two versions show one record otherwise. v1 says
// something of its own in place of a file, and lists of either may not show attributes.
func differences(kind string, older, newer []byte) (fields []string) {
	o, n := gjson.ParseBytes(older), gjson.ParseBytes(newer)
	for _, name := range compared[kind] {
		before, after := o.Get(name), n.Get(name)
		switch {
		case name == "attributes" && (absent(before) || absent(after)):
		case name == "body" && hasFile(n):
		case !sameValue(before, after):
			fields = append(fields, name)
		}
	}
	return fields
}

func absent(v gjson.Result) bool { return v.Type == gjson.Null }

func hasFile(message gjson.Result) bool {
	return message.Get("type").Str == "media" || message.Get("media").IsObject()
}

// sameValue compares values as what they mean: dates to the second, in either form,
// and nothing as no text.
func sameValue(a, b gjson.Result) bool {
	switch {
	case a.Type == gjson.String && b.Type == gjson.String:
		if a.Str == b.Str {
			return true
		}
		at, one := dateIn(a)
		bt, other := dateIn(b)
		return one && other && at.Equal(bt)
	case a.IsArray() && b.IsArray():
		return slices.Equal(texts(a), texts(b))
	case a.Type == gjson.String || b.Type == gjson.String:
		return a.String() == "" && b.String() == "" && (absent(a) || absent(b))
	}
	return a.Raw == b.Raw || absent(a) && absent(b)
}

func dateIn(v gjson.Result) (time.Time, bool) {
	var t chat.Time
	err := json.Unmarshal([]byte(v.Raw), &t)
	return t.Truncate(time.Second), err == nil && !t.IsZero()
}

// texts are the elements of a list, in their order as texts: roles list permissions
// in any.
func texts(list gjson.Result) (all []string) {
	for _, v := range list.Array() {
		all = append(all, v.String())
	}
	slices.Sort(all)
	return all
}

// merged is one record of what both versions show: as v1 has it, with the fields of
// v2 that v1 lacks, its attributes, and, if there is a file, its body. The bytes of
// each value are those that were sent.
func merged(older, newer []byte, v chat.Versions) ([]byte, error) {
	o, n := gjson.ParseBytes(older), gjson.ParseBytes(newer)
	var take []string
	if !absent(n.Get("attributes")) {
		take = append(take, "attributes")
	}
	if hasFile(n) {
		take = append(take, "body")
	}
	var b bytes.Buffer
	overlay(&b, o, n, take)
	return withVersions(b.Bytes(), v)
}

// overlay writes an object: the members of older, those of newer where older has none
// or null, or where take names them.
func overlay(b *bytes.Buffer, older, newer gjson.Result, take []string) {
	was, is := fieldsOf(older), fieldsOf(newer)
	sep := byte('{')
	put := func(key, value gjson.Result) {
		b.WriteByte(sep)
		sep = ','
		b.WriteString(key.Raw)
		b.WriteByte(':')
		if before, after := was[key.Str], is[key.Str]; before.IsObject() && after.IsObject() {
			overlay(b, before, after, nil)
			return
		}
		b.WriteString(value.Raw)
	}
	written := map[string]bool{}
	older.ForEach(func(key, _ gjson.Result) bool {
		value := was[key.Str]
		if after, there := is[key.Str]; there && (absent(value) || slices.Contains(take, key.Str)) {
			value = after
		}
		if !written[key.Str] {
			put(key, value)
		}
		written[key.Str] = true
		return true
	})
	newer.ForEach(func(key, _ gjson.Result) bool {
		if !written[key.Str] {
			put(key, is[key.Str])
		}
		written[key.Str] = true
		return true
	})
	if sep == '{' {
		b.WriteByte('{')
	}
	b.WriteByte('}')
}

// withVersions puts what two versions do not agree about into a record, for what is
// kept of it is all that an archive has.
func withVersions(raw []byte, v chat.Versions) ([]byte, error) {
	if v.Only == "" && len(v.Differ) == 0 {
		return raw, nil
	}
	text, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	open, found := bytes.CutSuffix(bytes.TrimSpace(raw), []byte("}"))
	if !found {
		return nil, errors.New("record is no object")
	}
	between := ","
	if strings.TrimSpace(string(open)) == "{" {
		between = ""
	}
	return slices.Concat(open, []byte(between+`"`+chat.VersionsField+`":`), text, []byte("}")), nil
}

// fieldsOf are the members of an object, the last one of each name.
func fieldsOf(object gjson.Result) map[string]gjson.Result {
	all := map[string]gjson.Result{}
	object.ForEach(func(key, value gjson.Result) bool {
		all[key.Str] = value
		return true
	})
	return all
}
