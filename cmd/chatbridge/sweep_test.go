package main

import (
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
	"chatbridge/reports"
)

func TestSweepTakesLedgersLast(t *testing.T) {
	const line = `{"code":"media","sid":"IM1","original":"a"}` + "\n"
	path := purgeable(t, migrate.Complete)
	require.NoError(t, os.WriteFile(path+originalsSuffix, []byte(line), 0o600))
	page := path + ".html"
	require.NoError(t, os.WriteFile(page, []byte(`<!doctype html><meta name="generator" content="chatbridge">`), 0o600))
	s := &sweep{}
	require.NoError(t, s.path(t.Context(), path))
	require.NoError(t, s.path(t.Context(), page))
	var kinds []string
	for _, i := range s.result(false).Items {
		if i.Kind != reports.PurgeBeside {
			kinds = append(kinds, i.Kind)
		}
	}
	require.Equal(t, []string{reports.PurgeOriginals, reports.PurgeReport, reports.PurgeLedger}, kinds)
}

func TestUnfinishedState(t *testing.T) {
	ended := time.Now()
	run := func(status string, at *time.Time) *reports.Run { return &reports.Run{Status: status, EndedAt: at} }
	services := []reports.ServiceStatus{{}}
	for want, s := range map[string]reports.Status{
		"it has no run recorded":  {},
		"its last run was killed": {Run: run(migrate.RunningStatus, nil)},
		"its last run is failed":  {Run: run(migrate.FailedStatus, &ended)},
		"its last run is undone":  {Run: run(migrate.UndoneStatus, &ended), Services: services},
		"":                        {Run: run(migrate.Complete, &ended), Services: services},
	} {
		require.Equal(t, want, unfinishedState(s, 0))
	}
	require.Empty(t, unfinishedState(reports.Status{Run: run(migrate.UndoneStatus, &ended)}, 0))
	require.Contains(t, unfinishedState(reports.Status{Run: run(migrate.Partial, &ended)}, 2), "push notifications of 2 services are still off")
}
