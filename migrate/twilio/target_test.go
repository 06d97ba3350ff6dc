package twilio

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
)

var (
	created = time.Date(2016, 2, 29, 12, 0, 0, 0, time.UTC)
	updated = time.Date(2017, 1, 1, 0, 0, 0, 0, time.UTC)
)

const (
	svcPath  = "/v1/Services/" + service
	convPath = svcPath + "/Conversations/" + channel
)

func TestTargetAsksForWholePages(t *testing.T) {
	s := serve(t, func(seen) (int, string) { return 200, list("things", "") })
	target := s.target(t)
	for _, err := range []error{
		second(drain(target.Services(t.Context()))),
		second(drain(target.Roles(t.Context(), service))),
		second(drain(target.Users(t.Context(), service))),
		second(drain(target.Conversations(t.Context(), service))),
		second(drain(target.Participants(t.Context(), service, channel))),
		second(drain(target.Messages(t.Context(), service, channel, false))),
		second(drain(target.Messages(t.Context(), service, channel, true))),
		second(drain(target.credentials(t.Context()))),
	} {
		require.NoError(t, err)
	}
	require.Equal(t, []string{
		"GET /v1/Services?PageSize=100",
		"GET " + svcPath + "/Roles?PageSize=50",
		"GET " + svcPath + "/Users?PageSize=50",
		"GET " + svcPath + "/Conversations?PageSize=100",
		"GET " + convPath + "/Participants?PageSize=100",
		"GET " + convPath + "/Messages?Order=asc&PageSize=100",
		"GET " + convPath + "/Messages?Order=desc&PageSize=1",
		"GET " + convPath + "/Messages?Order=desc&PageSize=100",
		"GET " + convPath + "/Messages?Order=asc&PageSize=1",
		"GET /v1/Credentials?PageSize=100",
	}, s.uris())
}

