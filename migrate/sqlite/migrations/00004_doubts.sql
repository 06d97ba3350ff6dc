-- +goose Up

-- A moment at which the conversation did not exist yet, in nanoseconds since
-- 1970 by the clock of the service; NULL where it is not known.
ALTER TABLE channels ADD COLUMN born_at INTEGER;
-- Nothing but what was confirmed was in the conversation when it was last read
-- whole.
ALTER TABLE channels ADD COLUMN alone INTEGER NOT NULL DEFAULT 0;
-- A lane began to write, and did not end in good order yet. It may be so of every
-- one that was neither planned only nor done.
ALTER TABLE channels ADD COLUMN writing INTEGER NOT NULL DEFAULT 0;
UPDATE channels SET writing = 1 WHERE stage NOT IN (0, 9);

CREATE TABLE doubts (
	channel_id   INTEGER NOT NULL,
	source_index INTEGER NOT NULL,
	after        INTEGER NOT NULL,
	sends        INTEGER NOT NULL,
	at           INTEGER, -- nanoseconds since 1970; NULL where it is not known
	PRIMARY KEY (channel_id, source_index)
) WITHOUT ROWID;

INSERT INTO doubts (channel_id, source_index, after, sends) SELECT channel_id, source_index, -1, 1 FROM suspects;
DROP TABLE suspects;

-- Somebody else wrote the message into the target.
ALTER TABLE messages ADD COLUMN others INTEGER NOT NULL DEFAULT 0;
-- It was deleted in the target since.
ALTER TABLE messages ADD COLUMN gone INTEGER NOT NULL DEFAULT 0;
