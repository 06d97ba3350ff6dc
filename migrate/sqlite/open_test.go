package sqlite_test

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
	"chatbridge/migrate/sqlite"
)

// closed makes a ledger with some messages and closes it.
func closed(t *testing.T, messages int) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "ledger.db")
	l, err := sqlite.Open(t.Context(), path)
	require.NoError(t, err)
	put(t, l, 0, messages)
	require.NoError(t, l.Close())
	return path
}

func put(t *testing.T, l *sqlite.Ledger, from, to int) {
	t.Helper()
	for n := from; n < to; n++ {
		r := migrate.MessageRecord{SourceIndex: int64(n), TargetIndex: int64(n), SourceSID: sid("IM", n), TargetSID: sid("IM", n)}
		require.NoError(t, l.PutMessage(t.Context(), sid("CH", 1), r))
	}
}

// alter runs SQL on a ledger file behind its back.
func alter(t *testing.T, path, statement string) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	require.NoError(t, err)
	_, err = db.ExecContext(t.Context(), statement)
	require.NoError(t, err)
	require.NoError(t, db.Close())
}

// snapshot is every file of a folder with the hash of its bytes.
func snapshot(t *testing.T, folder string) map[string]string {
	t.Helper()
	files := map[string]string{}
	entries, err := os.ReadDir(folder)
	require.NoError(t, err)
	for _, e := range entries {
		content := "a folder"
		if !e.IsDir() {
			b, err := os.ReadFile(filepath.Join(folder, e.Name()))
			require.NoError(t, err)
			content = fmt.Sprintf("%x", sha256.Sum256(b))
		}
		files[e.Name()] = content
	}
	return files
}

func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

func write(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	return path
}

// withoutUnanswered makes of a ledger one of before it knew when a write had no answer.
const withoutUnanswered = `ALTER TABLE runs DROP COLUMN unanswered_at; `

// withoutPages makes of a ledger one of before it knew pages.
const withoutPages = withoutUnanswered + `ALTER TABLE channels DROP COLUMN page; ALTER TABLE channels DROP COLUMN page_sid; ALTER TABLE channels DROP COLUMN page_index; `

// withoutFindings makes of a ledger one of before it knew findings.
const withoutFindings = withoutPages + `ALTER TABLE runs DROP COLUMN settle; DROP TABLE files; DROP TABLE findings; ALTER TABLE channels DROP COLUMN listed; ALTER TABLE channels DROP COLUMN listed_members; ALTER TABLE channels DROP COLUMN listed_messages;
	ALTER TABLE channels DROP COLUMN left_out_members; ALTER TABLE channels DROP COLUMN left_out_messages; `

