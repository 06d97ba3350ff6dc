-- +goose Up

-- The page of the source that shows the last confirmed message: path and query, and one
-- of its messages that is confirmed too. Of a channel of before nobody knows it.
ALTER TABLE channels ADD COLUMN page TEXT NOT NULL DEFAULT '';
ALTER TABLE channels ADD COLUMN page_sid BLOB NOT NULL DEFAULT '';
ALTER TABLE channels ADD COLUMN page_index INTEGER NOT NULL DEFAULT 0;
