package mapping

// Codes. Their meanings are in the table that the function Codes returns.
const (
	AttributesUnknown   Code = "attributes-unknown"
	AttributesNotJSON   Code = "attributes-not-json"
	AttributesNotObject Code = "attributes-not-object"
	AttributesTooLarge  Code = "attributes-too-large"
	StampKeyTaken       Code = "stamp-key-taken"
	StampReplaced       Code = "stamp-replaced"
	StampShortened      Code = "stamp-shortened"
	StampOmitted        Code = "stamp-omitted"

	TextInvalid Code = "text-invalid"

	IdentityEmpty     Code = "identity-empty"
	IdentityTooLong   Code = "identity-too-long"
	IdentityReserved  Code = "identity-reserved"
	IdentitySID       Code = "identity-sid"
	UserMissing       Code = "user-missing"
	UserDate          Code = "user-date"
	UserChannels      Code = "user-channels"
	UserChannelStatus Code = "user-channel-status"

	NameTooLong       Code = "name-too-long"
	Unnamed           Code = "unnamed"
	UniqueNameTooLong Code = "unique-name-too-long"
	UniqueNameSID     Code = "unique-name-sid"
	UniqueNameTaken   Code = "unique-name-taken"
	DateMissing       Code = "date-missing"
	DatePrecision     Code = "date-precision"
	UnknownField      Code = "unknown-field"

	RoleType          Code = "role-type"
	RoleDate          Code = "role-date"
	RoleEmpty         Code = "role-empty"
	RoleMissing       Code = "role-missing"
	RoleScope         Code = "role-scope"
	PermissionInvite  Code = "permission-invite"
	PermissionUnknown Code = "permission-unknown"

	ServiceDate         Code = "service-date"
	ServiceSetting      Code = "service-setting"
	ServiceLimits       Code = "service-limits"
	EventWebhook        Code = "event-webhook"
	WebhookPayload      Code = "webhook-payload"
	WebhookMethod       Code = "webhook-method"
	WebhookEventUnknown Code = "webhook-event-unknown"
	WebhookEventAccount Code = "webhook-event-account"
	NotificationInvite  Code = "notification-invite"
	TemplateVariable    Code = "template-variable"

	ChannelPublic      Code = "channel-public"
	ChannelType        Code = "channel-type"
	CreatedBy          Code = "created-by"
	MembersOverDefault Code = "members-over-default"
	MembersOverLimit   Code = "members-over-limit"
	HorizonLost        Code = "horizon-lost"

	AuthorMissing Code = "author-missing"
	AuthorTooLong Code = "author-too-long"
	BodyEmpty     Code = "empty-body"
	BodyTooLong   Code = "body-too-long"
	Media         Code = "media"
	LastUpdatedBy Code = "last-updated-by"

	InviteLost       Code = "invite"
	CredentialSecret Code = "credential-secret"
)
