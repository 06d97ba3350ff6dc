package archive

import (
	"fmt"
	"strings"

	"chatbridge/mapping/chat"
)

// Paths of the files that belong to no service.
const (
	ManifestPath    = "manifest.json"
	CredentialsPath = "credentials.jsonl"
)

const (
	servicesFolder = "services"
	channelsFolder = "channels"
	serviceFile    = "service.json"
	membersFile    = "members.jsonl"
	messagesFile   = "messages.jsonl"
	invitesFile    = "invites.jsonl"
	webhooksFile   = "webhooks.jsonl"

	userChannelsFile = "user_channels.jsonl"
	bindingsFile     = "bindings.jsonl"
	mediaFile        = "files.jsonl"
	mediaFolder      = "files"
)

// The paths are joined and not cleaned, so that a name which is no SID shows.

// ServicePath is the file of the service resource itself.
func ServicePath(serviceSID string) string {
	return servicesFolder + "/" + serviceSID + "/" + serviceFile
}

// RolesPath is the file of a service's roles.
func RolesPath(serviceSID string) string {
	return servicesFolder + "/" + serviceSID + "/roles.jsonl"
}

// UsersPath is the file of a service's users.
func UsersPath(serviceSID string) string {
	return servicesFolder + "/" + serviceSID + "/users.jsonl"
}

// ChannelsPath is the file of a service's channels.
func ChannelsPath(serviceSID string) string {
	return servicesFolder + "/" + serviceSID + "/channels.jsonl"
}

// UserChannelsPath is the file of what a service's users have to do with
// channels.
func UserChannelsPath(serviceSID string) string {
	return servicesFolder + "/" + serviceSID + "/" + userChannelsFile
}

// MembersPath is the file of a channel's members.
func MembersPath(serviceSID, channelSID string) string {
	return servicesFolder + "/" + serviceSID + "/" + channelsFolder + "/" + channelSID + "/" + membersFile
}

// MessagesPath is the file of a channel's messages.
func MessagesPath(serviceSID, channelSID string) string {
	return servicesFolder + "/" + serviceSID + "/" + channelsFolder + "/" + channelSID + "/" + messagesFile
}

// InvitesPath is the file of a channel's invites.
func InvitesPath(serviceSID, channelSID string) string {
	return servicesFolder + "/" + serviceSID + "/" + channelsFolder + "/" + channelSID + "/" + invitesFile
}

// WebhooksPath is the file of a channel's webhooks.
func WebhooksPath(serviceSID, channelSID string) string {
	return servicesFolder + "/" + serviceSID + "/" + channelsFolder + "/" + channelSID + "/" + webhooksFile
}

// BindingsPath is the file of a service's push bindings.
func BindingsPath(serviceSID string) string {
	return servicesFolder + "/" + serviceSID + "/" + bindingsFile
}

// MediaListPath says what the files of a service's messages are.
func MediaListPath(serviceSID string) string {
	return servicesFolder + "/" + serviceSID + "/" + mediaFile
}

// MediaPath is one file of a message.
func MediaPath(serviceSID, mediaSID string) string {
	return servicesFolder + "/" + serviceSID + "/" + mediaFolder + "/" + mediaSID
}

// place is where in the layout a file is.
type place struct {
	serviceSID string
	channelSID string
	mediaSID   string // of a file of a message
	file       string
}

// parsePath accepts the paths of the layout and nothing else, which is what
// keeps readers and writers inside the archive.
func parsePath(name string) (place, error) {
	parts := strings.Split(name, "/")
	switch {
	case name == ManifestPath, name == CredentialsPath:
		return place{file: name}, nil
	case len(parts) == 3 && parts[0] == servicesFolder && isSID("IS", parts[1]):
		p := place{serviceSID: parts[1], file: parts[2]}
		switch name {
		case ServicePath(p.serviceSID), RolesPath(p.serviceSID), UsersPath(p.serviceSID), ChannelsPath(p.serviceSID),
			UserChannelsPath(p.serviceSID), BindingsPath(p.serviceSID), MediaListPath(p.serviceSID):
			return p, nil
		}
	case len(parts) == 4 && parts[0] == servicesFolder && isSID("IS", parts[1]) && parts[2] == mediaFolder && isSID("ME", parts[3]):
		return place{serviceSID: parts[1], mediaSID: parts[3], file: parts[3]}, nil
	case len(parts) == 5 && parts[0] == servicesFolder && isSID("IS", parts[1]) && parts[2] == channelsFolder && isSID("CH", parts[3]):
		p := place{serviceSID: parts[1], channelSID: parts[3], file: parts[4]}
		switch p.file {
		case membersFile, messagesFile, invitesFile, webhooksFile:
			return p, nil
		}
	}
	return place{}, notInFormat(name)
}

func notInFormat(name string) error {
	return fmt.Errorf("%s is not a path of the archive format", chat.Excerpt(name))
}

// isMedia reports whether a path of the layout is that of a file of a message.
func isMedia(name string) bool {
	p, err := parsePath(name)
	return err == nil && p.mediaSID != ""
}

// isSID reports whether s is a SID with the given prefix.
func isSID(prefix, s string) bool {
	digits, ok := strings.CutPrefix(s, prefix)
	return ok && len(digits) == 32 && strings.Trim(digits, "0123456789abcdef") == ""
}
