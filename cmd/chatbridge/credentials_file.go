package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"chatbridge/migrate"
	"chatbridge/reports"
)

// credentialsFile is the file of --credentials. Keys are named by the path of a
// file each, from the folder of this one: it holds no secret itself.
type credentialsFile struct {
	Credentials []credentialEntry `yaml:"credentials"`
}

type credentialEntry struct {
	FriendlyName string `yaml:"friendly_name"`
	Type         string `yaml:"type"`
	Certificate  string `yaml:"certificate"`
	PrivateKey   string `yaml:"private_key"`
	Sandbox      bool   `yaml:"sandbox"`
	APIKey       string `yaml:"api_key"`
	Secret       string `yaml:"secret"`
}

// keyFiles are the fields that name a file, by type of credential.
var keyFiles = map[string][]string{
	"apn": {"certificate", "private_key"},
	"gcm": {"api_key"},
	"fcm": {"secret"},
}

const (
	credentialsFileHint = "the file lists under credentials: a friendly_name, a type (apn, gcm or fcm), and paths of key files: certificate and private_key for apn, api_key for gcm, secret for fcm"
	// maxCredentialName is in characters, as Conversations documents it.
	maxCredentialName = 64
	// maxKeyFile is far more than any key has.
	maxKeyFile = 64 << 10
)

// readCredentials reads the file at path and the key files that it names. No
// error repeats what a field holds: it may be a key that was put in place of its
// path. Files that others can read are warned of.
func readCredentials(path string, warn io.Writer) ([]migrate.Credential, error) {
	if path == "" {
		return nil, nil
	}
	all, err := parseCredentials(path, warn)
	if err != nil {
		return nil, &migrate.Error{Op: "read credentials to create", Kind: migrate.Usage, Err: err, Hint: credentialsFileHint}
	}
	return all, nil
}

func parseCredentials(path string, warn io.Writer) ([]migrate.Credential, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	d := yaml.NewDecoder(f)
	d.KnownFields(true)
	var file credentialsFile
	if err := d.Decode(&file); err != nil {
		return nil, fmt.Errorf("%s: %w", path, withoutValues(err))
	}
	if len(file.Credentials) == 0 {
		return nil, fmt.Errorf("%s lists no credentials", path)
	}
	var all []migrate.Credential
	seen := map[[2]string]bool{}
	for i, e := range file.Credentials {
		c, err := e.read(filepath.Dir(path), warn)
		if err != nil {
			return nil, fmt.Errorf("%s: credential %d: %w", path, i+1, err)
		}
		id := [2]string{c.Type, c.FriendlyName}
		if seen[id] {
			return nil, fmt.Errorf("%s: credential %d has the type and the friendly_name of an earlier one", path, i+1)
		}
		seen[id] = true
		all = append(all, c)
	}
	return all, nil
}

// withoutValues is an error of the YAML parser without the values that it quotes
// between backticks.
func withoutValues(err error) error {
	parts := strings.Split(strings.Join(strings.Fields(err.Error()), " "), "`")
	for i := 1; i < len(parts); i += 2 {
		parts[i] = "…"
	}
	return errors.New(strings.ReplaceAll(strings.Join(parts, ""), " in type main.credentialEntry", ""))
}

func (e credentialEntry) read(dir string, warn io.Writer) (migrate.Credential, error) {
	c := migrate.Credential{FriendlyName: e.FriendlyName, Type: e.Type, Sandbox: e.Sandbox}
	wanted, known := keyFiles[e.Type]
	switch {
	case strings.TrimSpace(e.FriendlyName) == "":
		return c, errors.New("friendly_name is missing: without it, a second run could not find the credential again")
	case utf8.RuneCountInString(e.FriendlyName) > maxCredentialName:
		return c, fmt.Errorf("friendly_name has more than %d characters", maxCredentialName)
	case !known:
		return c, errors.New("type is not apn, gcm or fcm")
	case e.Sandbox && e.Type != "apn":
		return c, errors.New("sandbox is for type apn only")
	}
	for _, field := range []struct {
		name, path string
		key        *migrate.Secret
	}{{"certificate", e.Certificate, &c.Certificate}, {"private_key", e.PrivateKey, &c.PrivateKey}, {"api_key", e.APIKey, &c.APIKey}, {"secret", e.Secret, &c.Secret}} {
		needed := strings.Contains(" "+strings.Join(wanted, " ")+" ", " "+field.name+" ")
		switch {
		case !needed && field.path == "":
			continue
		case !needed:
			return c, fmt.Errorf("%s is not for type %s", field.name, e.Type)
		case field.path == "":
			return c, fmt.Errorf("%s is missing", field.name)
		}
		key, err := readKey(dir, field.path, warn)
		if err != nil {
			return c, fmt.Errorf("read the file that %s names: %w", field.name, err)
		}
		*field.key = key
	}
	return c, nil
}

// readKey reads one key file. Its errors do not name the file.
func readKey(dir, path string, warn io.Writer) (migrate.Secret, error) {
	if !filepath.IsAbs(path) {
		path = filepath.Join(dir, path)
	}
	f, err := os.Open(path)
	if err != nil {
		return "", nameless(err)
	}
	defer f.Close()
	raw, err := io.ReadAll(io.LimitReader(f, maxKeyFile+1))
	if err != nil {
		return "", nameless(err)
	}
	switch {
	case len(raw) > maxKeyFile:
		return "", fmt.Errorf("it has more than %d bytes, too many for a key", maxKeyFile)
	case strings.TrimSpace(string(raw)) == "":
		return "", errors.New("it is empty")
	}
	if info, err := f.Stat(); err == nil && info.Mode().Perm()&0o077 != 0 {
		fmt.Fprintf(warn, "warning: others can read %s; to protect it: chmod 600\n", reports.Plain(path))
	}
	return migrate.Secret(strings.TrimSpace(string(raw))), nil
}

func nameless(err error) error {
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		return p.Err
	}
	return err
}

// createCredentials creates what the account does not have yet.
func createCredentials(ctx context.Context, target migrate.Target, stop <-chan struct{}, all []migrate.Credential, told io.Writer) error {
	for _, c := range all {
		if err := unpaused(ctx, stop); err != nil {
			return err
		}
		made, change, err := target.EnsureCredential(ctx, c)
		if err != nil {
			return err
		}
		what := "existed already; its secret was not changed"
		if change == migrate.Created {
			what = "created"
		}
		fmt.Fprintf(told, "Push credential %s (%s) %s: %s\n", reports.Plain(c.FriendlyName), c.Type, cmp.Or(made.SID, "without SID"), what)
	}
	return nil
}
