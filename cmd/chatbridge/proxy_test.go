package main

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate/emulator"
	"chatbridge/migrate/ledgertest"
)

// company is a proxy as companies have them: it wants a password, opens each
// connection itself and shows a certificate of its own for the host.
type company struct {
	server *httptest.Server
	file   string // of the company's certificate authority
	hosts  map[string]*httputil.ReverseProxy
	issue  func(host string) tls.Certificate

	mu      sync.Mutex
	tunnels map[string]int // opened, by host
}

const proxyPassword = "password-of-the-proxy"

func newCompany(t *testing.T, s *emulator.Server) *company {
	t.Helper()
	c := &company{tunnels: map[string]int{}, hosts: map[string]*httputil.ReverseProxy{}}
	for host, to := range map[string]string{"chat.twilio.com": s.ChatURL, "conversations.twilio.com": s.ConversationsURL} {
		u, err := url.Parse(to)
		require.NoError(t, err)
		c.hosts[host] = httputil.NewSingleHostReverseProxy(u)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	root := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Company CA"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, root, root, key.Public(), key)
	require.NoError(t, err)
	c.file = filepath.Join(t.TempDir(), "ca.pem")
	require.NoError(t, os.WriteFile(c.file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600))
	c.issue = func(host string) tls.Certificate {
		leaf := &x509.Certificate{
			SerialNumber: big.NewInt(2), DNSNames: []string{host},
			NotBefore: root.NotBefore, NotAfter: root.NotAfter, KeyUsage: x509.KeyUsageDigitalSignature,
		}
		der, err := x509.CreateCertificate(rand.Reader, leaf, root, key.Public(), key)
		if err != nil {
			panic(err)
		}
		return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
	}
	c.server = httptest.NewServer(http.HandlerFunc(c.connect))
	t.Cleanup(c.server.Close)
	return c
}

func (c *company) connect(w http.ResponseWriter, r *http.Request) {
	user, password, ok := (&http.Request{Header: http.Header{"Authorization": r.Header["Proxy-Authorization"]}}).BasicAuth()
	if !ok || user != "me" || password != proxyPassword {
		w.WriteHeader(http.StatusProxyAuthRequired)
		return
	}
	host := strings.TrimSuffix(r.Host, ":443")
	to := c.hosts[host]
	if r.Method != http.MethodConnect || to == nil {
		w.WriteHeader(http.StatusForbidden)
		return
	}
	c.mu.Lock()
	c.tunnels[host]++
	c.mu.Unlock()
	raw, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		return
	}
	defer raw.Close()
	if _, err := raw.Write([]byte("HTTP/1.1 200 Connection established\r\n\r\n")); err != nil {
		return
	}
	conn := tls.Server(raw, &tls.Config{Certificates: []tls.Certificate{c.issue(host)}})
	in := bufio.NewReader(conn)
	for {
		req, err := http.ReadRequest(in)
		if err != nil {
			return
		}
		answer := httptest.NewRecorder()
		to.ServeHTTP(answer, req)
		result := answer.Result()
		result.ContentLength = int64(answer.Body.Len())
		if result.Write(conn) != nil {
			return
		}
	}
}

// through is the program, asked to reach Twilio's own hosts by way of the proxy.
func (c *company) through(s *emulator.Server, dir string, env []string, args ...string) (status int, out, complaint string) {
	cmd := program(s, dir, args...)
	kept := cmd.Env[:0]
	for _, pair := range cmd.Env {
		if !strings.Contains(pair, "_URL=") {
			kept = append(kept, pair)
		}
	}
	u, _ := url.Parse(c.server.URL)
	u.User = url.UserPassword("me", proxyPassword)
	cmd.Env = append(append(kept, "HTTPS_PROXY="+u.String()), env...)
	var stdout, stderr strings.Builder
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	_ = cmd.Run()
	return cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()
}

