-- +goose Up

-- "CBLG": tells a ledger from any other SQLite file.
PRAGMA application_id = 1128418375;

CREATE TABLE fingerprint (
	name  TEXT NOT NULL PRIMARY KEY,
	value TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE services (
	sid           BLOB NOT NULL PRIMARY KEY,
	target_sid    BLOB NOT NULL,
	friendly_name TEXT NOT NULL,
	stage         INTEGER NOT NULL,
	before        TEXT, -- JSON array; NULL where there is none
	created       INTEGER NOT NULL,
	saved         BLOB -- JSON; NULL where there is nothing to restore
) WITHOUT ROWID;

CREATE TABLE entities (
	kind       INTEGER NOT NULL,
	sid        BLOB NOT NULL,
	parent_sid BLOB NOT NULL,
	target_sid BLOB NOT NULL,
	existing   INTEGER NOT NULL,
	horizon    INTEGER,
	date_updated INTEGER, -- nanoseconds since 1970; NULL where there is none
	PRIMARY KEY (kind, sid)
) WITHOUT ROWID;

CREATE INDEX entities_by_parent ON entities (kind, parent_sid, sid);

-- A channel that messages were put for, but no record yet, has no service_sid.
CREATE TABLE channels (
	id             INTEGER PRIMARY KEY,
	sid            BLOB NOT NULL UNIQUE,
	service_sid    BLOB,
	target_sid     BLOB NOT NULL DEFAULT '',
	friendly_name  TEXT NOT NULL DEFAULT '',
	stage          INTEGER NOT NULL DEFAULT 0,
	adopted        INTEGER NOT NULL DEFAULT 0,
	members_count  INTEGER NOT NULL DEFAULT 0,
	messages_count INTEGER NOT NULL DEFAULT 0,
	messages       INTEGER NOT NULL DEFAULT 0,
	members        INTEGER NOT NULL DEFAULT 0,
	date_updated   INTEGER, -- nanoseconds since 1970; NULL where there is none
	digest         INTEGER NOT NULL DEFAULT 0
);

-- Text sorts before blobs: the order of SIDs needs both in one form.
CREATE INDEX channels_by_service ON channels (
	service_sid,
	CASE typeof(sid) WHEN 'blob' THEN 'CH' || lower(hex(sid)) ELSE sid END
);

CREATE TABLE messages (
	channel_id   INTEGER NOT NULL,
	source_index INTEGER NOT NULL,
	target_index INTEGER NOT NULL,
	source_sid   BLOB NOT NULL,
	target_sid   BLOB NOT NULL,
	PRIMARY KEY (channel_id, source_index)
) WITHOUT ROWID;

CREATE TABLE suspects (
	channel_id   INTEGER NOT NULL,
	source_index INTEGER NOT NULL,
	PRIMARY KEY (channel_id, source_index)
) WITHOUT ROWID;

-- The keys have no text affinity, so that a number sorts before all of them.
CREATE TABLE failures (
	source_sid  BLOB NOT NULL,
	kind        BLOB NOT NULL,
	service_sid TEXT NOT NULL,
	target_sid  TEXT NOT NULL,
	reason      TEXT NOT NULL,
	hint        TEXT NOT NULL,
	at          INTEGER,
	PRIMARY KEY (source_sid, kind)
) WITHOUT ROWID;

CREATE TABLE runs (
	number       INTEGER PRIMARY KEY, -- in the order they were first put
	id           TEXT NOT NULL UNIQUE,
	pid          INTEGER NOT NULL,
	host         TEXT NOT NULL,
	started_at   INTEGER,
	heartbeat_at INTEGER,
	ended_at     INTEGER,
	status       TEXT NOT NULL,
	progress     BLOB,
	summary      BLOB
);
