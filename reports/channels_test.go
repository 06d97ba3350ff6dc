package reports

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
	"chatbridge/migrate/audit"
	"chatbridge/migrate/verify"
)

func TestPagesHoldLittle(t *testing.T) {
	const all, most = 5 * catalogShown, 2 * catalogShown
	var audited AuditChannels
	var migrated Channels
	v := Verification{items: items{form: HTML}}
	for i := range all {
		sid := fmt.Sprintf("CH%032x", i)
		audited.Add(audit.ChannelRow{SID: sid, Messages: int64(i)})
		migrated.Add(migrate.ChannelRecord{SourceSID: sid}, "")
		v.hold(verify.Difference{Class: verify.Foreign, TargetSID: sid})
	}
	require.Less(t, len(audited.rows), most)
	require.Less(t, len(migrated.rows), most)
	require.Less(t, len(v.held), most)
	require.EqualValues(t, all, audited.n)
	require.EqualValues(t, all, migrated.n)
}
