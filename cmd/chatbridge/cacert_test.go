package main

import (
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate/transport"
)

func TestCACert(t *testing.T) {
	server := httptest.NewTLSServer(http.NotFoundHandler())
	t.Cleanup(server.Close)
	own := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	key := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: []byte("hunter2")})
	file := func(t *testing.T, content ...[]byte) string {
		path := filepath.Join(t.TempDir(), "ca.pem")
		var all []byte
		for _, c := range content {
			all = append(all, c...)
		}
		require.NoError(t, os.WriteFile(path, all, 0o600))
		return path
	}
	ask := func(t *testing.T, o *connectionOptions) error {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL, nil)
		require.NoError(t, err)
		resp, err := o.transport(&transport.Counter{}, nil, transport.Patience{Attempts: 1}).RoundTrip(req)
		if err == nil {
			require.NoError(t, resp.Body.Close())
		}
		return err
	}
	t.Run("is trusted, wherever it stands in the file", func(t *testing.T) {
		o := &connectionOptions{widthOptions: widthOptions{Concurrency: 1}, Timeout: defaultTimeout, CACert: file(t, []byte("# ours\n"), key, own)}
		require.ErrorContains(t, ask(t, o), "certificate")
		require.NoError(t, o.check())
		require.NoError(t, ask(t, o))
	})
	for name, c := range map[string]struct {
		path string
		says string
	}{
		"is missing":              {filepath.Join(t.TempDir(), "none.pem"), "none.pem"},
		"is a folder":             {t.TempDir(), "read"},
		"is empty":                {file(t), "there is no certificate in"},
		"has a key alone":         {file(t, key), "there is no certificate in"},
		"is no PEM":               {file(t, []byte("hunter2")), "there is no certificate in"},
		"has a damaged one":       {file(t, own, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: []byte("hunter2")})), "certificate 2 in"},
		"is far too large for it": {file(t, []byte(strings.Repeat("x", maxBundle)), own), "too many for certificates"},
	} {
		t.Run("is refused if the file "+name, func(t *testing.T) {
			o := &connectionOptions{widthOptions: widthOptions{Concurrency: 1}, Timeout: defaultTimeout, CACert: c.path}
			err := o.check()
			require.Equal(t, exitUsage, statusOf(err), "%v", err)
			require.ErrorContains(t, err, "read --ca-cert: ")
			require.ErrorContains(t, err, c.says)
			require.Contains(t, hintOf(err), "BEGIN CERTIFICATE")
			require.NotContains(t, err.Error(), "hunter2")
			require.Nil(t, o.roots)
		})
	}
}
