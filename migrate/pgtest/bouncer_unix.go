//go:build unix

package pgtest

import (
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Bouncer starts a PgBouncer before the server of raw, and returns the URL through it.
// The mode is session or transaction. Without the program, the test is skipped.
func Bouncer(t *testing.T, raw, mode string) string {
	t.Helper()
	program, err := exec.LookPath("pgbouncer")
	if err != nil {
		t.Skip("no PgBouncer: apt-get install pgbouncer")
	}
	server, err := url.Parse(raw)
	require.NoError(t, err)
	listen, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address := listen.Addr().(*net.TCPAddr)
	require.NoError(t, listen.Close())

	folder := t.TempDir()
	config, users := filepath.Join(folder, "pgbouncer.ini"), filepath.Join(folder, "users")
	require.NoError(t, os.WriteFile(users, fmt.Appendf(nil, "%q \"\"\n", server.User.Username()), 0o644))
	require.NoError(t, os.WriteFile(config, fmt.Appendf(nil, "[databases]\n* = host=%s port=%s\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = %d\nunix_socket_dir =\nauth_type = trust\nauth_file = %s\npool_mode = %s\n",
		server.Hostname(), server.Port(), address.Port, users, mode), 0o644))
	c := exec.Command(program, config)
	if os.Geteuid() == 0 { // it refuses to run as root
		for dir := folder; dir != os.TempDir() && dir != "/"; dir = filepath.Dir(dir) {
			require.NoError(t, os.Chmod(dir, 0o755))
		}
		u, err := user.Lookup("postgres")
		require.NoError(t, err)
		uid, err := strconv.ParseUint(u.Uid, 10, 32)
		require.NoError(t, err)
		gid, err := strconv.ParseUint(u.Gid, 10, 32)
		require.NoError(t, err)
		c.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
	}
	require.NoError(t, c.Start())
	t.Cleanup(func() {
		_ = c.Process.Kill()
		_ = c.Wait()
	})
	require.Eventually(t, func() bool {
		conn, err := net.Dial("tcp", address.String())
		return err == nil && conn.Close() == nil
	}, time.Minute, 10*time.Millisecond)
	return With(t, raw, func(u *url.URL) { u.Host = address.String() })
}
