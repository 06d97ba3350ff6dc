package migrate_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
)

// oddSIDs are nearly alike, and some of them have no form that can be packed.
func oddSIDs() []string {
	sid := "CHabcdef00000000000000000000000000"
	all := []string{sid, strings.ToUpper(sid), "CHAbcdef00000000000000000000000000", "CHabcdeF00000000000000000000000000", "", "RL1", sid + "0", sid[:33]}
	for i := range sid {
		all = append(all, sid[:i]+"1"+sid[i+1:], sid[:i]+"x"+sid[i+1:])
	}
	return all
}

func TestSIDsThatDifferAnywhereAreTwo(t *testing.T) {
	var set migrate.SIDSet
	var places migrate.SIDMap[int]
	var list migrate.SIDList
	all := oddSIDs()
	for i, sid := range all {
		require.False(t, set.Has(sid), sid)
		require.True(t, set.Add(sid), sid)
		_, there := places.Value(sid)
		require.False(t, there, sid)
		places.Set(sid, i)
		require.Equal(t, i, list.Append(sid))
	}
	for i, sid := range all {
		require.False(t, set.Add(sid), sid)
		place, there := places.Value(sid)
		require.True(t, there, sid)
		require.Equal(t, i, place, sid)
		require.Equal(t, sid, list.At(i))
	}
	require.Equal(t, []int{len(all), len(all), len(all)}, []int{set.Len(), places.Len(), list.Len()})
	require.Equal(t, all, slices.Collect(list.All()))
	var pairs migrate.SIDPairs
	for i, sid := range all {
		require.Empty(t, pairs.Other(sid), sid)
		pairs.Set(sid, "first")
		pairs.Set(sid, all[len(all)-1-i])
	}
	for i, sid := range all {
		require.Equal(t, all[len(all)-1-i], pairs.Other(sid), sid)
	}
	require.ElementsMatch(t, all, slices.Collect(pairs.SIDs()))
	require.ElementsMatch(t, all, slices.Collect(maps.Keys(maps.Collect(places.All()))))
	for _, sid := range all {
		places.Delete(sid)
		_, there := places.Value(sid)
		require.False(t, there, sid)
	}
	require.Zero(t, places.Len())
}
