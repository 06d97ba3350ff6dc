package main

import (
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"os"

	"chatbridge/migrate"
)

const (
	caCertFlag  = "ca-cert"
	caCertUsage = "trust the certificates in this PEM `file` too, besides the system's"
)

// maxBundle is several times what any system's own bundle has, in bytes.
const maxBundle = 4 << 20

// trust reads the certificates of --ca-cert. Those of the system stay trusted.
func (o *connectionOptions) trust() error {
	if o.CACert == "" {
		return nil
	}
	found, err := certificates(o.CACert)
	if err == nil {
		o.roots, err = x509.SystemCertPool()
	}
	if err != nil {
		return &migrate.Error{
			Op: "read --ca-cert", Kind: migrate.Usage, Err: err,
			Hint: "the file holds certificates in PEM, each from BEGIN CERTIFICATE to END CERTIFICATE: ask who runs the proxy for it",
		}
	}
	for _, c := range found {
		o.roots.AddCert(c)
	}
	return nil
}

// certificates are those of a file in PEM. One that cannot be read is an error, since
// leaving it out would show much later, and as something else. No error repeats what
// the file holds: it may be a key.
func certificates(path string) ([]*x509.Certificate, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	raw, err := io.ReadAll(io.LimitReader(f, maxBundle+1))
	if err != nil {
		return nil, err
	}
	if len(raw) > maxBundle {
		return nil, fmt.Errorf("%s has more than %d bytes, too many for certificates", path, maxBundle)
	}
	var all []*x509.Certificate
	for block, rest := pem.Decode(raw); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != "CERTIFICATE" {
			continue
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("certificate %d in %s cannot be read: %w", len(all)+1, path, errNotCertificate)
		}
		all = append(all, c)
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("there is no certificate in %s", path)
	}
	return all, nil
}

var errNotCertificate = errors.New("it is damaged, or something else under that name")
