package ledgertest

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"chatbridge/migrate"
)

type entityKey struct {
	kind migrate.EntityKind
	sid  string
}

type failureKey struct{ sid, kind string }

// model is the plainest ledger there is.
type model struct {
	services map[string]migrate.ServiceRecord
	entities map[entityKey]migrate.EntityRecord
	original map[entityKey]migrate.Original
	attempts map[entityKey]migrate.Attempt
	channels map[string]migrate.ChannelRecord
	messages map[string]map[int64]migrate.MessageRecord
	doubts   map[string]map[int64]migrate.DoubtRecord
	files    map[string]map[int64]migrate.FileRecord
	failures map[failureKey]migrate.Failure
	runs     map[string]migrate.RunRecord
	last     string // ID of the run whose first put came last
}

func newModel() *model {
	m := &model{
		services: map[string]migrate.ServiceRecord{},
		entities: map[entityKey]migrate.EntityRecord{},
		original: map[entityKey]migrate.Original{},
		attempts: map[entityKey]migrate.Attempt{},
		channels: map[string]migrate.ChannelRecord{},
		messages: map[string]map[int64]migrate.MessageRecord{},
		doubts:   map[string]map[int64]migrate.DoubtRecord{},
		files:    map[string]map[int64]migrate.FileRecord{},
		failures: map[failureKey]migrate.Failure{},
		runs:     map[string]migrate.RunRecord{},
	}
	for _, c := range sids("CH") {
		m.messages[c], m.doubts[c] = map[int64]migrate.MessageRecord{}, map[int64]migrate.DoubtRecord{}
		m.files[c] = map[int64]migrate.FileRecord{}
	}
	return m
}

func sids(prefix string) []string {
	return []string{sid(prefix, 1), sid(prefix, 0xab), prefix + "0123456789ABCDEF0123456789ABCDEF", prefix + "x", "other", ""}
}

var kinds = []migrate.EntityKind{migrate.RoleEntity, migrate.UserEntity, migrate.MemberEntity, migrate.UserChannelEntity}

func testModel(t *testing.T, create New) {
	t.Run("any sequence of calls answers as a plain model does", func(t *testing.T) {
		rapid.Check(t, func(rt *rapid.T) {
			store := create(t)
			l := store.open(t)
			defer func() { require.NoError(rt, l.Close()) }()
			m := newModel()
			actions := m.puts(&l)
			actions["reopen"] = func(rt *rapid.T) {
				require.NoError(rt, l.Close())
				l = store.open(t)
			}
			actions["compare"] = func(rt *rapid.T) { m.compare(rt, l) }
			rt.Repeat(actions)
			m.compare(rt, l)
		})
	})
}

