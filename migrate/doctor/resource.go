package doctor

import (
	"encoding/json"
	"net/url"
	"regexp"
	"strings"
)

// resource is one record of a reply, by field.
type resource map[string]json.RawMessage

// maxPage is the largest page of messages of Chat v1.
const maxPage = 1000

func channelsOf(version, service string, types ...string) string {
	q := url.Values{"PageSize": {"1000"}}
	if version == "v2" {
		q.Set("PageSize", "100")
	}
	if len(types) > 0 {
		q["Type"] = types
	}
	return "/" + version + "/Services/" + service + "/Channels?" + q.Encode()
}

func channelPath(c resource) string {
	return "/v1/Services/" + c.sidIn("service_sid") + "/Channels/" + c.sid()
}

func messagesOf(c resource) string { return channelPath(c) + "/Messages?Order=asc&PageSize=1000" }

func v2MessagesOf(c resource) string {
	return strings.Replace(channelPath(c), "/v1/", "/v2/", 1) + "/Messages?Order=asc&PageSize=100"
}

var sidForm = regexp.MustCompile(`[A-Z]{2}[0-9a-f]{32}`)

// shapeOf is a target without what differs from one resource to the next.
func shapeOf(target string) string {
	path, _, _ := strings.Cut(target, "?")
	return sidForm.ReplaceAllStringFunc(path, func(sid string) string { return "{" + sid[:2] + "}" })
}

// sid is the SID of a resource, and empty where it has none or one of another
// form: it becomes part of a path.
func (r resource) sid() string { return r.sidIn("sid") }

func (r resource) sidIn(field string) string {
	s := r.text(field)
	if len(s) != 34 || !sidForm.MatchString(s) {
		return ""
	}
	return s
}

func (r resource) text(field string) string {
	var s string
	_ = json.Unmarshal(r[field], &s)
	return s
}

func (r resource) number(field string) int64 {
	var n int64
	_ = json.Unmarshal(r[field], &n)
	return n
}

func (r resource) null(field string) bool { return r[field] == nil || string(r[field]) == "null" }

func (r resource) object(field string) resource {
	var o resource
	_ = json.Unmarshal(r[field], &o)
	return o
}
