package main

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

//go:embed on/on.go
var onSource []byte

// overlay writes the instrumented files into a folder, and the file that makes
// the go command read them in place of those on disk, where nothing changes.
func overlay(m *module, packages []*pkg, work string) (string, error) {
	replace := map[string]string{}
	put := func(path string, text []byte) error {
		copied := filepath.Join(work, strconv.Itoa(len(replace))+".go")
		replace[path] = copied
		return os.WriteFile(copied, text, 0o600)
	}
	if err := put(filepath.Join(m.root, "internal", "mutanton", "on.go"), onSource); err != nil {
		return "", err
	}
	for _, p := range packages {
		texts, err := p.instrument(m)
		if err != nil {
			return "", err
		}
		for path, text := range texts {
			if err := put(path, []byte(text)); err != nil {
				return "", err
			}
		}
	}
	raw, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", err
	}
	name := filepath.Join(work, "overlay.json")
	return name, os.WriteFile(name, raw, 0o600)
}

// binary is the compiled tests of one package.
type binary struct {
	pkg, dir, path string
	args           []string
}

// build compiles the tests that can reach one of the packages.
func build(ctx context.Context, m *module, packages []*pkg, tests []string, overlay, work string) ([]*binary, error) {
	all, err := m.list(ctx, append([]string{"-test", "-deps=false"}, tests...)...)
	if err != nil {
		return nil, err
	}
	target := map[string]bool{}
	for _, p := range packages {
		target[p.path] = true
	}
	var built []*binary
	for _, l := range all {
		// The package pkg.test that go list adds has all that the tests import.
		name, ok := testMain(l.ImportPath)
		if !ok || !slices.ContainsFunc(l.Deps, func(dep string) bool { return target[plain(dep)] }) {
			continue
		}
		b := &binary{pkg: name, dir: l.Dir, path: filepath.Join(work, strconv.Itoa(len(built))+".test")}
		if _, err := m.tool(ctx, "test", "-c", "-vet=off", "-overlay", overlay, "-o", b.path, name); err != nil {
			return nil, fmt.Errorf("build the tests of %s: %w", name, err)
		}
		built = append(built, b)
	}
	if len(built) == 0 {
		return nil, errors.New("none of the test packages imports what is to be mutated")
	}
	return built, nil
}

// testMain is the package whose test binary go list calls pkg.test.
func testMain(listedAs string) (string, bool) {
	return strings.CutSuffix(listedAs, ".test")
}

// plain is an import path without the test binary that it was built for.
func plain(path string) string {
	path, _, _ = strings.Cut(path, " ")
	return path
}