// puts are the calls that change a ledger, done to both.
func (m *model) puts(l *migrate.Ledger) map[string]func(*rapid.T) {
	return map[string]func(*rapid.T){
		"put service": func(t *rapid.T) {
			r := migrate.ServiceRecord{
				SourceSID: pick(t, sids("IS")), TargetSID: pick(t, sids("IS")), FriendlyName: rapid.String().Draw(t, "name"),
				Stage: pick(t, []migrate.Stage{migrate.Planned, migrate.Open, migrate.Done}), Before: pick(t, [][]string{nil, {}, sids("IS")}),
				Created: rapid.Bool().Draw(t, "created"), Adopted: rapid.Bool().Draw(t, "adopted"), Saved: pick(t, [][]byte{nil, []byte("{}")}),
			}
			require.NoError(t, (*l).PutService(t.Context(), r))
			m.services[r.SourceSID] = r
		},
		"put entity": func(t *rapid.T) {
			r := migrate.EntityRecord{
				Kind: pick(t, kinds), SourceSID: pick(t, sids("MB")), TargetSID: pick(t, sids("US")), ParentSID: pick(t, sids("CH")),
				Existing: rapid.Bool().Draw(t, "existing"), Horizon: rapid.Ptr(rapid.Int64(), true).Draw(t, "horizon"),
				DateUpdated: pick(t, []time.Time{{}, noon}), Digest: rapid.Int64().Draw(t, "digest"), Kept: rapid.Bool().Draw(t, "kept"),
			}
			require.NoError(t, (*l).PutEntity(t.Context(), r))
			m.entities[entityKey{r.Kind, r.SourceSID}] = r
		},
		"forget entity": func(t *rapid.T) {
			kind, s := pick(t, kinds), pick(t, sids("MB"))
			require.NoError(t, (*l).ForgetEntity(t.Context(), kind, s))
			delete(m.entities, entityKey{kind, s})
		},
		"put original": func(t *rapid.T) {
			o := migrate.Original{
				Kind: pick(t, kinds), TargetSID: pick(t, sids("US")), ParentSID: pick(t, sids("IS")),
				Before: []byte(pick(t, []string{"{}", `{"friendly_name":"é"}`})), Wrote: rapid.Int64().Draw(t, "wrote"),
			}
			require.NoError(t, (*l).PutOriginal(t.Context(), o))
			m.original[entityKey{o.Kind, o.TargetSID}] = o
		},
		"forget original": func(t *rapid.T) {
			kind, s := pick(t, kinds), pick(t, sids("US"))
			require.NoError(t, (*l).ForgetOriginal(t.Context(), kind, s))
			delete(m.original, entityKey{kind, s})
		},
		"put attempt": func(t *rapid.T) {
			a := migrate.Attempt{
				Kind: pick(t, kinds), SourceSID: pick(t, sids("RL")), ParentSID: pick(t, sids("IS")), Before: pick(t, [][]string{nil, {}, sids("RL")}),
				Sent: rapid.Int64().Draw(t, "sent"), Unanswered: rapid.IntRange(0, 9).Draw(t, "unanswered"),
			}
			require.NoError(t, (*l).PutAttempt(t.Context(), a))
			m.attempts[entityKey{a.Kind, a.SourceSID}] = a
		},
		"forget attempt": func(t *rapid.T) {
			kind, s := pick(t, kinds), pick(t, sids("RL"))
			require.NoError(t, (*l).ForgetAttempt(t.Context(), kind, s))
			delete(m.attempts, entityKey{kind, s})
		},
		"forget service": func(t *rapid.T) {
			s := pick(t, sids("IS"))
			require.NoError(t, (*l).ForgetService(t.Context(), s))
			delete(m.services, s)
		},
		"put channel": func(t *rapid.T) {
			r := migrate.ChannelRecord{
				SourceSID: pick(t, sids("CH")), TargetSID: pick(t, sids("CH")), ServiceSID: pick(t, sids("IS")), FriendlyName: rapid.String().Draw(t, "name"),
				Stage: pick(t, []migrate.Stage{migrate.Planned, migrate.Copied, migrate.Done}), Adopted: rapid.Bool().Draw(t, "adopted"),
				MembersCount: rapid.Int64().Draw(t, "members"), Messages: rapid.Int64().Draw(t, "messages"), DateUpdated: pick(t, []time.Time{{}, noon}), Digest: rapid.Int64().Draw(t, "digest"), BornAt: pick(t, []time.Time{{}, noon}), Alone: rapid.Bool().Draw(t, "alone"), Writing: rapid.Bool().Draw(t, "writing"),
				Page: migrate.Page{Address: rapid.String().Draw(t, "page"), SID: pick(t, sids("IM")), Index: rapid.Int64().Draw(t, "place")},
			}
			err := (*l).PutChannel(t.Context(), r)
			if other, taken := m.holder(r); taken {
				require.Equal(t, migrate.TargetTaken(r.SourceSID, r.TargetSID, other), err)
				return
			}
			require.NoError(t, err)
			m.channels[r.SourceSID] = r
		},
		"put message": func(t *rapid.T) {
			channel := pick(t, sids("CH"))
			r := migrate.MessageRecord{SourceIndex: index(t), TargetIndex: rapid.Int64().Draw(t, "target"), SourceSID: pick(t, sids("IM")), TargetSID: pick(t, sids("IM")), Others: rapid.Bool().Draw(t, "others"), Gone: rapid.Bool().Draw(t, "gone")}
			require.NoError(t, (*l).PutMessage(t.Context(), channel, r))
			m.messages[channel][r.SourceIndex] = r
		},
		"forget messages": func(t *rapid.T) {
			channel, after := pick(t, sids("CH")), index(t)
			require.NoError(t, (*l).ForgetMessages(t.Context(), channel, after))
			maps.DeleteFunc(m.messages[channel], func(i int64, _ migrate.MessageRecord) bool { return i > after })
		},
		"doubt": func(t *rapid.T) {
			channel := pick(t, sids("CH"))
			d := migrate.DoubtRecord{SourceIndex: index(t), After: rapid.Int64().Draw(t, "after"), Sends: rapid.IntRange(0, 9).Draw(t, "sends"), At: pick(t, []time.Time{{}, noon})}
			require.NoError(t, (*l).PutDoubt(t.Context(), channel, d))
			m.doubts[channel][d.SourceIndex] = d
		},
		"forget doubt": func(t *rapid.T) {
			channel, i := pick(t, sids("CH")), index(t)
			require.NoError(t, (*l).ForgetDoubt(t.Context(), channel, i))
			delete(m.doubts[channel], i)
		},
		"file": func(t *rapid.T) {
			channel := pick(t, sids("CH"))
			f := migrate.FileRecord{SourceIndex: index(t), SourceSID: pick(t, sids("ME")), TargetSID: pick(t, sids("ME")), Size: rapid.Int64().Draw(t, "size")}
			require.NoError(t, (*l).PutFile(t.Context(), channel, f))
			m.files[channel][f.SourceIndex] = f
		},
		"forget file": func(t *rapid.T) {
			channel, i := pick(t, sids("CH")), index(t)
			require.NoError(t, (*l).ForgetFile(t.Context(), channel, i))
			delete(m.files[channel], i)
		},
		"put failure": func(t *rapid.T) {
			f := migrate.Failure{Kind: pick(t, []string{"", "user", "channel"}), SourceSID: pick(t, sids("CH")), Reason: rapid.String().Draw(t, "reason"), At: noon}
			require.NoError(t, (*l).PutFailure(t.Context(), f))
			m.failures[failureKey{f.SourceSID, f.Kind}] = f
		},
		"clear failures": func(t *rapid.T) {
			s := pick(t, sids("CH"))
			require.NoError(t, (*l).ClearFailures(t.Context(), s))
			maps.DeleteFunc(m.failures, func(k failureKey, _ migrate.Failure) bool { return k.sid == s })
		},
		"put run": func(t *rapid.T) {
			hour := rapid.IntRange(0, 4).Draw(t, "hour")
			r := migrate.RunRecord{ID: fmt.Sprint(hour), PID: rapid.Int().Draw(t, "pid"), StartedAt: noon.Add(time.Duration(hour) * time.Hour), Status: "running"}
			require.NoError(t, (*l).PutRun(t.Context(), r))
			if _, known := m.runs[r.ID]; !known {
				m.last = r.ID
			}
			m.runs[r.ID] = r
		},
		"sync": func(t *rapid.T) { require.NoError(t, (*l).Sync(t.Context())) },
	}
}

