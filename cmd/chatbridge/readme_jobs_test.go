package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"chatbridge/migrate/ledgertest"
)

// TestReadmeJobs holds the files that README gives to operators to what they are
// read by, and their exit statuses to the code.
func TestReadmeJobs(t *testing.T) {
	text := readme(t)
	person := []int{exitFailed, exitUsage, exitIncomplete, exitCredentials}
	t.Run("the unit of systemd", func(t *testing.T) {
		block := fence(t, section(t, text, "systemd"))
		require.Contains(t, block, "RestartPreventExitStatus="+strings.Trim(fmt.Sprint(person), "[]")+"\n")
		require.Contains(t, block, fmt.Sprintf("SuccessExitStatus=%d\n", exitInterrupted))
		verify, err := exec.LookPath("systemd-analyze")
		if err != nil {
			t.Skip("there is no systemd-analyze")
		}
		dir := ledgertest.Dir(t)
		for _, part := range strings.Split(block, "# /etc/systemd/system/")[1:] {
			name, unit, _ := strings.Cut(part, "\n")
			unit = strings.ReplaceAll(unit, "/usr/local/bin/chatbridge", "/bin/true")
			require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(unit), 0o600))
		}
		for _, name := range []string{"chatbridge.service", "chatbridge.timer"} {
			said, err := exec.Command(verify, "verify", "--man=no", filepath.Join(dir, name)).CombinedOutput()
			for line := range strings.Lines(string(said)) {
				require.NotContains(t, line, dir, "systemd objects")
			}
			require.NoError(t, err, "%s", said)
		}
	})
	t.Run("the Job of Kubernetes", func(t *testing.T) {
		var job struct {
			Kind string
			Spec struct {
				PodFailurePolicy struct {
					Rules []struct {
						OnExitCodes struct{ Values []int } `yaml:"onExitCodes"`
					}
				} `yaml:"podFailurePolicy"`
				Template struct {
					Spec struct {
						RestartPolicy string `yaml:"restartPolicy"`
						Containers    []struct{ Args []string }
					}
				}
			}
		}
		require.NoError(t, yaml.Unmarshal([]byte(fence(t, section(t, text, "kubernetes"))), &job))
		require.Equal(t, "Job", job.Kind)
		require.Equal(t, person, job.Spec.PodFailurePolicy.Rules[0].OnExitCodes.Values)
		require.Equal(t, "Never", job.Spec.Template.Spec.RestartPolicy)
		o, err := parseMigrate(t, nil, job.Spec.Template.Spec.Containers[0].Args[1:]...)
		require.NoError(t, err)
		require.True(t, o.Yes)
		require.Equal(t, "/data/chatbridge.db", o.Ledger)
	})
	t.Run("the workflow of GitHub runs what it says", func(t *testing.T) {
		var flow struct {
			Jobs map[string]struct{ Steps []struct{ Run string } }
		}
		require.NoError(t, yaml.Unmarshal([]byte(fence(t, section(t, text, "actions"))), &flow))
		steps := flow.Jobs["pass"].Steps
		script := steps[len(steps)-1].Run
		for status, want := range map[int]int{0: 0, 1: 1, 3: 3, exitService: 0, exitInterrupted: 0, exitLedger: exitLedger} {
			dir := ledgertest.Dir(t)
			require.NoError(t, os.WriteFile(filepath.Join(dir, "chatbridge"), fmt.Appendf(nil, "#!/bin/sh\nexit %d\n", status), 0o700))
			shell := exec.Command("bash", "-e", "-c", script)
			shell.Dir, shell.Env = dir, append(os.Environ(), "GITHUB_STEP_SUMMARY="+filepath.Join(dir, "summary"))
			_ = shell.Run()
			require.Equal(t, want, shell.ProcessState.ExitCode(), "after %d", status)
		}
	})
}
