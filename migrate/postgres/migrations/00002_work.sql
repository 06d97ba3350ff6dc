-- +goose Up

-- Migrations that workers were asked to work on. A pass is one time through a
-- migration, a generation is one attempt at the pass.
CREATE TABLE chatbridge.work (
	migration_id integer PRIMARY KEY REFERENCES chatbridge.migrations (id) ON DELETE CASCADE,
	pass         bigint NOT NULL,
	generation   bigint NOT NULL,
	state        text NOT NULL CHECK (state IN ('open', 'done', 'failed')),
	job_id       bigint, -- River's row of this generation
	worker       text,   -- who took this generation; NULL while nobody did
	reason       text,   -- how the pass ended, or why it cannot be worked
	asked_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
	changed_at   timestamptz NOT NULL DEFAULT clock_timestamp(), -- since when all above is so
	seen_at      timestamptz NOT NULL DEFAULT clock_timestamp()  -- when the worker last said that it is at work
);