func TestCompanyProxy(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "darwin" || runtime.GOOS == "windows" {
		t.Skip("this system has its own store of certificates, and no variable for them")
	}
	server := sampleServer(t, nil)
	c := newCompany(t, server)
	dir := ledgertest.Dir(t)
	ca := []string{"SSL_CERT_FILE=" + c.file}

	t.Run("a certificate that nobody vouches for is refused, and said", func(t *testing.T) {
		status, _, said := c.through(server, dir, nil, "audit")
		require.Equal(t, exitService, status, said)
		require.Contains(t, said, "certificate")
		require.Contains(t, said, "--ca-cert company.pem")
	})
	t.Run("with the company's certificate a whole migration goes through the proxy", func(t *testing.T) {
		for _, args := range [][]string{{"audit"}, {"migrate", "--yes", "--aps", "0"}, {"verify", "--settle", "10ms"}} {
			status, out, said := c.through(server, dir, ca, args...)
			require.Equal(t, exitDone, status, "%s%s", out, said)
			require.NotContains(t, out+said, proxyPassword)
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		require.Positive(t, c.tunnels["chat.twilio.com"])
		require.Positive(t, c.tunnels["conversations.twilio.com"])
	})
	t.Run("as it does with --ca-cert", func(t *testing.T) {
		status, out, said := c.through(server, dir, nil, "audit", "--ca-cert", c.file)
		require.Equal(t, exitDone, status, "%s%s", out, said)
		status, out, said = c.through(server, dir, []string{"CHATBRIDGE_CA_CERT=" + c.file}, "audit")
		require.Equal(t, exitDone, status, "%s%s", out, said)
	})
	t.Run("NO_PROXY goes around it", func(t *testing.T) {
		const nowhere = "https://0.0.0.0:1" // this machine, and not by a name or number that needs no proxy anyway
		status, _, said := c.through(server, dir, ca, "audit", "--chat-url", nowhere)
		require.Equal(t, exitService, status, said)
		require.Contains(t, said, "a proxy is in the way")
		status, _, said = c.through(server, dir, append([]string{"NO_PROXY=0.0.0.0"}, ca...), "audit", "--chat-url", nowhere)
		require.Equal(t, exitService, status, said)
		require.NotContains(t, said, "a proxy is in the way")
	})
}

// socks is a SOCKS5 proxy that takes no password, or connects to nothing.
func socks(t *testing.T, password, connects byte) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			_, _ = conn.Read(make([]byte, 512)) // the methods that it offers
			_, _ = conn.Write([]byte{5, 2})     // a user with a password
			_, _ = conn.Read(make([]byte, 512))
			_, _ = conn.Write([]byte{1, password})
			_, _ = conn.Read(make([]byte, 512)) // where to
			_, _ = conn.Write([]byte{5, connects, 0, 1, 0, 0, 0, 0, 0, 0})
			_ = conn.Close()
		}
	}()
	return "socks5://me:" + proxyPassword + "@" + l.Addr().String()
}

func TestProxiesThatRefuse(t *testing.T) {
	t.Parallel()
	server := sampleServer(t, nil)
	c := newCompany(t, server)
	at := strings.TrimPrefix(c.server.URL, "http://")
	for name, one := range map[string]struct{ command, variable, proxy, says string }{
		"a wrong password":           {"doctor", "HTTPS_PROXY", "http://me:wrong-" + proxyPassword + "@" + at, "a proxy is in the way: " + at + " does not connect to chat.twilio.com:443: HTTP 407 Proxy Authentication Required"},
		"no password":                {"audit", "https_proxy", "http://" + at, "HTTP 407"},
		"without a scheme":           {"doctor", "https_proxy", "me:wrong-" + proxyPassword + "@" + at, "HTTP 407"},
		"nobody there":               {"audit", "HTTPS_PROXY", "http://me:" + proxyPassword + "@127.0.0.1:1", "a proxy is in the way: proxyconnect tcp: "},
		"TLS with one that has none": {"doctor", "HTTPS_PROXY", "https://me:" + proxyPassword + "@" + at, "a proxy is in the way: proxyconnect tcp: "},
		"SOCKS: a wrong password":    {"audit", "https_proxy", socks(t, 1, 0), "a proxy is in the way: socks connect tcp "},
		"SOCKS: not allowed":         {"doctor", "https_proxy", socks(t, 0, 2), "a proxy is in the way: socks connect tcp "},
		"SOCKS: nobody there":        {"audit", "HTTPS_PROXY", "socks5://me:" + proxyPassword + "@127.0.0.1:1", "a proxy is in the way: "},
	} {
		t.Run(name, func(t *testing.T) {
			status, out, said := c.through(server, ledgertest.Dir(t), []string{"HTTPS_PROXY=", one.variable + "=" + one.proxy}, one.command, "-v")
			require.Equal(t, exitService, status, said)
			require.Contains(t, said, one.says)
			require.Contains(t, said, "hint: check HTTPS_PROXY and NO_PROXY")
			require.NotContains(t, out+said, proxyPassword)
			require.NotContains(t, out+said, base64.StdEncoding.EncodeToString([]byte("me:"+proxyPassword)))
		})
	}
}
