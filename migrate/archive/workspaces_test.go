package archive_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping/chat"
	"chatbridge/migrate"
	"chatbridge/migrate/archive"
)

const workspaces = "../../testdata/workspaces"

// TestWorkspaces reads every sample workspace whole and holds what the Source
// yields to the bytes in the files, counted without this package.
func TestWorkspaces(t *testing.T) {
	for _, name := range []string{"support-desk", "edge-cases"} {
		t.Run("reads every line of "+name, func(t *testing.T) {
			dir := filepath.Join(workspaces, name)
			a, closer, err := archive.OpenPath(dir)
			require.NoError(t, err)
			defer closer.Close()
			require.NoError(t, a.Verify(t.Context()))
			s := archive.NewSource(a)
			defer s.Close()
			count := func(pattern string) int { return countLines(t, dir, pattern) }

			ctx := t.Context()
			require.Len(t, collect(t, s.Credentials(ctx)), count("credentials.jsonl"))
			var roles, users, channels, members, messages, backwards, invites int
			for service, err := range s.Services(ctx) {
				require.NoError(t, err)
				roles += len(collect(t, s.Roles(ctx, service.SID)))
				users += len(collect(t, s.Users(ctx, service.SID)))
				for channel, err := range s.Channels(ctx, service.SID) {
					require.NoError(t, err)
					channels++
					members += len(collect(t, s.Members(ctx, service.SID, channel.SID)))
					messages += len(collect(t, s.Messages(ctx, service.SID, channel.SID, migrate.Span{After: migrate.All})))
					backwards += len(collect(t, s.Messages(ctx, service.SID, channel.SID, migrate.Span{After: migrate.All, NewestFirst: true})))
					invites += len(collect(t, s.Invites(ctx, service.SID, channel.SID)))
				}
			}
			require.Equal(t, count("services/*/roles.jsonl"), roles)
			require.Equal(t, count("services/*/users.jsonl"), users)
			require.Equal(t, count("services/*/channels.jsonl"), channels)
			require.Equal(t, count("services/*/channels/*/members.jsonl"), members)
			require.Equal(t, count("services/*/channels/*/messages.jsonl"), messages)
			require.Equal(t, messages, backwards)
			require.Equal(t, count("services/*/channels/*/invites.jsonl"), invites)
		})
	}
}

func countLines(t *testing.T, dir, pattern string) int {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, filepath.FromSlash(pattern)))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	total := 0
	for _, file := range files {
		raw, err := os.ReadFile(file)
		require.NoError(t, err)
		total += bytes.Count(raw, []byte("\n"))
	}
	return total
}

func TestSupportDesk(t *testing.T) {
	a, closer, err := archive.OpenPath(filepath.Join(workspaces, "support-desk"))
	require.NoError(t, err)
	defer closer.Close()
	s := archive.NewSource(a)
	defer s.Close()
	ctx := t.Context()

	services := collect(t, s.Services(ctx))
	roleNames := map[string]bool{}
	var users, alone, channels, empty, edits, gaps, unread, left int
	for _, service := range services {
		for _, role := range collect(t, s.Roles(ctx, service.SID)) {
			roleNames[role.FriendlyName] = true
		}
		for _, user := range collect(t, s.Users(ctx, service.SID)) {
			users++
			if user.JoinedChannelsCount == 0 {
				alone++
			}
		}
		for _, channel := range collect(t, s.Channels(ctx, service.SID)) {
			channels++
			members := collect(t, s.Members(ctx, service.SID, channel.SID))
			messages := collect(t, s.Messages(ctx, service.SID, channel.SID, migrate.Span{After: migrate.All}))
			require.EqualValues(t, channel.MembersCount, len(members), channel.SID)
			require.EqualValues(t, channel.MessagesCount, len(messages), channel.SID)
			require.NotNil(t, channel.Attributes, channel.SID)
			present := map[string]bool{"system": true}
			for _, member := range members {
				present[member.Identity] = true
				if member.LastConsumedMessageIndex == nil {
					unread++
				}
			}
			if len(messages) == 0 {
				empty++
				continue
			}
			gaps += int(messages[len(messages)-1].Index) + 1 - len(messages)
			for _, m := range messages {
				requireCarriable(t, m)
				if m.WasEdited {
					edits++
				}
				if !present[m.From] {
					left++
				}
			}
		}
	}
	t.Run("is the company that it is said to be", func(t *testing.T) {
		require.Len(t, services, 2)
		require.GreaterOrEqual(t, len(roleNames), 5)
		require.Equal(t, 40, users)
		require.Equal(t, 30, channels)
	})
	t.Run("has what makes a migration hard", func(t *testing.T) {
		for what, n := range map[string]int{"users in no channel": alone, "empty channels": empty, "edits": edits,
			"index gaps": gaps, "members who read nothing": unread, "messages of authors who left": left} {
			require.Positive(t, n, what)
		}
	})
}

// requireCarriable holds a message of support-desk to what needs no policy.
func requireCarriable(t *testing.T, m chat.Message) {
	t.Helper()
	require.NotEmpty(t, m.Body, m.SID)
	require.LessOrEqual(t, len(m.Body), 32<<10, m.SID)
	require.NotNil(t, m.Attributes, m.SID)
	require.LessOrEqual(t, len(*m.Attributes), 4<<10, m.SID)
	var object map[string]any
	require.NoError(t, json.Unmarshal([]byte(*m.Attributes), &object), m.SID)
	require.Equal(t, m.WasEdited, !m.DateUpdated.Equal(m.DateCreated.Time), m.SID)
}