// holder is the channel that has the target of r already.
func (m *model) holder(r migrate.ChannelRecord) (string, bool) {
	for _, c := range m.channels {
		if r.TargetSID != "" && c.TargetSID == r.TargetSID && c.SourceSID != r.SourceSID {
			return c.SourceSID, true
		}
	}
	return "", false
}

func pick[T any](t *rapid.T, from []T) T { return rapid.SampledFrom(from).Draw(t, "pick") }

func index(t *rapid.T) int64 { return rapid.Int64Range(-2, 12).Draw(t, "index") }

// compare requires that every read of l answers as the model does.
func (m *model) compare(t *rapid.T, l migrate.Ledger) {
	services, err := l.Services(t.Context())
	require.NoError(t, err)
	require.ElementsMatch(t, slices.Collect(maps.Values(m.services)), services)
	for _, s := range sids("IS") {
		requireFound(t, m.services, s)(l.Service(t.Context(), s))
		channels := slices.DeleteFunc(slices.Collect(maps.Values(m.channels)), func(c migrate.ChannelRecord) bool { return c.ServiceSID != s })
		slices.SortFunc(channels, func(a, b migrate.ChannelRecord) int { return cmp.Compare(a.SourceSID, b.SourceSID) })
		got := collect(t, l.Channels(t.Context(), s))
		require.Len(t, got, len(channels))
		for i := range channels {
			require.Equal(t, channels[i], got[i])
		}
	}
	for _, s := range sids("IS") {
		originals := slices.DeleteFunc(slices.Collect(maps.Values(m.original)), func(o migrate.Original) bool { return o.ParentSID != s })
		require.ElementsMatch(t, originals, collect(t, l.Originals(t.Context(), s)))
		attempts := slices.DeleteFunc(slices.Collect(maps.Values(m.attempts)), func(a migrate.Attempt) bool { return a.ParentSID != s })
		require.ElementsMatch(t, attempts, collect(t, l.Attempts(t.Context(), s)))
	}
	for _, kind := range kinds {
		for _, s := range sids("US") {
			requireFound(t, m.original, entityKey{kind, s})(l.Original(t.Context(), kind, s))
		}
		for _, s := range sids("RL") {
			requireFound(t, m.attempts, entityKey{kind, s})(l.Attempt(t.Context(), kind, s))
		}
		for _, s := range sids("MB") {
			requireFound(t, m.entities, entityKey{kind, s})(l.Entity(t.Context(), kind, s))
		}
		for _, parent := range sids("CH") {
			entities := slices.DeleteFunc(slices.Collect(maps.Values(m.entities)), func(e migrate.EntityRecord) bool { return e.Kind != kind || e.ParentSID != parent })
			require.ElementsMatch(t, entities, collect(t, l.Entities(t.Context(), kind, parent)))
		}
	}
	for _, c := range sids("CH") {
		requireFound(t, m.channels, c)(l.Channel(t.Context(), c))
		m.compareMessages(t, l, c)
	}
	require.ElementsMatch(t, slices.Collect(maps.Values(m.failures)), collect(t, l.Failures(t.Context())))
	requireFound(t, m.runs, m.last)(l.LastRun(t.Context()))
}