func TestOpen(t *testing.T) {
	t.Run("closing leaves the ledger file and nothing beside it", func(t *testing.T) {
		path := closed(t, 100)
		files, err := filepath.Glob(path + "*")
		require.NoError(t, err)
		require.Equal(t, []string{path}, files)
	})

	t.Run("an empty file becomes a ledger", func(t *testing.T) {
		path := write(t, "")
		l, err := sqlite.Open(t.Context(), path)
		require.NoError(t, err)
		put(t, l, 0, 3)
		require.NoError(t, l.Close())
		require.Equal(t, 3, committed(t, path))
	})

	t.Run("an empty path is said to be one", func(t *testing.T) {
		_, err := sqlite.Open(t.Context(), "")
		require.ErrorContains(t, err, "its path is empty")
	})

	t.Run("a run that was stopped while it opened one leaves everything as it was", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		for _, path := range []string{filepath.Join(t.TempDir(), "new.db"), closed(t, 10)} {
			before := snapshot(t, filepath.Dir(path))
			_, err := sqlite.Open(ctx, path)
			require.Equal(t, migrate.Interrupted, migrate.KindOf(err), err)
			require.NotContains(t, err.Error(), "remove", "nothing is said of files that were not there")
			if len(before) == 0 {
				require.ErrorContains(t, err, "upgrade schema")
			}
			require.Equal(t, before, snapshot(t, filepath.Dir(path)))
		}
	})

	t.Run("a holder who did not sign is another process", func(t *testing.T) {
		path := closed(t, 1)
		l, err := sqlite.Open(t.Context(), path)
		require.NoError(t, err)
		for _, signed := range []string{"", "nonsense", `{"pid": 0, "host": "desk"}`} {
			require.NoError(t, os.WriteFile(path+".lock", []byte(signed), 0o600))
			_, err = sqlite.Open(t.Context(), path)
			require.ErrorContains(t, err, "in use by another process", signed)
		}
		require.NoError(t, os.WriteFile(path+".lock", []byte(`{"pid": 1, "host": "desk"}`), 0o600))
		_, err = sqlite.Open(t.Context(), path)
		require.ErrorContains(t, err, "in use by process 1 on desk")
		require.NoError(t, l.Close())
	})

	t.Run("two names of one file are one ledger, and its lock goes with Close", func(t *testing.T) {
		path := closed(t, 1)
		name := filepath.Join(t.TempDir(), "link ?%.db")
		require.NoError(t, os.Symlink(path, name))
		l, err := sqlite.Open(t.Context(), path)
		require.NoError(t, err)
		_, err = sqlite.Open(t.Context(), name)
		require.Equal(t, migrate.Conflict, migrate.KindOf(err))
		require.NoError(t, l.Close())
		require.NoError(t, l.Close())
		l, err = sqlite.Open(t.Context(), name)
		require.NoError(t, err)
		require.NoError(t, l.Close())
	})

	t.Run("a ledger from before targets were unique is brought up to date, unless two channels share one: both are named", func(t *testing.T) {
		path := closed(t, 1)
		alter(t, path, withoutFindings+`DROP INDEX channels_by_target; DROP INDEX entities_by_target; DROP TABLE originals; DROP TABLE attempts;
			ALTER TABLE services DROP COLUMN adopted; ALTER TABLE entities DROP COLUMN digest; ALTER TABLE entities DROP COLUMN kept; DELETE FROM goose_db_version WHERE version_id > 1;
			CREATE TABLE suspects (channel_id INTEGER NOT NULL, source_index INTEGER NOT NULL, PRIMARY KEY (channel_id, source_index)) WITHOUT ROWID;
			INSERT INTO suspects SELECT id, 7 FROM channels;
			DROP TABLE doubts; ALTER TABLE channels DROP COLUMN born_at; ALTER TABLE channels DROP COLUMN alone; ALTER TABLE channels DROP COLUMN writing; ALTER TABLE messages DROP COLUMN others; ALTER TABLE messages DROP COLUMN gone;
			INSERT INTO fingerprint VALUES ('ledger schema', '1'), ('--service', 'all')`)
		older, err := os.ReadFile(path)
		require.NoError(t, err)
		l, err := sqlite.Open(t.Context(), path)
		require.NoError(t, err)
		require.NoError(t, l.Bind(t.Context(), migrate.Fingerprint{"--service": "all"}), "the schema binds nothing")
		taken := migrate.ChannelRecord{SourceSID: sid("CH", 2), ServiceSID: sid("IS", 1), TargetSID: sid("CH", 9)}
		require.NoError(t, l.PutChannel(t.Context(), taken))
		taken.SourceSID = sid("CH", 3)
		require.Error(t, l.PutChannel(t.Context(), taken))
		require.NoError(t, l.Close())

		require.NoError(t, os.WriteFile(path, older, 0o600))
		digits := strings.TrimPrefix(sid("CH", 9), "CH")
		alter(t, path, `INSERT INTO channels (sid, service_sid, target_sid) VALUES ('CHone', 'ISx', x'`+digits+`'), ('CHother', 'ISx', x'`+digits+`')`)
		before := snapshot(t, filepath.Dir(path))
		_, err = sqlite.Open(t.Context(), path)
		require.Equal(t, migrate.Conflict, migrate.KindOf(err))
		require.ErrorContains(t, err, "open ledger "+sid("CH", 9)+": channels CHone and CHother both claim it as their conversation")
		require.NotEmpty(t, migrate.HintOf(err))
		require.Equal(t, before, snapshot(t, filepath.Dir(path)))

		r, err := sqlite.OpenReader(t.Context(), path)
		require.NoError(t, err, "it can still be read")
		pairs, err := r.Lookup(t.Context(), sid("CH", 9))
		require.NoError(t, err)
		require.Len(t, pairs, 2)
		_, err = r.Services(t.Context())
		require.NoError(t, err)
		for _, err := range r.Entities(t.Context(), migrate.UserEntity, sid("IS", 1)) {
			require.NoError(t, err)
		}
		for range r.Originals(t.Context(), sid("IS", 1)) {
			require.Fail(t, "it keeps none")
		}
		for range r.Attempts(t.Context(), sid("IS", 1)) {
			require.Fail(t, "it keeps none")
		}
		_, known, err := r.Original(t.Context(), migrate.UserEntity, sid("US", 1))
		require.NoError(t, err)
		require.False(t, known)
		_, known, err = r.Attempt(t.Context(), migrate.RoleEntity, sid("RL", 1))
		require.NoError(t, err)
		require.False(t, known)
		require.NoError(t, r.Close())
	})

	t.Run("a ledger that knows no findings yet is read as it is, and goes on", func(t *testing.T) {
		path := closed(t, 1)
		alter(t, path, withoutFindings+`DELETE FROM goose_db_version WHERE version_id > 4`)
		r, err := sqlite.OpenReader(t.Context(), path)
		require.NoError(t, err)
		none, err := r.Findings(t.Context())
		require.NoError(t, err)
		require.Empty(t, none)
		n, err := r.LeftOut(t.Context(), sid("CH", 1), "IM")
		require.NoError(t, err)
		require.Zero(t, n)
		for c, err := range r.Channels(t.Context(), sid("IS", 1)) {
			require.NoError(t, err)
			require.False(t, c.Listed.Known)
		}
		require.NoError(t, r.Close())

		l, err := sqlite.Open(t.Context(), path)
		require.NoError(t, err)
		require.NoError(t, l.PutFindings(t.Context(), []migrate.FindingRecord{{Code: "media", Severity: "loss", SID: sid("IM", 1), Owner: sid("CH", 1), Count: 1}}))
		one, err := l.Findings(t.Context())
		require.NoError(t, err)
		require.Len(t, one, 1)
		require.NoError(t, l.Close())
	})

	t.Run("a ledger that knows no settle times yet is read as it is, and goes on", func(t *testing.T) {
		path := closed(t, 1)
		alter(t, path, withoutPages+`ALTER TABLE runs DROP COLUMN settle; DELETE FROM goose_db_version WHERE version_id > 6;
			INSERT INTO runs (id, pid, host, started_at, heartbeat_at, ended_at, status) VALUES ('old', 1, 'h', 0, 0, 0, 'failed')`)
		r, err := sqlite.OpenReader(t.Context(), path)
		require.NoError(t, err)
		last, ok, err := r.LastRun(t.Context())
		require.NoError(t, err)
		require.True(t, ok)
		require.Equal(t, "old", last.ID)
		require.Zero(t, last.Settle)
		require.NoError(t, r.Close())

		l, err := sqlite.Open(t.Context(), path)
		require.NoError(t, err)
		last, _, err = l.LastRun(t.Context())
		require.NoError(t, err)
		require.Zero(t, last.Settle, "nobody noted it")
		last.Settle = time.Minute
		require.NoError(t, l.PutRun(t.Context(), last))
		again, _, err := l.LastRun(t.Context())
		require.NoError(t, err)
		require.Equal(t, last, again)
		require.NoError(t, l.Close())
	})

	t.Run("a ledger that knows no pages yet is read as it is, and goes on", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "ledger.db")
		l, err := sqlite.Open(t.Context(), path)
		require.NoError(t, err)
		rec := migrate.ChannelRecord{SourceSID: sid("CH", 1), ServiceSID: sid("IS", 1), Listed: migrate.Listed{Known: true, Messages: 3, LeftOutMessages: 2}}
		require.NoError(t, l.PutChannel(t.Context(), rec))
		require.NoError(t, l.Close())
		alter(t, path, withoutPages+`DELETE FROM goose_db_version WHERE version_id > 7`)
		r, err := sqlite.OpenReader(t.Context(), path)
		require.NoError(t, err)
		got, ok, err := r.Channel(t.Context(), rec.SourceSID)
		require.NoError(t, err)
		require.True(t, ok)
		require.Equal(t, rec, got)
		require.NoError(t, r.Close())

		l, err = sqlite.Open(t.Context(), path)
		require.NoError(t, err)
		got, _, err = l.Channel(t.Context(), rec.SourceSID)
		require.NoError(t, err)
		require.Equal(t, rec, got)
		rec.Page = migrate.Page{Address: "/v1?PageToken=PT.1", SID: sid("IM", 7), Index: 7}
		require.NoError(t, l.PutChannel(t.Context(), rec))
		got, _, err = l.Channel(t.Context(), rec.SourceSID)
		require.NoError(t, err)
		require.Equal(t, rec, got)
		require.NoError(t, l.Close())
	})

	t.Run("a ledger that knows of no unanswered writes yet is read as it is, and goes on", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "ledger.db")
		l, err := sqlite.Open(t.Context(), path)
		require.NoError(t, err)
		run := migrate.RunRecord{ID: "old", StartedAt: time.Unix(1, 0).UTC(), Settle: time.Minute, Status: migrate.Partial}
		require.NoError(t, l.PutRun(t.Context(), run))
		require.NoError(t, l.Close())
		alter(t, path, withoutUnanswered+`DELETE FROM goose_db_version WHERE version_id > 8`)
		r, err := sqlite.OpenReader(t.Context(), path)
		require.NoError(t, err)
		got, _, err := r.LastRun(t.Context())
		require.NoError(t, err)
		require.Equal(t, run, got)
		require.NoError(t, r.Close())

		l, err = sqlite.Open(t.Context(), path)
		require.NoError(t, err)
		got, _, err = l.LastRun(t.Context())
		require.NoError(t, err)
		require.Equal(t, run, got)
		require.NoError(t, l.Close())
	})

	t.Run("a path may hold what means something in a URI", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "a b?mode=memory#%41&.db")
		l, err := sqlite.Open(t.Context(), path)
		require.NoError(t, err)
		require.FileExists(t, path)
		require.NoError(t, l.Close())
	})
}

