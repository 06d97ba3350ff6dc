package postgres

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"chatbridge/migrate"
)

// connectWithin is how long one attempt to connect may take, unless the URL says
// otherwise (connect_timeout).
const connectWithin = 10 * time.Second

// IsURL reports whether a ledger's name is that of a database.
func IsURL(name string) bool {
	return strings.HasPrefix(name, "postgres://") || strings.HasPrefix(name, "postgresql://")
}

// HasPassword reports whether a URL contains one.
func HasPassword(raw string) bool {
	u, err := url.Parse(raw)
	if err != nil {
		return strings.Contains(raw, "@") || strings.Contains(raw, "password") // nobody can tell
	}
	_, set := u.User.Password()
	return set || u.Query().Has("password") || u.Query().Has("sslpassword")
}

// Plain is a URL without its password, for people to read and to paste.
func Plain(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		scheme, _, _ := strings.Cut(raw, "://")
		return scheme + "://…"
	}
	if _, set := u.User.Password(); set {
		u.User = url.User(u.User.Username())
	}
	if q := u.Query(); q.Has("password") || q.Has("sslpassword") {
		q.Del("password")
		q.Del("sslpassword")
		u.RawQuery = q.Encode()
	}
	return u.String()
}

// parse reads a URL and what the environment adds to it: PGPASSWORD, PGPASSFILE and
// the other variables of libpq.
func parse(raw string) (*pgx.ConnConfig, error) {
	config, err := pgx.ParseConfig(raw)
	if err != nil {
		// pgx quotes the URL. What is wrong with it is in the error below, if that
		// does not quote it too.
		return nil, refuse(migrate.Usage, "write it as postgres://USER@HOST:PORT/DATABASE", "%s is no URL of a PostgreSQL database%s", Plain(raw), detail(err))
	}
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = connectWithin
	}
	// The default of two hours would keep a run waiting for a host that is gone.
	dialer := &net.Dialer{KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: 15 * time.Second, Interval: 5 * time.Second, Count: 3}}
	config.DialFunc = dialer.DialContext
	config.RuntimeParams["application_name"] = "chatbridge"
	return config, nil
}

// detail is the reason of an error of parsing that names no part of the URL.
func detail(err error) string {
	if e, ok := errors.AsType[*pgconn.ParseConfigError](err); ok {
		if inner := e.Unwrap(); inner != nil {
			if _, quoted := errors.AsType[*url.Error](inner); !quoted && !strings.Contains(inner.Error(), "://") {
				return ": " + inner.Error()
			}
		}
	}
	return ""
}

// session is how each connection is set up. A default of the database or the role may
// be otherwise.
var session = []string{
	`SET search_path TO pg_catalog`,
	`SET statement_timeout TO 0`, `SET lock_timeout TO 0`, `SET idle_in_transaction_session_timeout TO 0`,
	// So that the session of a host that is gone, and its lock, go after half a minute.
	`SET tcp_keepalives_idle TO 15`, `SET tcp_keepalives_interval TO 5`, `SET tcp_keepalives_count TO 3`, `SET tcp_user_timeout TO 30000`,
}

// connect opens a session that may write.
func connect(ctx context.Context, config *pgx.ConnConfig) (*pgx.Conn, error) {
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return nil, err
	}
	// A commit that the server only intends to keep could be lost after it was confirmed.
	settle := append([]string{`SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'`}, session...)
	if _, err := conn.Exec(ctx, strings.Join(settle, "; "), pgx.QueryExecModeSimpleProtocol); err != nil {
		return nil, errors.Join(err, conn.Close(ctx))
	}
	return conn, nil
}

// refuseConnection says what kept a ledger from being opened.
func refuseConnection(config *pgx.ConnConfig, err error) error {
	if _, ours := errors.AsType[*migrate.Error](err); ours {
		return err
	}
	if errors.Is(err, context.Canceled) {
		return fault("open ledger", "", err)
	}
	at := net.JoinHostPort(config.Host, fmt.Sprint(config.Port))
	switch code := codeOf(err); code {
	case wrongPassword:
		return refuse(migrate.Credentials, "give it in a file that PGPASSFILE names, in PGPASSWORD, or in a URL in CHATBRIDGE_LEDGER", "the server at %s refuses the password of role %q", at, config.User)
	case wrongAuthorization:
		return refuse(migrate.Credentials, "have pg_hba.conf of the server let this role in from this host", "the server at %s does not let role %q in: %w", at, config.User, reason(err))
	case noDatabase:
		return refuse(migrate.Usage, fmt.Sprintf("name one that is there, or make it: createdb -h %s -p %d %s", config.Host, config.Port, config.Database), "there is no database %q on the server at %s", config.Database, at)
	case noRight:
		return refuse(migrate.Usage, grants(config), "role %q may not do that in database %q: %w", config.User, config.Database, reason(err))
	case tooManyConnections:
		return refuse(migrate.Unavailable, "close other connections or raise max_connections, then run the same command again", "the server at %s has no connection left", at)
	case readOnly:
		return refuse(migrate.Usage, "name the primary: add target_session_attrs=read-write to the URL", "the server at %s only lets itself be read: it is a standby, or this role may not write", at)
	case statementExists, statementMissing:
		return refuse(migrate.Usage, poolerHint, "a connection pool in transaction mode is between here and the server at %s", at)
	case "":
	default:
		if passing(code) {
			return refuse(migrate.Unavailable, "wait until it is up, then run the same command again", "the server at %s is not ready: %w", at, reason(err))
		}
		return refuse(migrate.Failed, "", "the server at %s answers: %w", at, reason(err))
	}
	if strings.Contains(err.Error(), "server refused TLS connection") {
		return refuse(migrate.Usage, "have the server use TLS, or add sslmode=disable to the URL if the network between is yours alone", "the server at %s does not use TLS", at)
	}
	if unreachable(err) || errors.Is(err, context.DeadlineExceeded) {
		return refuse(migrate.Unavailable, reachHint, "the server at %s cannot be reached: %w", at, reason(err))
	}
	return refuse(migrate.Failed, "", "%w", err)
}

// reason is the innermost error: those around it repeat the address.
func reason(err error) error {
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		return errors.New(e.Message)
	}
	for {
		inner := errors.Unwrap(err)
		if several, ok := err.(interface{ Unwrap() []error }); ok { // one for each way that was tried
			if all := several.Unwrap(); len(all) > 0 {
				inner = all[len(all)-1]
			}
		}
		if inner == nil {
			return err
		}
		err = inner
	}
}

// grants are the statements that give a role what it needs.
func grants(config *pgx.ConnConfig) string {
	role := pgx.Identifier{config.User}.Sanitize()
	return fmt.Sprintf("as the owner of the database, run either of these, then the same command again: CREATE SCHEMA %s AUTHORIZATION %s; or GRANT CREATE ON DATABASE %s TO %s; (to read only: GRANT USAGE ON SCHEMA %s TO %s; GRANT SELECT ON ALL TABLES IN SCHEMA %s TO %s;)",
		schemaName, role, pgx.Identifier{config.Database}.Sanitize(), role, schemaName, role, schemaName, role)
}
