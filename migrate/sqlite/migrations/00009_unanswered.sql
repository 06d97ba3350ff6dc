-- +goose Up

-- When a write of a run, or of one before it, last had no answer, in nanoseconds since
-- 1970. NULL if nobody knows.
ALTER TABLE runs ADD COLUMN unanswered_at INTEGER;
