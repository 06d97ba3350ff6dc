-- +goose Up

-- What could not be carried unchanged, over all runs.
CREATE TABLE findings (
	code     TEXT NOT NULL,
	sid      TEXT NOT NULL,
	field    TEXT NOT NULL,
	owner    TEXT NOT NULL,
	severity TEXT NOT NULL,
	count    INTEGER NOT NULL,
	PRIMARY KEY (code, sid, field)
) WITHOUT ROWID;

CREATE INDEX findings_by_owner ON findings (owner, severity, sid);

-- What the source showed when it was read to its end. A ledger of before knows
-- it of no channel.
ALTER TABLE channels ADD COLUMN listed INTEGER NOT NULL DEFAULT 0;
ALTER TABLE channels ADD COLUMN listed_members INTEGER NOT NULL DEFAULT 0;
ALTER TABLE channels ADD COLUMN listed_messages INTEGER NOT NULL DEFAULT 0;
ALTER TABLE channels ADD COLUMN left_out_members INTEGER NOT NULL DEFAULT 0;
ALTER TABLE channels ADD COLUMN left_out_messages INTEGER NOT NULL DEFAULT 0;
