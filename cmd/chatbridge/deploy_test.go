package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"chatbridge/migrate"
)

const deployFolder = "../../testdata/deploy"

// documents are those of a YAML file, decoded as T.
func documents[T any](t *testing.T, name string) (all []T) {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(deployFolder, name))
	require.NoError(t, err)
	for d := yaml.NewDecoder(bytes.NewReader(raw)); ; {
		var one T
		if err := d.Decode(&one); errors.Is(err, io.EOF) {
			return all
		} else {
			require.NoError(t, err)
		}
		all = append(all, one)
	}
}

type (
	pod struct {
		Grace      int `yaml:"terminationGracePeriodSeconds"`
		Containers []struct {
			Args      []string
			Resources struct{ Requests, Limits map[string]string }
			Ports     []struct {
				Name          string
				ContainerPort int `yaml:"containerPort"`
			}
			StartupProbe  *probe `yaml:"startupProbe"`
			LivenessProbe *probe `yaml:"livenessProbe"`
		}
	}
	probe struct {
		HTTPGet struct{ Path, Port string } `yaml:"httpGet"`
	}
	manifest struct {
		Kind string
		Spec struct {
			Replicas         int
			Template         struct{ Spec pod }
			PodFailurePolicy struct {
				Rules []struct {
					OnExitCodes struct{ Values []int } `yaml:"onExitCodes"`
				}
			} `yaml:"podFailurePolicy"`
		}
	}
	compose struct {
		Services map[string]struct {
			Command     []string
			Grace       string   `yaml:"stop_grace_period"`
			EnvFile     []string `yaml:"env_file"`
			Environment map[string]string
			Healthcheck *struct{ Test []string }
			Restart     string
			Ports       []string
			Volumes     []string
			Deploy      struct {
				Replicas  int
				Resources struct{ Limits map[string]string }
			}
		}
		Volumes map[string]any
	}
)

// TestDeploy holds the examples of a deployment to the program.
func TestDeploy(t *testing.T) {
	require.Len(t, documents[compose](t, "compose.yaml"), 1)
	services := documents[compose](t, "compose.yaml")[0].Services
	kinds := map[string]manifest{}
	for _, m := range documents[manifest](t, "kubernetes.yaml") {
		kinds[m.Kind] = m
	}

	t.Run("every command line is one that the program takes, up to the file of accounts", func(t *testing.T) {
		commands := map[string][]string{
			"compose worker": services["worker"].Command, "compose migrate": services["migrate"].Command,
			"kubernetes worker":  kinds["Deployment"].Spec.Template.Spec.Containers[0].Args,
			"kubernetes migrate": kinds["Job"].Spec.Template.Spec.Containers[0].Args,
		}
		for name, args := range commands {
			require.NotEmpty(t, args, name)
			require.Equal(t, strings.Fields(name)[1], args[0])
			s := newScreen("", false)
			require.Equal(t, exitUsage, run(t.Context(), s.console, args), name)
			require.Contains(t, s.stderr.String(), "/etc/chatbridge/accounts.yaml", name)
			require.Contains(t, s.stderr.String(), "check the path given with --accounts", name)
		}
		// Another ledger would be another queue.
		require.Equal(t, commands["compose worker"][len(commands["compose worker"])-1], commands["compose migrate"][len(commands["compose migrate"])-1])
		require.Equal(t, commands["kubernetes worker"][len(commands["kubernetes worker"])-1], commands["kubernetes migrate"][len(commands["kubernetes migrate"])-1])
	})
	t.Run("the file of accounts is one", func(t *testing.T) {
		path := filepath.Join(deployFolder, "accounts.yaml")
		faults := &accountFaults{path: path}
		entries, err := readAccounts(path, settingNames(newRoot(newScreen("", false).console)), faults)
		require.NoError(t, err)
		require.NoError(t, faults.err(io.Discard))
		require.Len(t, entries, 2)
	})
	t.Run("what is stopped has the time to hand over", func(t *testing.T) {
		for _, name := range []string{"worker", "migrate"} {
			grace, err := time.ParseDuration(services[name].Grace)
			require.NoError(t, err)
			require.Greater(t, grace, migrate.DefaultWatchdog, "what cuts off a write that has no answer")
		}
		for _, kind := range []string{"Deployment", "Job"} {
			require.Greater(t, time.Duration(kinds[kind].Spec.Template.Spec.Grace)*time.Second, migrate.DefaultWatchdog)
		}
	})
	t.Run("several workers, and a database that is waited for and stays", func(t *testing.T) {
		require.Greater(t, services["worker"].Deploy.Replicas, 1)
		require.Greater(t, kinds["Deployment"].Spec.Replicas, 1)
		require.NotNil(t, services["postgres"].Healthcheck)
		require.Contains(t, services["postgres"].Volumes, "ledger:/var/lib/postgresql/data")
		require.Contains(t, documents[compose](t, "compose.yaml")[0].Volumes, "ledger")

		// One connection writes, one renews the lease and three read, for each account; four
		// are of the queue.
		each := defaultAtOnce*5 + 4
		var most int
		_, err := fmt.Sscanf(services["postgres"].Command[2], "max_connections=%d", &most)
		require.NoError(t, err)
		require.Greater(t, most, (services["worker"].Deploy.Replicas+1)*each)
		raw, err := os.ReadFile(filepath.Join(deployFolder, "kubernetes.yaml"))
		require.NoError(t, err)
		require.Contains(t, string(raw), fmt.Sprintf("admits %d connections", (kinds["Deployment"].Spec.Replicas+1)*each))
	})
	t.Run("the probes ask what the worker serves", func(t *testing.T) {
		worker := kinds["Deployment"].Spec.Template.Spec.Containers[0]
		require.Equal(t, "metrics", worker.Ports[0].Name)
		require.Contains(t, worker.Args, fmt.Sprintf("--metrics-addr=0.0.0.0:%d", worker.Ports[0].ContainerPort))
		for _, p := range []*probe{worker.StartupProbe, worker.LivenessProbe} {
			require.NotNil(t, p)
			require.Equal(t, "/metrics", p.HTTPGet.Path)
			require.Equal(t, "metrics", p.HTTPGet.Port)
		}
	})
	t.Run("what needs a person is not tried again", func(t *testing.T) {
		require.Equal(t, []int{exitFailed, exitUsage, exitIncomplete, exitCredentials}, kinds["Job"].Spec.PodFailurePolicy.Rules[0].OnExitCodes.Values)
		require.Equal(t, "no", services["migrate"].Restart)
	})
	t.Run("memory is bounded, above what a large workspace took", func(t *testing.T) {
		for _, kind := range []string{"Deployment", "Job"} {
			r := kinds[kind].Spec.Template.Spec.Containers[0].Resources
			require.Equal(t, "128Mi", r.Requests["memory"])
			require.Equal(t, "512Mi", r.Limits["memory"])
			require.NotContains(t, r.Limits, "cpu", "a throttled process may miss the renewal of its lease")
		}
		for _, name := range []string{"worker", "migrate"} {
			require.Equal(t, "512M", services[name].Deploy.Resources.Limits["memory"])
		}
	})
	t.Run("no page of the queue is open to the network", func(t *testing.T) {
		for _, port := range services["ui"].Ports {
			require.True(t, strings.HasPrefix(port, "127.0.0.1:"), port)
		}
		require.Contains(t, services["ui"].EnvFile, "ui.env", "its password")
	})
}

