package rehearse_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/rehearse"
)

// outcomes are accounts that answer an experiment one way or the other, by what
// emulator.ParseUnkind takes. Those that are empty are kind.
var outcomes = []struct {
	experiment, unkind string
	want               migrate.Verdict
	stops              bool
	settle             bool // longer than the default
	seen               string
}{
	{"late-append", "", migrate.AsAssumed, false, false, "50 messages landed"},
	{"late-append", "write-takes=messages:100ms", migrate.AsAssumed, false, false, "0 messages landed, and"},
	{"late-append", "late=2m,write-takes=messages:100ms", migrate.Dangerous, false, true, "landed"},
	{"late-append", "late=8s,write-takes=messages:100ms", migrate.AsAssumed, false, true, "landed"},
	{"name-race", "", migrate.AsAssumed, false, false, "50353"},
	{"name-race", "names=race", migrate.Dangerous, true, false, "both were created"},
	{"name-reuse", "", migrate.AsAssumed, false, false, "free at once"},
	{"name-reuse", "name-held=30s", migrate.Harmless, false, false, "30s"},
	{"name-reuse", "name-held=5m", migrate.Dangerous, false, false, "still refused"},
	{"clock", "", migrate.AsAssumed, false, false, "agree"},
	{"clock", "clock-skew=90s", migrate.Harmless, false, false, "ahead"},
	{"clock", "clock-skew=-90s", migrate.Dangerous, true, false, "behind"},
	{"clock", "clock-skew=-20s", migrate.Dangerous, false, false, "behind"},
	{"list-lag", "", migrate.AsAssumed, false, false, "message 0s"},
	{"list-lag", "list-lags=5s", migrate.Harmless, false, true, "message 5"},
	{"list-lag", "list-lags=3s", migrate.Harmless, false, false, "message 3"},
	{"list-lag", "list-lags=30s", migrate.Dangerous, false, true, "message 3"},
	{"list-lag", "list-lags=10m", migrate.Dangerous, true, false, "does not show"},
	{"text", "", migrate.AsAssumed, false, false, "bodies"},
	{"text", "text=trim", migrate.Dangerous, true, false, "space at its ends"},
	{"text", "text=nfc", migrate.Dangerous, true, false, "decomposed"},
	{"text", "text=crlf", migrate.Dangerous, true, false, "CR"},
	{"attributes", "", migrate.AsAssumed, false, false, "byte for byte"},
	{"attributes", "text=reformat", migrate.Harmless, false, false, "the writing differs"},
	{"attributes", "text=doubles", migrate.Dangerous, true, false, "big"},
	{"attributes", "refuse=escapes", migrate.Harmless, false, false, "refused"},
	{"blank-body", "", migrate.AsAssumed, false, false, "accepted"},
	{"blank-body", "refuse=blank", migrate.Harmless, false, false, "50503"},
	{"empty-body", "", migrate.AsAssumed, false, false, "refused"},
	{"empty-body", "accept=empty", migrate.Harmless, false, false, "accepted: an empty Body"},
	{"lengths", "", migrate.AsAssumed, false, false, "an identity"},
	{"lengths", "body-max=1600", migrate.Dangerous, false, false, "a body of more than about 1"},
	{"lengths", "lengths=message-attributes:1000", migrate.Dangerous, false, false, "attributes of a message"},
	{"lengths", "lengths=conversation-attributes:4096", migrate.Dangerous, false, false, "attributes of a conversation"},
	{"lengths", "lengths=name:64", migrate.Dangerous, false, false, "more than about 64 characters"},
	{"lengths", "lengths=identity:64", migrate.Dangerous, false, false, "an identity"},
	{"dates", "", migrate.AsAssumed, false, false, "a message"},
	{"dates", "replace=date-created", migrate.Dangerous, true, false, "a message sent with"},
	{"author", "", migrate.AsAssumed, false, false, "none of them a participant"},
	{"author", "replace=author", migrate.Dangerous, true, false, "system"},
	{"date-updated", "", migrate.AsAssumed, false, false, "null"},
	{"date-updated", "replace=date-updated", migrate.Dangerous, false, false, "sent as"},
	{"date-updated", "date-updated=as-created", migrate.Harmless, false, false, "date_created"},
	{"date-updated", "date-updated=unmoved", migrate.Dangerous, false, false, "attributes alone"},
	{"participant-sid", "", migrate.AsAssumed, false, false, "theirs after"},
	{"participant-sid", "participant-sid=never", migrate.Harmless, false, false, "null even after"},
	{"participant-sid", "participant-sid=later", migrate.Harmless, false, false, "from before the author joined"},
	{"media-twice", "", migrate.AsAssumed, false, false, "50508"},
	{"media-twice", "media=twice", migrate.Harmless, false, false, "accepted"},
	{"media-late", "", migrate.AsAssumed, false, false, "50507"},
	{"media-late", "media=stays", migrate.Harmless, false, false, "still there"},
	{"horizon-beyond", "", migrate.AsAssumed, false, false, "kept"},
	{"horizon-beyond", "horizon=refused", migrate.Harmless, false, false, "50421"},
	{"horizon-beyond", "horizon=clamped", migrate.Harmless, false, false, "becomes"},
	{"horizon-null", "", migrate.AsAssumed, false, false, "null again"},
	{"horizon-null", "horizon=null-refused", migrate.Harmless, false, false, "refused"},
	{"horizon-null", "horizon=null-ignored", migrate.Harmless, false, false, "stays"},
	{"mutation-id", "", migrate.AsAssumed, false, false, "2 messages"},
	{"mutation-id", "mutation-id=honoured", migrate.Harmless, false, false, "202"},
	{"role-names", "", migrate.AsAssumed, false, false, "both"},
	{"role-names", "refuse=second-role", migrate.Harmless, false, false, "refused"},
	{"rejoin", "", migrate.AsAssumed, false, false, "again"},
	{"rejoin", "rejoin=404", migrate.Harmless, false, false, "404"},
	{"index-gaps", "index-gaps=0.3", migrate.AsAssumed, false, false, "gaps"},
	{"index-gaps", "index-gaps=0", migrate.Harmless, false, false, "no number was skipped"},
	{"write-times", "", migrate.AsAssumed, false, false, "messages 0.000 s"},
	{"write-times", "write-takes=services:2s+users:400ms+conversations:600ms+participants:300ms+messages:150ms", migrate.Harmless, false, false, "messages 0.150 s"},
	{"chat-answers", "target-chat=shown", migrate.AsAssumed, false, false, "v2: HTTP 200"},
	{"chat-answers", "target-chat=forbidden", migrate.Harmless, false, false, "50050"},
	{"chat-answers", "target-chat=gone", migrate.Harmless, false, false, "410"},
	{"chat-list-attributes", "target-chat=shown", migrate.AsAssumed, false, false, "null"},
	{"chat-list-attributes", "target-chat=shown,chat=attributes", migrate.Harmless, false, false, "show them"},
	{"chat-counters", "target-chat=shown", migrate.AsAssumed, false, false, "3 with one of 4"},
	{"chat-counters", "target-chat=shown,chat=counts-deleted", migrate.Harmless, false, false, "4 with one of 4"},
	{"chat-media-body", "target-chat=shown", migrate.AsAssumed, false, false, "nobody wrote"},
	{"chat-media-body", "target-chat=shown,chat=no-compatibility", migrate.Harmless, false, false, "the body is"},
	{"chat-page-size", "target-chat=shown", migrate.AsAssumed, false, false, "refused"},
	{"chat-page-size", "target-chat=shown,page-size=clamped", migrate.Harmless, false, false, "clamped"},
	{"chat-page-size", "target-chat=shown,page-size=small", migrate.Dangerous, false, false, "refused"},
	{"chat-token-age", "target-chat=shown", migrate.AsAssumed, false, false, "good after 10m"},
	{"chat-token-age", "target-chat=shown,token-lasts=9m", migrate.Harmless, false, false, "refused after 10m"},
	{"chat-token-deletion", "target-chat=shown", migrate.AsAssumed, false, false, "good"},
	{"chat-token-deletion", "target-chat=shown,token=breaks", migrate.Harmless, false, false, "21481"},
	{"chat-type", "target-chat=shown", migrate.AsAssumed, false, false, "none of"},
	{"chat-type", "target-chat=shown,chat=all-types", migrate.Harmless, false, false, "without Type"},
}

