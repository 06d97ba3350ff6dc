package replay

import (
	"cmp"
	"context"
	"hash/fnv"
	"strconv"

	"chatbridge/mapping"
	"chatbridge/migrate"
)

// keep keeps findings before anything else is written: what they took away in
// the sidecar, and themselves in the ledger, because they are losses of the
// migration and not of this run.
func (r *run) keep(found []mapping.Finding) error {
	if r.Sidecar != nil {
		if err := r.Sidecar.Keep(found); err != nil {
			return err
		}
	}
	return migrate.Fatal(r.Ledger.PutFindings(context.Background(), findingRecords(found)))
}

// findingRecords are findings as the ledger has them. Those of one resource come
// together, so that the same field of it twice is two findings, and the next
// pass, which finds them again, replaces both.
func findingRecords(found []mapping.Finding) []migrate.FindingRecord {
	type key struct {
		code       mapping.Code
		sid, field string
	}
	at := map[key]int{}
	records := make([]migrate.FindingRecord, 0, len(found))
	for _, f := range found {
		if toldEveryRun(f.Code) {
			continue
		}
		if f.SID == "" { // somebody whom only members name: the ledger has no names
			h := fnv.New64a()
			_, _ = h.Write([]byte(f.Detail)) // never fails
			f.Field += " " + strconv.FormatUint(h.Sum64(), 36)
		}
		k := key{f.Code, f.SID, f.Field}
		if i, twice := at[k]; twice {
			records[i].Count++
			continue
		}
		at[k] = len(records)
		records = append(records, migrate.FindingRecord{
			Code: f.Code, Severity: f.Severity, SID: f.SID, Owner: cmp.Or(f.ChannelSID, f.SID), Field: f.Field, Count: 1,
		})
	}
	return records
}

// toldEveryRun says that a finding is about how the target is now. Every run tells
// it again, or it is true no more: the ledger does not keep it.
func toldEveryRun(c mapping.Code) bool {
	switch c {
	case mapping.RoleWasThere, mapping.RoleShared, mapping.RoleLate, mapping.ServiceLate, mapping.UserWasThere, mapping.UserShared:
		return true
	}
	return false
}

// arrived forgets what an earlier run said about a resource that is carried now.
func arrived(ctx context.Context, l migrate.Ledger, sourceSID string) error {
	if err := l.ClearFailures(ctx, sourceSID); err != nil {
		return migrate.Fatal(err)
	}
	return migrate.Fatal(l.ForgetFindings(ctx, sourceSID, mapping.Stop))
}
