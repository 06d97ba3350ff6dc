package chat

import "encoding/json"

// Member is one user in one channel, with how far they have read.
type Member struct {
	SID                      string  `json:"sid"`
	AccountSID               string  `json:"account_sid"`
	ServiceSID               string  `json:"service_sid"`
	ChannelSID               string  `json:"channel_sid"`
	Identity                 string  `json:"identity"`
	RoleSID                  string  `json:"role_sid"`
	Attributes               *string `json:"attributes"`                  // v2 only
	LastConsumedMessageIndex *int64  `json:"last_consumed_message_index"` // nil: never reported; 0: the first message was read
	LastConsumptionTimestamp Time    `json:"last_consumption_timestamp"`
	DateCreated              Time    `json:"date_created"`
	DateUpdated              Time    `json:"date_updated"`

	// Dormant says that the member neither read nor wrote since the date from
	// which on members are taken. It is found out and not shown.
	Dormant bool `json:"-"`

	Versions Versions `json:"chat_versions,omitzero"`

	Raw json.RawMessage `json:"-"`
}