// secret is the name of what must not have a value.
var secret = regexp.MustCompile(`(?i)(password|pass|token|secret|auth_token|api_secret)$`)

func TestDeployHoldsNoCredentials(t *testing.T) {
	files, err := os.ReadDir(deployFolder)
	require.NoError(t, err)
	require.Len(t, files, 3)
	for _, f := range files {
		for _, doc := range documents[yaml.Node](t, f.Name()) {
			require.NoError(t, credentialIn(&doc), f.Name())
		}
	}
	t.Run("one would be seen", func(t *testing.T) {
		for _, text := range []string{
			"environment: {POSTGRES_PASSWORD: x}", "auth_token: x", "kind: Secret", "environment: [PGPASSWORD=x]",
			"args: ['--ledger=postgres://me:x@host/db']", "x: 0123456789abcdef0123456789abcdef",
		} {
			var doc yaml.Node
			require.NoError(t, yaml.Unmarshal([]byte(text), &doc))
			require.Error(t, credentialIn(&doc), text)
		}
	})
}

var (
	hexToken  = regexp.MustCompile(`\b[0-9a-f]{32}\b`)
	anyURL    = regexp.MustCompile(`[a-z]+://[^ ]+`)
	inlineEnv = regexp.MustCompile(`^([A-Za-z_]+)=.`)
)

// credentialIn finds what a credential could be: a value of a name that sounds like
// one, a token, a password in a URL, or a Secret.
func credentialIn(n *yaml.Node) error {
	if n.Kind == yaml.MappingNode {
		for i := 0; i+1 < len(n.Content); i += 2 {
			key, value := n.Content[i], n.Content[i+1]
			if value.Kind == yaml.ScalarNode && (secret.MatchString(key.Value) || key.Value == "kind" && value.Value == "Secret") {
				return fmt.Errorf("line %d: %s has a value", key.Line, key.Value)
			}
		}
	}
	if n.Kind == yaml.ScalarNode {
		if m := inlineEnv.FindStringSubmatch(n.Value); m != nil && secret.MatchString(m[1]) || hexToken.MatchString(n.Value) {
			return fmt.Errorf("line %d holds a token", n.Line)
		}
		for _, one := range anyURL.FindAllString(n.Value, -1) {
			u, err := url.Parse(one)
			if err != nil {
				return err
			}
			if _, has := u.User.Password(); has {
				return fmt.Errorf("line %d has a password in a URL", n.Line)
			}
		}
	}
	i := slices.IndexFunc(n.Content, func(child *yaml.Node) bool { return credentialIn(child) != nil })
	if i < 0 {
		return nil
	}
	return credentialIn(n.Content[i])
}
