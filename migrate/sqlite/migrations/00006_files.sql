-- +goose Up

-- Files that were uploaded for messages. The SHA-256 is of the bytes as they
-- passed.
CREATE TABLE files (
	channel_id   INTEGER NOT NULL,
	source_index INTEGER NOT NULL,
	source_sid   NOT NULL,
	target_sid   NOT NULL,
	size         INTEGER NOT NULL,
	sha256       BLOB NOT NULL,
	PRIMARY KEY (channel_id, source_index)
) WITHOUT ROWID;
