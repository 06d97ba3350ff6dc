package replay_test

import (
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping"
	"chatbridge/migrate"
	"chatbridge/migrate/archive"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/internal/rig"
	"chatbridge/migrate/sqlite"
	"chatbridge/migrate/transport"
	"chatbridge/migrate/verify"
)

// adds reports whether somebody is added to a conversation.
func (x exchange) adds(identity string) bool {
	return x.Write() && len(x.Path) == 6 && x.Path[5] == "Participants" && x.Form.Get("Identity") == identity
}

// present are those who are in the conversations, but for claims.
func present(r *rig.Rig) (all []string) {
	for _, c := range r.Emulator.Truth().Conversations {
		for _, p := range c.Participants {
			if p.Gone == "" {
				all = append(all, p.Identity)
			}
		}
	}
	return all
}

// removes takes somebody out of the conversation, as a person may.
func removes(t *testing.T, r *rig.Rig, identity string) {
	for _, c := range r.Emulator.Truth().Conversations {
		for _, p := range c.Participants {
			if p.Identity != identity || p.Gone != "" {
				continue
			}
			deleted(t, r, c.ServiceSID, c.SID, "Participants", p.SID)
		}
	}
}

func deleted(t *testing.T, r *rig.Rig, service, conversation, list, sid string) {
	req := httptest.NewRequest(http.MethodDelete, "/v1/Services/"+service+"/Conversations/"+conversation+"/"+list+"/"+sid, nil)
	req.SetBasicAuth(emulator.DefaultAccountSID, emulator.DefaultAuthToken)
	w := httptest.NewRecorder()
	r.Emulator.Conversations().ServeHTTP(w, req)
	require.Equal(t, http.StatusNoContent, w.Code, w.Body)
}

// compares has verify look at both sides, and at the ledger.
func compares(t *testing.T, r *rig.Rig) (verify.Verification, []verify.Difference) {
	t.Helper()
	l, err := sqlite.OpenReader(t.Context(), r.Ledger)
	require.NoError(t, err)
	defer func() { require.NoError(t, l.Close()) }()
	var all []verify.Difference
	v := verify.Verifier{
		Source: migrate.Counted(r.Source(&transport.Counter{})), Target: r.Target(&transport.Counter{}), Ledger: l, Observer: r.Events, Settings: r.Settings,
	}
	got, err := v.Run(t.Context(), func(d verify.Difference) { all = append(all, d) })
	require.NoError(t, err)
	return got, all
}

