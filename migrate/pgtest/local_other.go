//go:build !unix

package pgtest

func startLocal() (*server, error) { return nil, errNone }
