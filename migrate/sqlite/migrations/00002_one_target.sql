-- +goose Up

-- Two channels in one conversation would each take the other's messages for its
-- own.
CREATE UNIQUE INDEX channels_by_target ON channels (target_sid) WHERE target_sid <> '';