func TestMembersWhomTheTargetRefuses(t *testing.T) {
	one, other := rig.IdentityOf(0), rig.IdentityOf(1)
	for name, c := range map[string]struct {
		code   int
		policy mapping.Policy
		stops  bool
	}{
		"a full conversation":                       {migrate.CodeParticipantLimit, nil, true},
		"a full conversation, left out":             {migrate.CodeParticipantLimit, mapping.Policy{mapping.MemberRefused: "skip"}, false},
		"a full conversation, tried":                {migrate.CodeParticipantLimit, mapping.Policy{mapping.MembersOverLimit: "try"}, false},
		"somebody in too many":                      {migrate.CodeConversationLimit, nil, true},
		"somebody in too many, left out":            {migrate.CodeConversationLimit, mapping.Policy{mapping.MemberRefused: "skip"}, false},
		"somebody in too many, where room is tried": {migrate.CodeConversationLimit, mapping.Policy{mapping.MembersOverLimit: "try"}, true},
		"for a reason that nobody knows":            {50999, nil, true},
		"for a reason that nobody knows, left out":  {50999, mapping.Policy{mapping.MemberRefused: "skip"}, false},
		"because the conversation takes nobody":     {migrate.CodeConversationClosed, mapping.Policy{mapping.MemberRefused: "skip"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r, m := between(t, emulator.Config{Archive: oneChannel("one", "two", "three").Archive()})
				r.Settings.Mapper.Policy = c.policy
				m.do(func(x exchange) bool {
					if !x.adds(other) {
						return false
					}
					emulator.Refusal(http.StatusForbidden, c.code, "no").WriteTo(x.w)
					return true
				})
				if c.stops {
					s := pass(t, r, migrate.Partial)
					if c.code == migrate.CodeConversationClosed {
						require.Zero(t, times(s, mapping.MemberRefused))
					} else {
						require.EqualValues(t, 1, times(s, mapping.MemberRefused))
						require.Contains(t, reasons(s), "member-refused")
					}
					require.Empty(t, bodies(t, r))
					m.rest()
					pass(t, r, migrate.Complete)
					require.Equal(t, []string{"one", "two", "three"}, bodies(t, r))
					require.ElementsMatch(t, []string{one, other}, present(r))
					return
				}
				s := pass(t, r, migrate.Complete)
				require.Equal(t, []string{"one", "two", "three"}, bodies(t, r))
				require.Equal(t, []string{one}, present(r))
				require.EqualValues(t, 1, times(s, mapping.MemberRefused))
				require.EqualValues(t, 1, s.Counts[migrate.KindMembers].LeftOut)
				v, differences := compares(t, r)
				require.True(t, v.Equal, "%+v", differences)
				require.EqualValues(t, 1, v.Counts[migrate.KindMembers].LeftOut)

				// Another policy does not agree to it.
				r.Settings.Mapper.Policy = nil
				v, differences = compares(t, r)
				require.False(t, v.Equal)
				require.Len(t, differences, 1)
				require.Equal(t, []any{verify.Missing, migrate.KindMembers}, []any{differences[0].Class, differences[0].Kind})
				r.Settings.Mapper.Policy = c.policy

				// They are tried again, and come when there is room.
				s = pass(t, r, migrate.Complete)
				require.EqualValues(t, 1, s.Counts[migrate.KindMembers].LeftOut)
				m.rest()
				s = pass(t, r, migrate.Complete)
				require.Zero(t, s.Counts[migrate.KindMembers].LeftOut)
				require.ElementsMatch(t, []string{one, other}, present(r))
				v, differences = compares(t, r)
				require.True(t, v.Equal, "%+v", differences)

				// Who was in, and is not any more, was removed by somebody.
				removes(t, r, other)
				_, differences = compares(t, r)
				require.True(t, slices.ContainsFunc(differences, func(d verify.Difference) bool {
					return d.Class == verify.Missing && d.Kind == migrate.KindMembers
				}), "%+v", differences)
			})
		})
	}
	t.Run("and who is in already is not refused", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r, m := between(t, emulator.Config{Archive: oneChannel("one").Archive()})
			pass(t, r, migrate.Complete)
			r.Ledger += ".lost"
			m.do(func(x exchange) bool {
				if !x.adds(other) {
					return false
				}
				emulator.Refusal(http.StatusForbidden, migrate.CodeParticipantLimit, "full, whoever it is").WriteTo(x.w)
				return true
			})
			s := pass(t, r, migrate.Complete)
			require.Zero(t, times(s, mapping.MemberRefused))
			require.EqualValues(t, 2, s.Counts[migrate.KindMembers].Existing)
		})
	})
	t.Run("one of a row for a reason that nobody knows is not about them", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			crowd := rig.Scenario{Users: 20, Channels: []rig.ChannelPlan{{Messages: []rig.MsgPlan{{Body: "one"}}}}}
			for i := range 20 {
				crowd.Channels[0].Members, crowd.Channels[0].Read = append(crowd.Channels[0].Members, i), append(crowd.Channels[0].Read, -1)
			}
			r, m := between(t, emulator.Config{Archive: crowd.Archive()})
			r.Settings.Mapper.Policy = mapping.Policy{mapping.MemberRefused: "skip"}
			m.do(func(x exchange) bool {
				if x.Write() && len(x.Path) == 6 && x.Path[5] == "Participants" {
					emulator.Refusal(http.StatusBadRequest, 50999, "odd").WriteTo(x.w)
					return true
				}
				return false
			})
			s := pass(t, r, migrate.Partial)
			require.Contains(t, reasons(s), "members in a row")
			require.Empty(t, bodies(t, r))
		})
	})
}

// What a policy left out because the target refused it is no difference, but what arrived
// and was deleted is one.
func TestMessagesThatWereLeftOutAreNoDifference(t *testing.T) {
	for name, policy := range map[string]mapping.Policy{
		"any refusal":       {mapping.MessageRefused: "skip"},
		"a case of its own": {mapping.BodyTooLong: "skip"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r, m := between(t, emulator.Config{Archive: oneChannel("one", "two", "three").Archive()})
				r.Settings.Mapper.Policy = policy
				code := 50999
				if policy[mapping.BodyTooLong] != "" {
					code = migrate.CodeBodyTooLong
				}
				m.do(func(x exchange) bool {
					if x.appends("two") {
						emulator.Refusal(http.StatusBadRequest, code, "no").WriteTo(x.w)
					}
					return x.appends("two")
				})
				pass(t, r, migrate.Complete)
				m.rest()
				v, differences := compares(t, r)
				require.True(t, v.Equal, "%+v", differences)
				require.EqualValues(t, 1, v.Counts[migrate.KindMessages].LeftOut)
				require.EqualValues(t, 2, v.Counts[migrate.KindMessages].Existing)
				r.Settings.Mapper.Policy = nil
				v, differences = compares(t, r)
				require.False(t, v.Equal)
				require.Len(t, differences, 1)
			})
		})
	}
}

