//go:build unix

package pgtest

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"

	"chatbridge/migrate/ledgertest"
)

// starts bounds how often a port is picked: another process may take it first.
const starts = 5

// startWithin is how long a server may take until it answers.
const startWithin = 60 * time.Second

// run keeps a server up until its standard input ends, as it does when the test binary
// dies, and then stops it and removes its folder.
const run = `"$1/postgres" -D "$2/data" >"$2/log" 2>&1 &
server=$!
read -r nothing
kill -INT $server
wait $server
rm -rf "$2"`

func startLocal() (*server, error) {
	programs, err := find()
	if err != nil {
		return nil, err
	}
	owner, err := account()
	if err != nil {
		return nil, err
	}
	for attempt := 1; ; attempt++ {
		s, err := startOnce(programs, owner)
		if err == nil || attempt == starts {
			return s, err
		}
	}
}

// find finds the folder of the newest server that is installed.
func find() (string, error) {
	if path, err := exec.LookPath("initdb"); err == nil {
		return filepath.Dir(path), nil
	}
	version := func(path string) int {
		n, _ := strconv.Atoi(filepath.Base(filepath.Dir(filepath.Dir(path))))
		return n
	}
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb") // the pattern is well formed
	if len(found) == 0 {
		return "", errNone
	}
	return filepath.Dir(slices.MaxFunc(found, func(a, b string) int { return version(a) - version(b) })), nil
}

// account is who the server runs as, nil for whoever runs the tests: it refuses to run
// as root.
func account() (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		return nil, fmt.Errorf("PostgreSQL does not run as root, and there is no user postgres: %w", err)
	}
	uid, err := strconv.ParseUint(u.Uid, 10, 32)
	if err != nil {
		return nil, err
	}
	gid, err := strconv.ParseUint(u.Gid, 10, 32)
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, err
}

func startOnce(programs string, owner *syscall.Credential) (*server, error) {
	folder, err := os.MkdirTemp(ledgertest.Root(), "pgtest-")
	if err != nil {
		return nil, err
	}
	if owner != nil {
		if err := os.Chown(folder, int(owner.Uid), int(owner.Gid)); err != nil {
			return nil, err
		}
	}
	command := func(name string, arguments ...string) *exec.Cmd {
		c := exec.Command(name, arguments...)
		c.Dir = folder
		c.SysProcAttr = &syscall.SysProcAttr{Credential: owner}
		return c
	}
	data := filepath.Join(folder, "data")
	if out, err := command(filepath.Join(programs, "initdb"), "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync", "--no-instructions").CombinedOutput(); err != nil {
		return nil, fmt.Errorf("initdb: %w: %s", err, out)
	}
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	// Without fsync the data outlives a server that dies, but not a machine that loses
	// its power, which no test has happen.
	settings := fmt.Sprintf("listen_addresses = '127.0.0.1'\nport = %d\nunix_socket_directories = ''\nmax_connections = 60\nshared_buffers = '64MB'\nfsync = off\nfull_page_writes = off\nmax_wal_size = '128MB'\n", port)
	file, err := os.OpenFile(filepath.Join(data, "postgresql.conf"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return nil, err
	}
	if _, err := file.WriteString(settings); err != nil {
		return nil, err
	}
	if err := file.Close(); err != nil {
		return nil, err
	}
	access := "host all " + Guarded + " 127.0.0.1/32 scram-sha-256\nhost all all 127.0.0.1/32 trust\n"
	if err := os.WriteFile(filepath.Join(data, "pg_hba.conf"), []byte(access), 0o600); err != nil {
		return nil, err
	}
	c := command("/bin/sh", "-c", run, "sh", programs, folder)
	alive, err := c.StdinPipe()
	if err != nil {
		return nil, err
	}
	if err := c.Start(); err != nil {
		return nil, err
	}
	s := &server{url: fmt.Sprintf("postgres://postgres@127.0.0.1:%d/postgres?sslmode=disable", port), started: true, stop: func() {
		_ = alive.Close()
		_ = c.Wait()
	}}
	if err := s.ready(); err != nil {
		log, _ := os.ReadFile(filepath.Join(folder, "log"))
		s.stop()
		return nil, fmt.Errorf("start PostgreSQL: %w\n%s", err, log)
	}
	return s, nil
}

// ready waits until the server answers, and makes the role Guarded.
func (s *server) ready() error {
	ctx, end := context.WithTimeout(context.Background(), startWithin)
	defer end()
	for {
		conn, err := pgx.Connect(ctx, s.url)
		if err == nil {
			_, err = conn.Exec(ctx, "CREATE ROLE "+Guarded+" LOGIN PASSWORD '"+Password+"'")
			_ = conn.Close(ctx)
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	port := l.Addr().(*net.TCPAddr).Port
	return port, l.Close()
}
