package archive_test

import (
	"fmt"
	"io/fs"
	"strings"
	"sync/atomic"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate/archive"
)

// opened counts how often one file is opened.
type opened struct {
	fstest.MapFS
	name  string
	times atomic.Int64
}

func (o *opened) Open(name string) (fs.File, error) {
	if name == o.name {
		o.times.Add(1)
	}
	return o.MapFS.Open(name)
}

// Most channels of a service have no invites and no webhooks. What a channel without a
// file should have is looked up, and not read from the list of all channels again.
func TestFilesThatMayBeMissing(t *testing.T) {
	const n = 500
	fsys := workspace()
	var list strings.Builder
	sids := make([]string, n)
	for i := range sids {
		sids[i] = fmt.Sprintf("CH%032x", i)
		fmt.Fprintf(&list, `{"sid":%q,"messages_count":%d,"members_count":%d}`+"\n", sids[i], i%2, i%3)
	}
	name := archive.ChannelsPath(serviceSID)
	fsys[name] = &fstest.MapFile{Data: []byte(list.String())}
	delete(fsys, archive.MembersPath(serviceSID, channelSID))
	delete(fsys, archive.MessagesPath(serviceSID, channelSID))
	counted := &opened{MapFS: fsys, name: name}
	a := open(t, counted)
	for i, sid := range sids {
		for _, may := range []string{archive.InvitesPath(serviceSID, sid), archive.WebhooksPath(serviceSID, sid)} {
			got, err := lines(a, may)
			require.NoError(t, err)
			require.Empty(t, got)
		}
		for path, holds := range map[string]bool{archive.MessagesPath(serviceSID, sid): i%2 > 0, archive.MembersPath(serviceSID, sid): i%3 > 0} {
			_, err := lines(a, path)
			if !holds {
				require.NoError(t, err)
				continue
			}
			require.ErrorIs(t, err, fs.ErrNotExist)
			require.ErrorContains(t, err, path+" is missing")
			require.ErrorContains(t, err, name+" says that it is not empty")
		}
	}
	_, err := lines(a, archive.InvitesPath(serviceSID, fmt.Sprintf("CH%032x", n)))
	require.ErrorContains(t, err, name+" does not list it")
	require.EqualValues(t, 1, counted.times.Load())
}