func TestWhatStoodInPlaceOfAMessageAndIsGoneIsADifference(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, m := between(t, emulator.Config{Archive: oneChannel("one", "two", "three").Archive()})
		r.Settings.Mapper.Policy = mapping.Policy{mapping.MessageRefused: "placeholder"}
		m.do(func(x exchange) bool {
			if x.appends("two") {
				emulator.Refusal(http.StatusBadRequest, 50999, "no").WriteTo(x.w)
			}
			return x.appends("two")
		})
		pass(t, r, migrate.Complete)
		m.rest()
		c := r.Emulator.Truth().Conversations[0]
		require.NotEqual(t, "two", c.Messages[1].Body)
		deleted(t, r, c.ServiceSID, c.SID, "Messages", c.Messages[1].SID)
		r.Settings.Mapper.Policy = mapping.Policy{mapping.MessageRefused: "skip"}
		_, differences := compares(t, r)
		require.True(t, slices.ContainsFunc(differences, func(d verify.Difference) bool {
			return d.Class == verify.Missing && d.Kind == migrate.KindMessages
		}), "%+v", differences)
	})
}

// The counters of Chat may be too low: a limit is raised when somebody meets it.
func TestLimitsThatCountersDoNotShow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const n = migrate.DefaultChannelMembers + 20
		crowd := rig.Scenario{Users: n, Channels: []rig.ChannelPlan{{Messages: []rig.MsgPlan{{Body: "one"}}}}}
		for i := range n {
			crowd.Channels[0].Members, crowd.Channels[0].Read = append(crowd.Channels[0].Members, i), append(crowd.Channels[0].Read, -1)
		}
		low := rig.WithFile(t, crowd.Archive(), archive.ChannelsPath(rig.ScenarioService), func(s string) string {
			is := fmt.Sprintf(`"members_count":%d`, n)
			require.Contains(t, s, is)
			return strings.ReplaceAll(s, is, `"members_count":3`)
		})
		r := rig.NewRig(t, emulator.Config{Archive: low})
		a := r.Audit(t, nil)
		require.Zero(t, rig.TimesFound(a.Findings)[mapping.MemberRefused])
		pass(t, r, migrate.Complete)
		require.Len(t, present(r), n)
	})
}

// People who came in the target take room as well.
func TestLimitsThatOthersReach(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, m := between(t, emulator.Config{Archive: oneChannel("one").Archive()})
		full := true
		m.do(func(x exchange) bool {
			switch {
			case x.Host == emulator.ConversationsHost && x.adds(rig.IdentityOf(1)) && full:
				full = false
				x.aside(func() {
					for i := range migrate.DefaultChannelMembers {
						stranger := url.Values{"Identity": {fmt.Sprint("stranger", i)}}
						req := httptest.NewRequest(http.MethodPost, x.r.URL.Path, strings.NewReader(stranger.Encode()))
						req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
						req.SetBasicAuth(emulator.DefaultAccountSID, emulator.DefaultAuthToken)
						r.Emulator.Conversations().ServeHTTP(httptest.NewRecorder(), req)
					}
				})
			}
			return false
		})
		pass(t, r, migrate.Complete)
		require.Contains(t, present(r), rig.IdentityOf(1))
		require.Greater(t, len(present(r)), migrate.DefaultChannelMembers)
	})
}

