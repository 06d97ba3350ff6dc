-- +goose Up

-- The settle time of a run in nanoseconds. Of a run of before nobody knows it.
ALTER TABLE runs ADD COLUMN settle INTEGER NOT NULL DEFAULT 0;
