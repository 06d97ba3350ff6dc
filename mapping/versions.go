package mapping

import (
	"strings"

	"chatbridge/mapping/chat"
)

var versionRules = []Rule{
	choice(VersionOnly, "only one version of Chat shows the record, although both were read",
		Option{doStop, Stop, "stop its channel or user (for a service, the run; a role is left out) and report it"},
		Option{doKeep, Loss, "carry it as that version shows it; v1 shows neither files nor attributes of members"}),
	choice(VersionsDiffer, "Chat v1 and v2 show a field of the record otherwise",
		Option{doStop, Stop, "stop its channel or user (for a service, the run; a role is left out) and report it"},
		Option{doKeep, Info, "carry what v1 shows"}),
}

// versions notes what both versions of Chat do not agree about.
func (n *notes) versions(v chat.Versions) {
	if v.Only != "" {
		n.add(VersionOnly, "", "Chat %s shows it, and the other version does not", v.Only)
	}
	if len(v.Differ) > 0 {
		n.add(VersionsDiffer, only(v.Differ), "v1 and v2 differ in %s", strings.Join(v.Differ, ", "))
	}
}
