package main

import (
	"maps"
	"testing"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
)

// What a worker did counts for whoever asked only if both were told to carry the same.
func TestSettingsOfAnotherWorker(t *testing.T) {
	const source, target = "AC00000000000000000000000000000001", "AC00000000000000000000000000000002"
	o := &migrateOptions{}
	o.SourceAPI = autoAPI
	mapper, err := o.mapper()
	require.NoError(t, err)
	bound := o.fingerprint(&endpoints{sourceAccount: source, targetAccount: target, sourceAPI: "v2", sourceRegion: "ie1"}, mapper)
	require.NoError(t, o.alike(bound, source, target), "auto became v2 there")
	require.NoError(t, o.alike(bound, "", ""), "the account is known by its ledger alone")

	for name, change := range map[string]func(o *migrateOptions){
		"policy":      func(o *migrateOptions) { o.Policies = []string{"role-was-there=replace"} },
		"services":    func(o *migrateOptions) { o.Services = []string{"IS00000000000000000000000000000001"} },
		"filter":      func(o *migrateOptions) { o.Since = "2020-01-01" },
		"other reads": func(o *migrateOptions) { o.SourceAPI = "v1" },
	} {
		t.Run(name, func(t *testing.T) {
			other := *o
			change(&other)
			require.Equal(t, migrate.Conflict, migrate.KindOf(other.alike(bound, source, target)))
		})
	}
	require.Equal(t, migrate.Conflict, migrate.KindOf(o.alike(bound, target, target)), "another account of the same name")
	foreign := maps.Clone(bound)
	foreign[targetAccountSetting] = source
	require.Equal(t, migrate.Conflict, migrate.KindOf(o.alike(foreign, source, target)))
}
