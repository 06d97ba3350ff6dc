-- +goose Up

ALTER TABLE services ADD COLUMN adopted INTEGER NOT NULL DEFAULT 0;

ALTER TABLE entities ADD COLUMN digest INTEGER NOT NULL DEFAULT 0;
ALTER TABLE entities ADD COLUMN kept INTEGER NOT NULL DEFAULT 0;

-- Roles and users: whose one of the target is, is asked while a migration runs.
CREATE INDEX entities_by_target ON entities (target_sid) WHERE kind IN (1, 2);

-- What roles and users of the target were before they were replaced.
CREATE TABLE originals (
	kind       INTEGER NOT NULL,
	target_sid BLOB NOT NULL,
	parent_sid BLOB NOT NULL,
	before     BLOB NOT NULL, -- JSON
	wrote      INTEGER NOT NULL,
	PRIMARY KEY (kind, target_sid)
) WITHOUT ROWID;

CREATE INDEX originals_by_parent ON originals (parent_sid);

-- Creates that may have had no answer, and may still take effect.
CREATE TABLE attempts (
	kind       INTEGER NOT NULL,
	sid        BLOB NOT NULL,
	parent_sid BLOB NOT NULL,
	before     TEXT, -- JSON array; NULL where there is none
	sent       INTEGER NOT NULL,
	unanswered INTEGER NOT NULL,
	PRIMARY KEY (kind, sid)
) WITHOUT ROWID;