// Every write, as the form that it sends.
func TestWrites(t *testing.T) {
	index := int64(0)
	for name, c := range map[string]struct {
		write func(*Target) error
		path  string
		form  url.Values
	}{
		"AppendService": {func(x *Target) error {
			return second(x.AppendService(t.Context(), conversations.Service{FriendlyName: "Desk"}))
		}, "/v1/Services", url.Values{"FriendlyName": {"Desk"}}},
		"AppendRole": {func(x *Target) error {
			return second(x.AppendRole(t.Context(), service, conversations.Role{FriendlyName: "agent", Type: "service", Permissions: []string{"a", "b"}}))
		}, svcPath + "/Roles", url.Values{"FriendlyName": {"agent"}, "Type": {"service"}, "Permission": {"a", "b"}}},
		"SetRole": {func(x *Target) error {
			return x.SetRole(t.Context(), service, conversations.Role{SID: "RL1", FriendlyName: "agent", Type: "service", Permissions: []string{"a"}})
		}, svcPath + "/Roles/RL1", url.Values{"Permission": {"a"}}},
		"EnsureUser": {func(x *Target) error {
			_, change, err := x.EnsureUser(t.Context(), service, conversations.User{Identity: "ann", FriendlyName: "Ann", Attributes: `{"a":1}`, RoleSID: "RL1"})
			require.Equal(t, migrate.Created, change)
			return err
		}, svcPath + "/Users", url.Values{"Identity": {"ann"}, "FriendlyName": {"Ann"}, "Attributes": {`{"a":1}`}, "RoleSid": {"RL1"}}},
		"SetUser": {func(x *Target) error {
			return second(x.SetUser(t.Context(), service, conversations.User{SID: "US1", Identity: "ann", FriendlyName: "Ann", Attributes: `{"a":1}`, RoleSID: "RL1"}))
		}, svcPath + "/Users/US1", url.Values{"FriendlyName": {"Ann"}, "Attributes": {`{"a":1}`}, "RoleSid": {"RL1"}}},
		"SetUser to nothing": {func(x *Target) error {
			return second(x.SetUser(t.Context(), service, conversations.User{SID: "US1", Identity: "ann"}))
		}, svcPath + "/Users/US1", url.Values{"FriendlyName": {""}, "Attributes": {"{}"}}},
		"AppendConversation": {func(x *Target) error {
			return second(x.AppendConversation(t.Context(), service, conversations.Conversation{
				FriendlyName: "Help", UniqueName: "help", Attributes: `{}`, DateCreated: created, DateUpdated: updated}))
		}, svcPath + "/Conversations", url.Values{"FriendlyName": {"Help"}, "UniqueName": {"help"}, "Attributes": {"{}"},
			"DateCreated": {"2016-02-29T12:00:00Z"}, "DateUpdated": {"2017-01-01T00:00:00Z"}}},
		"SetConversation": {func(x *Target) error {
			return x.SetConversation(t.Context(), service, conversations.Conversation{SID: channel, DateUpdated: updated})
		}, convPath, url.Values{"DateUpdated": {"2017-01-01T00:00:00Z"}}},
		"EnsureParticipant": {func(x *Target) error {
			_, change, err := x.EnsureParticipant(t.Context(), service, channel, conversations.Participant{
				Identity: "ann", RoleSID: "RL2", DateCreated: created, DateUpdated: updated, LastReadMessageIndex: &index}, nil)
			require.Equal(t, migrate.Created, change)
			return err
		}, convPath + "/Participants", url.Values{"Identity": {"ann"}, "RoleSid": {"RL2"},
			"DateCreated": {"2016-02-29T12:00:00Z"}, "DateUpdated": {"2017-01-01T00:00:00Z"}}},
		"SetHorizon at the first message": {func(x *Target) error {
			return x.SetHorizon(t.Context(), service, channel, "MB1", conversations.Horizon{LastReadTimestamp: created, DateUpdated: updated})
		}, convPath + "/Participants/MB1", url.Values{"LastReadMessageIndex": {"0"},
			"LastReadTimestamp": {"2016-02-29T12:00:00Z"}, "DateUpdated": {"2017-01-01T00:00:00Z"}}},
		"SetHorizon without a time": {func(x *Target) error {
			return x.SetHorizon(t.Context(), service, channel, "MB1", conversations.Horizon{LastReadMessageIndex: 7})
		}, convPath + "/Participants/MB1", url.Values{"LastReadMessageIndex": {"7"}}},
		"AppendMessage": {func(x *Target) error {
			return second(x.AppendMessage(t.Context(), service, channel, conversations.Message{
				Author: "ann", Body: "a&b=c\n😀", Attributes: `{}`, DateCreated: created, DateUpdated: updated}))
		}, convPath + "/Messages", url.Values{"Author": {"ann"}, "Body": {"a&b=c\n😀"}, "Attributes": {"{}"},
			"DateCreated": {"2016-02-29T12:00:00Z"}, "DateUpdated": {"2017-01-01T00:00:00Z"}}},
		"SetMessage": {func(x *Target) error {
			return x.SetMessage(t.Context(), service, channel, conversations.Message{SID: "IM1", Body: "new", DateUpdated: updated})
		}, convPath + "/Messages/IM1", url.Values{"Body": {"new"}, "DateUpdated": {"2017-01-01T00:00:00Z"}}},
		"SetRoleDefaults": {func(x *Target) error {
			return x.SetRoleDefaults(t.Context(), service, conversations.Configuration{
				DefaultChatServiceRoleSID: "RL1", DefaultConversationRoleSID: "RL2", DefaultConversationCreatorRoleSID: "RL3"})
		}, svcPath + "/Configuration", url.Values{"DefaultChatServiceRoleSid": {"RL1"}, "DefaultConversationRoleSid": {"RL2"},
			"DefaultConversationCreatorRoleSid": {"RL3"}, "ReachabilityEnabled": {"false"}}},
		"SetNotifications off": {func(x *Target) error {
			return x.SetNotifications(t.Context(), service, conversations.Notifications{})
		}, svcPath + "/Configuration/Notifications", url.Values{"LogEnabled": {"false"}, "NewMessage.Enabled": {"false"},
			"NewMessage.BadgeCountEnabled": {"false"}, "AddedToConversation.Enabled": {"false"}, "RemovedFromConversation.Enabled": {"false"}}},
		"SetNotifications on": {func(x *Target) error {
			return x.SetNotifications(t.Context(), service, conversations.Notifications{
				NewMessage: conversations.Notification{Enabled: true, Template: "t", Sound: "s", BadgeCountEnabled: true}})
		}, svcPath + "/Configuration/Notifications", url.Values{"LogEnabled": {"false"}, "NewMessage.Enabled": {"true"},
			"NewMessage.Template": {"t"}, "NewMessage.Sound": {"s"}, "NewMessage.BadgeCountEnabled": {"true"},
			"AddedToConversation.Enabled": {"false"}, "RemovedFromConversation.Enabled": {"false"}}},
		"SetWebhooks off": {func(x *Target) error {
			return x.SetWebhooks(t.Context(), service, conversations.Webhooks{})
		}, svcPath + "/Configuration/Webhooks", url.Values{"PreWebhookUrl": {""}, "PostWebhookUrl": {""}}},
		"SetWebhooks on": {func(x *Target) error {
			return x.SetWebhooks(t.Context(), service, conversations.Webhooks{PostWebhookURL: "https://x/", Method: "GET", Filters: []string{"onMessageAdded", "onUserAdded"}})
		}, svcPath + "/Configuration/Webhooks", url.Values{"PreWebhookUrl": {""}, "PostWebhookUrl": {"https://x/"},
			"Method": {"GET"}, "Filters": {"onMessageAdded", "onUserAdded"}}},
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, func(r seen) (int, string) { return 201, written(r) })
			require.NoError(t, c.write(s.target(t)))
			got := s.requests()
			require.Len(t, got, 1)
			require.Equal(t, "POST "+c.path, got[0].uri())
			require.Equal(t, c.form, got[0].Form)
		})
	}
	t.Run("none where nothing is asked for", func(t *testing.T) {
		s := serve(t, func(seen) (int, string) { return 500, "" })
		require.NoError(t, s.target(t).SetConversation(t.Context(), service, conversations.Conversation{SID: channel}))
		require.NoError(t, s.target(t).SetMessage(t.Context(), service, channel, conversations.Message{SID: "IM1"}))
		require.Empty(t, s.requests())
	})
}