func (m *model) compareMessages(t *rapid.T, l migrate.Ledger, channel string) {
	messages := m.messages[channel]
	indexes := slices.Sorted(maps.Keys(messages))
	after := index(t)
	var want []migrate.MessageRecord
	for _, i := range indexes {
		if i > after {
			want = append(want, messages[i])
		}
	}
	require.Equal(t, want, collect(t, l.Messages(t.Context(), channel, after)))
	count, err := l.CountMessages(t.Context(), channel)
	require.NoError(t, err)
	require.EqualValues(t, len(messages), count)
	newest, below := int64(99), int64(99)
	for _, i := range indexes {
		newest = i
		if i <= after {
			below = i
		}
	}
	requireFound(t, messages, newest)(l.Newest(t.Context(), channel))
	requireFound(t, messages, below)(l.AtOrBelow(t.Context(), channel, after))
	doubts, err := l.Doubts(t.Context(), channel)
	require.NoError(t, err)
	require.Len(t, doubts, len(m.doubts[channel]))
	for i, at := range slices.Sorted(maps.Keys(m.doubts[channel])) {
		require.Equal(t, m.doubts[channel][at], doubts[i])
	}
	requireFound(t, m.files[channel], after)(l.File(t.Context(), channel, after))
	files := collect(t, l.Files(t.Context(), channel))
	require.Len(t, files, len(m.files[channel]))
	for i, at := range slices.Sorted(maps.Keys(m.files[channel])) {
		require.Equal(t, m.files[channel][at], files[i])
	}
}

// requireFound checks a lookup of key against the model's map.
func requireFound[K comparable, R any](t *rapid.T, records map[K]R, key K) func(R, bool, error) {
	return func(got R, ok bool, err error) {
		require.NoError(t, err)
		want, there := records[key]
		require.Equal(t, there, ok)
		require.Equal(t, want, got)
	}
}
