-- +goose Up

CREATE TABLE chatbridge.migrations (
	id         integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	name       text COLLATE "C" NOT NULL UNIQUE,
	created_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- Who may write a migration: the one whose token stands here, for as long as it renews
-- the lease. A commit is counted here too, which says of a commit without an answer
-- whether it took place.
CREATE TABLE chatbridge.leases (
	migration_id integer PRIMARY KEY,
	generation   bigint NOT NULL DEFAULT 0, -- how often it was taken
	token        bytea NOT NULL DEFAULT '',
	holder       text NOT NULL DEFAULT '',
	host         text NOT NULL DEFAULT '',
	pid          bigint NOT NULL DEFAULT 0,
	length_ms    bigint NOT NULL DEFAULT 0,
	taken_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
	renewed_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
	expires_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
	ended        boolean NOT NULL DEFAULT true, -- it was given back
	timeline     bigint NOT NULL DEFAULT 0, -- of the server when it was taken; 0 if it does not say
	committed    bigint NOT NULL DEFAULT 0
);

-- What was sent under a lease and answered after it.
CREATE TABLE chatbridge.strays (
	migration_id       integer NOT NULL,
	target_service_sid text COLLATE "C" NOT NULL,
	conversation_sid   text COLLATE "C" NOT NULL,
	message_sid        text COLLATE "C" NOT NULL,
	at                 bigint NOT NULL, -- seconds since 1970
	PRIMARY KEY (migration_id, target_service_sid, conversation_sid, message_sid, at)
);

CREATE TABLE chatbridge.fingerprints (
	migration_id integer NOT NULL,
	name         text COLLATE "C" NOT NULL,
	value        text NOT NULL,
	PRIMARY KEY (migration_id, name)
);

-- Times are nanoseconds since 1970; NULL if there is none.
CREATE TABLE chatbridge.services (
	migration_id  integer NOT NULL,
	sid           text COLLATE "C" NOT NULL,
	target_sid    text COLLATE "C" NOT NULL,
	friendly_name text NOT NULL,
	stage         bigint NOT NULL,
	before        text, -- JSON array; NULL if there is none
	created       boolean NOT NULL,
	adopted       boolean NOT NULL,
	saved         bytea, -- JSON; NULL if there is nothing to restore
	PRIMARY KEY (migration_id, sid)
);

CREATE TABLE chatbridge.entities (
	migration_id integer NOT NULL,
	kind         bigint NOT NULL,
	sid          bytea NOT NULL,
	parent_sid   bytea NOT NULL,
	target_sid   bytea NOT NULL,
	existing     boolean NOT NULL,
	horizon      bigint,
	date_updated bigint,
	digest       bigint NOT NULL,
	kept         boolean NOT NULL,
	PRIMARY KEY (migration_id, kind, sid)
);

CREATE INDEX entities_by_parent ON chatbridge.entities (migration_id, kind, parent_sid, sid);
-- Roles and users: whose one of the target is, is asked while a migration runs.
CREATE INDEX entities_by_target ON chatbridge.entities (migration_id, target_sid) WHERE kind IN (1, 2);

-- What services, roles and users of the target were before they were replaced.
CREATE TABLE chatbridge.originals (
	migration_id integer NOT NULL,
	kind         bigint NOT NULL,
	target_sid   bytea NOT NULL,
	parent_sid   bytea NOT NULL,
	before       bytea, -- JSON
	wrote        bigint NOT NULL,
	PRIMARY KEY (migration_id, kind, target_sid)
);

CREATE INDEX originals_by_parent ON chatbridge.originals (migration_id, parent_sid, kind, target_sid);

-- Creates that may have had no answer, and may still take effect.
CREATE TABLE chatbridge.attempts (
	migration_id integer NOT NULL,
	kind         bigint NOT NULL,
	sid          bytea NOT NULL,
	parent_sid   bytea NOT NULL,
	before       text, -- JSON array; NULL if there is none
	sent         bigint NOT NULL,
	unanswered   bigint NOT NULL,
	PRIMARY KEY (migration_id, kind, sid)
);

CREATE TABLE chatbridge.channels (
	migration_id      integer NOT NULL,
	sid               text COLLATE "C" NOT NULL,
	service_sid       text COLLATE "C" NOT NULL,
	target_sid        text COLLATE "C" NOT NULL,
	friendly_name     text NOT NULL,
	stage             bigint NOT NULL,
	adopted           boolean NOT NULL,
	members_count     bigint NOT NULL,
	messages_count    bigint NOT NULL,
	messages          bigint NOT NULL,
	members           bigint NOT NULL,
	date_updated      bigint,
	digest            bigint NOT NULL,
	born_at           bigint,
	alone             boolean NOT NULL,
	writing           boolean NOT NULL,
	listed            boolean NOT NULL,
	listed_members    bigint NOT NULL,
	listed_messages   bigint NOT NULL,
	left_out_members  bigint NOT NULL,
	left_out_messages bigint NOT NULL,
	-- The page of the source that shows the last confirmed message: path and query, and
	-- one of its messages that is confirmed too.
	page              text NOT NULL,
	page_sid          text NOT NULL,
	page_index        bigint NOT NULL,
	PRIMARY KEY (migration_id, sid)
);

CREATE INDEX channels_by_service ON chatbridge.channels (migration_id, service_sid, sid);
-- Two channels in one conversation would each take the other's messages for its own.
CREATE UNIQUE INDEX channels_by_target ON chatbridge.channels (migration_id, target_sid) WHERE target_sid <> '';

CREATE TABLE chatbridge.messages (
	migration_id integer NOT NULL,
	others       boolean NOT NULL, -- somebody else wrote it into the target
	gone         boolean NOT NULL, -- it was deleted in the target since
	source_index bigint NOT NULL,
	target_index bigint NOT NULL,
	channel_sid  bytea NOT NULL,
	source_sid   bytea NOT NULL,
	target_sid   bytea NOT NULL,
	PRIMARY KEY (migration_id, channel_sid, source_index)
);

CREATE TABLE chatbridge.doubts (
	migration_id integer NOT NULL,
	channel_sid  bytea NOT NULL,
	source_index bigint NOT NULL,
	after        bigint NOT NULL,
	sends        bigint NOT NULL,
	at           bigint,
	PRIMARY KEY (migration_id, channel_sid, source_index)
);

-- Files that were uploaded for messages. The SHA-256 is of the bytes as they passed.
CREATE TABLE chatbridge.files (
	migration_id integer NOT NULL,
	channel_sid  bytea NOT NULL,
	source_index bigint NOT NULL,
	source_sid   bytea NOT NULL,
	target_sid   bytea NOT NULL,
	size         bigint NOT NULL,
	sha256       bytea NOT NULL,
	PRIMARY KEY (migration_id, channel_sid, source_index)
);

CREATE TABLE chatbridge.failures (
	migration_id integer NOT NULL,
	source_sid   text COLLATE "C" NOT NULL,
	kind         text COLLATE "C" NOT NULL,
	service_sid  text NOT NULL,
	target_sid   text NOT NULL,
	reason       text NOT NULL,
	hint         text NOT NULL,
	at           bigint,
	PRIMARY KEY (migration_id, source_sid, kind)
);

-- What could not be carried unchanged, over all runs.
CREATE TABLE chatbridge.findings (
	migration_id integer NOT NULL,
	code         text COLLATE "C" NOT NULL,
	sid          text COLLATE "C" NOT NULL,
	field        text COLLATE "C" NOT NULL,
	owner        text COLLATE "C" NOT NULL,
	severity     text COLLATE "C" NOT NULL,
	count        bigint NOT NULL,
	PRIMARY KEY (migration_id, code, sid, field)
);

CREATE INDEX findings_by_owner ON chatbridge.findings (migration_id, owner, severity, sid);

CREATE TABLE chatbridge.runs (
	migration_id integer NOT NULL,
	id           text COLLATE "C" NOT NULL,
	number       bigint GENERATED ALWAYS AS IDENTITY, -- in the order they were first put
	pid          bigint NOT NULL,
	host         text NOT NULL,
	started_at   bigint,
	heartbeat_at bigint,
	ended_at     bigint,
	status       text NOT NULL,
	settle       bigint NOT NULL,
	progress     bytea,
	summary      bytea,
	unanswered_at bigint, -- when a write of it, or of one before it, last had no answer
	PRIMARY KEY (migration_id, id)
);

CREATE INDEX runs_in_order ON chatbridge.runs (migration_id, number);