func TestSymbolicLinksBesideTheLedger(t *testing.T) {
	for _, suffix := range []string{".lock", "-wal", "-shm"} {
		t.Run("are refused, and what they lead to is untouched: "+suffix, func(t *testing.T) {
			path := closed(t, 1)
			precious := filepath.Join(t.TempDir(), "precious")
			require.NoError(t, os.WriteFile(precious, []byte("precious"), 0o644))
			_ = os.Remove(path + suffix)
			require.NoError(t, os.Symlink(precious, path+suffix))
			_, err := sqlite.Open(t.Context(), path)
			require.ErrorIs(t, err, migrate.ErrSymlink)
			require.ErrorContains(t, err, path+suffix)
			require.NotEmpty(t, migrate.HintOf(err))
			content, err := os.ReadFile(precious)
			require.NoError(t, err)
			require.Equal(t, "precious", string(content))
			info, err := os.Stat(precious)
			require.NoError(t, err)
			require.Equal(t, os.FileMode(0o644), info.Mode().Perm())
		})
	}
	t.Run("may be the ledger itself", func(t *testing.T) {
		link := filepath.Join(t.TempDir(), "link.db")
		require.NoError(t, os.Symlink(closed(t, 1), link))
		l, err := sqlite.Open(t.Context(), link)
		require.NoError(t, err)
		require.NoError(t, l.Close())
	})
}

// What belongs to a parent is found by its index: without it the file is not read from
// its beginning for each parent.
func TestEntitiesAreFoundByTheirParent(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	l, err := sqlite.Open(t.Context(), path)
	require.NoError(t, err)
	require.NoError(t, l.PutEntity(t.Context(), migrate.EntityRecord{Kind: migrate.MemberEntity, SourceSID: "MB1", ParentSID: "CH1"}))
	require.NoError(t, l.Close())
	read := func() (n int, err error) {
		r, err := sqlite.OpenReader(t.Context(), path)
		require.NoError(t, err)
		defer func() { require.NoError(t, r.Close()) }()
		for _, err := range r.Entities(t.Context(), migrate.MemberEntity, "CH1") {
			if err != nil {
				return n, err
			}
			n++
		}
		return n, nil
	}
	n, err := read()
	require.NoError(t, err)
	require.Equal(t, 1, n)
	alter(t, path, `DROP INDEX entities_by_parent`)
	_, err = read()
	require.ErrorContains(t, err, "no such index: entities_by_parent")
}