// What the audit says about room is what a migration meets, whatever the counters say.
func TestAuditKnowsWhoFindsNoRoom(t *testing.T) {
	severities := func(all []migrate.FindingCount) map[mapping.Severity]int64 {
		n := map[mapping.Severity]int64{}
		for _, f := range all {
			if f.Code == mapping.MemberRefused {
				n[f.Severity] += f.Count
			}
		}
		return n
	}
	for name, c := range map[string]struct {
		scenario func() rig.Scenario
		file     string
		counter  string
	}{
		"in too many conversations": {func() rig.Scenario {
			s := rig.Scenario{Users: 2, Concurrency: 64}
			for range migrate.MaxLimit + 3 {
				s.Channels = append(s.Channels, rig.ChannelPlan{Members: []int{0}, Read: []int{-1}})
			}
			return s
		}, archive.UsersPath(rig.ScenarioService), `"joined_channels_count":1003`},
		"in a full one": {func() rig.Scenario {
			s := rig.Scenario{Users: migrate.MaxLimit + 3, Channels: make([]rig.ChannelPlan, 1)}
			for i := range s.Users {
				s.Channels[0].Members, s.Channels[0].Read = append(s.Channels[0].Members, i), append(s.Channels[0].Read, -1)
			}
			return s
		}, archive.ChannelsPath(rig.ScenarioService), `"members_count":1003`},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				in := rig.WithFile(t, c.scenario().Archive(), c.file, func(s string) string {
					require.Contains(t, s, c.counter)
					return strings.ReplaceAll(s, c.counter, c.counter[:strings.Index(c.counter, ":")]+":7")
				})
				r := rig.NewRig(t, emulator.Config{Archive: in})
				r.Settings.APS, r.Settings.Concurrency, r.Settings.CopyAlways = 0, 64, "a test"
				require.Equal(t, map[mapping.Severity]int64{mapping.Stop: 3}, severities(r.Audit(t, nil).Findings))
				r.Settings.Mapper.Policy = mapping.Policy{mapping.MemberRefused: "skip"}
				require.Equal(t, map[mapping.Severity]int64{mapping.Skip: 3}, severities(r.Audit(t, nil).Findings))
				s := pass(t, r, migrate.Complete)
				require.Equal(t, map[mapping.Severity]int64{mapping.Skip: 3}, severities(s.ThisRun))
				require.EqualValues(t, 3, s.Counts[migrate.KindMembers].LeftOut)
				require.Len(t, present(r), migrate.MaxLimit)
				v, differences := compares(t, r)
				require.True(t, v.Equal, "%+v", differences)
			})
		})
	}
}

// Lanes that were refused at the same limit all try again, and it is raised once.
func TestLimitThatSeveralLanesMeet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, m := between(t, emulator.Config{Archive: rig.ManyChannels(3).Archive()})
		refused, raised := map[string]bool{}, 0
		m.do(func(x exchange) bool {
			if x.adds(rig.IdentityOf(1)) && !refused[x.r.URL.Path] {
				refused[x.r.URL.Path] = true
				emulator.Refusal(http.StatusForbidden, migrate.CodeParticipantLimit, "full").WriteTo(x.w)
				return true
			}
			return false
		})
		pass(t, r, migrate.Complete)
		for _, said := range r.Events.Messages() {
			if said == "raised the limits of the service" {
				raised++
			}
		}
		require.Len(t, refused, 3)
		require.Equal(t, 1, raised)
	})
}

func TestAuditOfRoom(t *testing.T) {
	channels := func(members ...int) fs.FS {
		s := rig.Scenario{Users: 2}
		for i := range migrate.MaxLimit + 4 {
			s.Channels = append(s.Channels, rig.ChannelPlan{Members: []int{members[i%len(members)]}, Read: []int{-1}})
		}
		return s.Archive()
	}
	crowd := func() fs.FS {
		s := rig.Scenario{Users: migrate.MaxLimit + 4, Channels: make([]rig.ChannelPlan, 1)}
		for i := range s.Users {
			s.Channels[0].Members, s.Channels[0].Read = append(s.Channels[0].Members, i), append(s.Channels[0].Read, -1)
		}
		return s.Archive()
	}
	for name, c := range map[string]struct {
		in      fs.FS
		copies  string
		rename  map[string]string
		refused int64
	}{
		"two people who become one":                    {channels(0, 1), "a test", map[string]string{rig.IdentityOf(1): rig.IdentityOf(0)}, 4},
		"two people who do not":                        {channels(0, 1), "a test", nil, 0},
		"nothing is copied":                            {channels(0), "", nil, 0},
		"nothing is copied into a full one":            {crowd(), "", nil, 0},
		"a channel stops that counts too many members": {crowd(), "a test", nil, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := rig.NewRig(t, emulator.Config{Archive: c.in})
				r.Settings.CopyAlways, r.Settings.Mapper.Rename = c.copies, c.rename
				if name == "nothing is copied into a full one" {
					r.Settings.Mapper.Policy = mapping.Policy{mapping.MembersOverLimit: "try"}
				}
				require.Equal(t, c.refused, rig.TimesFound(r.Audit(t, nil).Findings)[mapping.MemberRefused])
			})
		})
	}
}