func TestOutcomes(t *testing.T) {
	tried := map[string]bool{}
	for _, o := range outcomes {
		tried[o.experiment] = true
		name := o.unkind
		if name == "" {
			name = "kind"
		}
		t.Run(o.experiment+" in an account that is "+name, func(t *testing.T) {
			var u emulator.Unkind
			if o.unkind != "" {
				var err error
				if u, err = emulator.ParseUnkind(o.unkind); err != nil {
					t.Skip("this emulator plays no such account: ", err)
				}
			}
			inBubble(t, func(t *testing.T) {
				s := newStage(t, emulator.Config{Unkind: u})
				began := time.Now()
				got, left, err := s.run(t, func(r *rehearse.Rehearser) { r.Only = []string{o.experiment} })
				require.NoError(t, err)
				require.NoError(t, left)
				require.Less(t, time.Since(began), long)
				require.Len(t, got.Experiments, 1)
				e := got.Experiments[0]
				require.Equal(t, o.want, e.Verdict, "%s: %s", e.Seen, e.Follows)
				require.Contains(t, e.Seen, o.seen)
				require.Equal(t, o.stops, e.Stops != "", e.Stops)
				require.Equal(t, o.stops, !got.Sound)
				require.Equal(t, o.settle, got.Settle() > migrate.DefaultSettle, "%s", got.Settle())
				if o.want != migrate.AsAssumed || o.settle {
					require.NotEmpty(t, e.Follows, "what differs says what follows")
				}
				require.True(t, got.Removed)
				require.Empty(t, s.services(t))
				require.Empty(t, s.outside(got.ServiceSID))
			})
		})
	}
	t.Run("every experiment is tried in an account that answers as assumed, and in one that does not", func(t *testing.T) {
		for _, name := range rehearse.Names() {
			require.True(t, tried[name], name)
			both := map[bool]bool{}
			for _, o := range outcomes {
				if o.experiment == name {
					both[o.want == migrate.AsAssumed] = true
				}
			}
			require.Len(t, both, 2, name)
		}
	})
}
