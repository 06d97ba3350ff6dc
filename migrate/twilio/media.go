package twilio

import (
	"context"
	"errors"
	"io"

	"chatbridge/migrate"
)

var errNoMedia = errors.New("no address of the media service is known")

// OpenMedia is of migrate.MediaReader.
func (s *Source) OpenMedia(context.Context, string, string) (migrate.Media, io.ReadCloser, error) {
	return migrate.Media{}, nil, errNoMedia
}

// OpenMedia is of migrate.MediaReader.
func (t *Target) OpenMedia(context.Context, string, string) (migrate.Media, io.ReadCloser, error) {
	return migrate.Media{}, nil, errNoMedia
}

// UploadMedia is of migrate.Target.
func (t *Target) UploadMedia(context.Context, string, migrate.Media, migrate.OpenFile) (migrate.Media, error) {
	return migrate.Media{}, errNoMedia
}