func TestDelete(t *testing.T) {
	for status, kind := range map[int]migrate.Kind{204: migrate.Failed, 404: migrate.Failed, 403: migrate.Refused, 500: migrate.Unavailable} {
		s := serve(t, func(seen) (int, string) {
			if status == 404 {
				return refusal(404, 20404)
			}
			return status, ""
		})
		for _, err := range []error{
			s.target(t).DeleteConversation(t.Context(), service, channel),
			s.target(t).DeleteMessage(t.Context(), service, channel, "IM1"),
		} {
			if kind == migrate.Failed {
				require.NoError(t, err)
			} else {
				require.Equal(t, kind, migrate.KindOf(err))
			}
		}
		require.Equal(t, "DELETE "+convPath, s.requests()[0].uri())
		require.Contains(t, s.uris(), "DELETE "+convPath+"/Messages/IM1")
	}
}

func TestTargetReadsWhatItWrote(t *testing.T) {
	s := serve(t, func(r seen) (int, string) {
		switch {
		case strings.HasSuffix(r.Path, "/Configuration/Notifications"):
			return 200, `{"log_enabled": true, "new_message": {"enabled": true, "template": "t", "badge_count_enabled": true, "with_media": {}}, "added_to_conversation": {}}`
		case strings.HasSuffix(r.Path, "/Configuration/Webhooks"):
			return 200, `{"pre_webhook_url": null, "post_webhook_url": "https://x/", "method": null, "filters": null}`
		case strings.HasSuffix(r.Path, service+"/Configuration"):
			return 200, `{"default_chat_service_role_sid": "RL1", "reachability_enabled": true}`
		case strings.HasSuffix(r.Path, "/v1/Configuration"):
			return 200, `{"default_inactive_timer": "PT1M", "default_closed_timer": null}`
		case strings.HasSuffix(r.Path, "/Messages"):
			return 200, list("messages", "", `{"sid": "IM1", "index": 9007199254740993, "author": "ann", "body": "hi", "attributes": "{}", "participant_sid": null, "date_created": "2016-02-29T12:00:00Z", "date_updated": null}`)
		case strings.HasSuffix(r.Path, "/Participants"):
			return 200, list("participants", "", `{"sid": "MB1", "identity": null, "last_read_message_index": 0, "last_read_timestamp": ""}`)
		}
		return 200, `{"sid": "CH1", "unique_name": null, "state": "active", "timers": {}, "date_created": "2016-02-29T12:00:00Z"}`
	})
	target := s.target(t)
	c, err := target.Configuration(t.Context(), service)
	require.NoError(t, err)
	require.Equal(t, conversations.Configuration{
		DefaultChatServiceRoleSID: "RL1",
		ReachabilityEnabled:       true,
		Notifications:             conversations.Notifications{LogEnabled: true, NewMessage: conversations.Notification{Enabled: true, Template: "t", BadgeCountEnabled: true}},
		Webhooks:                  conversations.Webhooks{PostWebhookURL: "https://x/"},
	}, c)
	timers, err := target.Timers(t.Context())
	require.NoError(t, err)
	require.Equal(t, migrate.Timers{Inactive: "PT1M"}, timers)
	all, err := drain(target.Messages(t.Context(), service, channel, false))
	require.NoError(t, err)
	require.Equal(t, []conversations.Message{{SID: "IM1", Index: 9007199254740993, Author: "ann", Body: "hi", Attributes: "{}", DateCreated: created}}, all)
	participants, err := drain(target.Participants(t.Context(), service, channel))
	require.NoError(t, err)
	require.Zero(t, *participants[0].LastReadMessageIndex)
	require.True(t, participants[0].LastReadTimestamp.IsZero())
	conversation, err := target.Conversation(t.Context(), service, "a/b")
	require.NoError(t, err)
	require.Equal(t, conversations.Conversation{SID: "CH1", State: "active", DateCreated: created}, conversation)
	require.Equal(t, "GET "+svcPath+"/Conversations/a%2Fb", s.requests()[len(s.requests())-1].uri())
}
