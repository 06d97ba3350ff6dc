-- +goose Up

-- What policies dropped or shortened, whole: texts, attributes, names, identities.
CREATE TABLE chatbridge.dropped (
	migration_id integer NOT NULL,
	number       bigint GENERATED ALWAYS AS IDENTITY, -- in the order they were first put
	digest       bytea NOT NULL, -- SHA-256 of all that follows
	code         text COLLATE "C" NOT NULL,
	sid          text COLLATE "C" NOT NULL,
	channel_sid  text COLLATE "C" NOT NULL,
	field        text COLLATE "C" NOT NULL,
	original     text NOT NULL,
	PRIMARY KEY (migration_id, number),
	UNIQUE (migration_id, digest)
);
