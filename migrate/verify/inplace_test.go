package verify_test

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/internal/rig"
	"chatbridge/migrate/transport"
	"chatbridge/migrate/twilio"
	"chatbridge/migrate/verify"
)

// promoted is an account whose channels are a public one that was made private, a
// private one, and a public one that stays so; each with files, members and gaps.
type promoted struct{ *rig.Rig }

func newPromoted(t *testing.T, u emulator.Unkind) promoted {
	t.Helper()
	c := rig.ChannelPlan{Unique: true, Members: []int{0, 1, 2}, Read: []int{3, -1, 0}}
	for i, body := range []string{"one", "", "three", "four", "five"} {
		c.Messages = append(c.Messages, rig.MsgPlan{Author: i % 4, Body: body, Gap: i == 2, Edited: i == 3, File: (i % 2) * 100})
	}
	s := rig.Scenario{Users: 4, Channels: []rig.ChannelPlan{c, c, c}}
	s.Channels[0].Public, s.Channels[2].Public = true, true
	r := rig.NewRig(t, emulator.Config{Archive: s.Archive(), Shared: true, Unkind: u})
	r.Settings.Concurrency = 2
	p, err := twilio.NewPromoter(twilio.Config{
		BaseURL: "http://127.0.0.1:1", Username: emulator.DefaultAccountSID, Password: emulator.DefaultAuthToken,
		HTTP: r.Transport(r.Emulator.Chat(), &transport.Counter{}),
	})
	require.NoError(t, err)
	require.NoError(t, p.Promote(t.Context(), rig.ScenarioService, rig.SidOf("CH", 0), ""))
	return promoted{r}
}

func (p promoted) verify(t *testing.T) (verify.Verification, []verify.Difference) {
	t.Helper()
	counter := &transport.Counter{}
	var all []verify.Difference
	v := verify.InPlace{Source: migrate.Counted(p.Source(counter)), Target: p.Target(counter), Observer: p.Events, Settings: p.Settings}
	got, err := v.Run(t.Context(), func(d verify.Difference) { all = append(all, d) })
	require.NoError(t, err)
	require.Equal(t, len(all) == 0, got.Equal)
	require.Zero(t, counter.Traffic().Writes)
	require.Equal(t, verify.InPlaceCommand, got.Command)
	slices.SortFunc(all, func(a, b verify.Difference) int {
		return slices.Compare([]string{a.Channel, a.SourceSID}, []string{b.Channel, b.SourceSID})
	})
	return got, all
}

// short is a difference without what is the same for all of its kind.
func short(d verify.Difference) string {
	return fmt.Sprintf("%s %s %s %s", d.Class, d.Kind, d.SourceSID, d.Field)
}

func TestInPlaceThatDiffers(t *testing.T) {
	for name, c := range map[string]struct {
		unkind emulator.Unkind
		each   func(channel int) []string // that both channels differ in
	}{
		"as it should": {emulator.Unkind{}, func(int) []string { return nil }},
		"lacks files": {emulator.Unkind{LacksMedia: true}, func(n int) []string {
			return []string{"altered messages " + rig.SidOf("IM", n*1000+1) + " media", "altered messages " + rig.SidOf("IM", n*1000+3) + " media"}
		}},
		"lacks a member": {emulator.Unkind{LacksMember: true}, func(n int) []string {
			return []string{"missing members " + rig.SidOf("MB", n*1000) + " "}
		}},
		"lacks a message": {emulator.Unkind{LacksMessage: true}, func(n int) []string {
			return []string{"missing messages " + rig.SidOf("IM", n*1000+4) + " "}
		}},
		"has other horizons": {emulator.Unkind{OtherHorizon: true}, func(n int) (all []string) {
			for m := range 3 {
				all = append(all, "wrong horizon members "+rig.SidOf("MB", n*1000+m)+" last_read_message_index")
			}
			return all
		}},
		"has other attributes": {emulator.Unkind{OtherAttributes: true}, func(n int) []string {
			return []string{"altered channels " + rig.SidOf("CH", n) + " attributes"}
		}},
	} {
		for _, api := range []string{twilio.APIv1, twilio.APIv2} {
			t.Run("Conversations "+name+", asked through Chat "+api, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					p := newPromoted(t, c.unkind)
					p.API = api
					got, all := p.verify(t)
					hidden := rig.SidOf("CH", 2)
					require.Equal(t, "not visible channels "+hidden+" type", short(all[len(all)-1]))
					require.Contains(t, all[len(all)-1].Detail, "chatbridge migrate --in-place --channel "+hidden)
					require.Equal(t, "Channel 2", all[len(all)-1].Name)
					var want, have []string
					for n := range 2 {
						want = append(want, c.each(n)...)
					}
					for _, d := range all[:len(all)-1] {
						have = append(have, short(d))
						require.Contains(t, []string{rig.SidOf("CH", 0), rig.SidOf("CH", 1)}, d.Channel)
						require.NotEmpty(t, d.ChannelName)
					}
					require.Equal(t, want, have)
					require.EqualValues(t, 15, got.Counts[migrate.KindMessages].Source)
					require.EqualValues(t, 9, got.Counts[migrate.KindMembers].Source)
					require.EqualValues(t, 1, got.Differences[verify.NotVisible])
					require.LessOrEqual(t, got.Counts[migrate.KindMessages].Existing, int64(10), "what is not visible is not there")
					if api == twilio.APIv1 {
						require.Equal(t, []string{"files of messages", "attributes of members"}, got.NotShown)
					} else {
						require.Empty(t, got.NotShown)
						require.Equal(t, c.unkind.LacksMedia, got.Counts[migrate.KindFiles].Source == 0)
					}
				})
			})
		}
	}
}

func TestInPlaceLooksTwice(t *testing.T) {
	t.Run("at a channel that is not shown yet", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			p := newPromoted(t, emulator.Unkind{LateShow: 1})
			started := time.Now()
			_, all := p.verify(t)
			require.Len(t, all, 1, "%v", all)
			require.Equal(t, rig.SidOf("CH", 2), all[0].Channel)
			require.Equal(t, p.Settings.Settle, time.Since(started))
		})
	})
	t.Run("at lists that end early at random", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			p := newPromoted(t, emulator.Unkind{Seed: 2, EndsEarly: 0.3, Lists: []string{"participants"}})
			_, all := p.verify(t)
			require.Len(t, all, 1, "%v", all)
			require.NotZero(t, p.Emulator.Mischief()["list-ends-early"])
		})
	})
	t.Run("and does not report what only the second look finds", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			p := newPromoted(t, emulator.Unkind{LacksMember: true})
			time.AfterFunc(p.Settings.Settle/2, func() {
				_, err := p.Emulator.PostAs(rig.SidOf("CH", 0), "user0@example.com", "said meanwhile")
				require.NoError(t, err)
			})
			_, all := p.verify(t)
			require.Len(t, all, 3, "%v", all)
			_, all = p.verify(t)
			require.Len(t, all, 4, "and a later run does: %v", all)
			require.True(t, slices.ContainsFunc(all, func(d verify.Difference) bool { return d.Class == verify.Extra }))
		})
	})
}

func TestInPlaceOfAServiceThatIsNotShown(t *testing.T) {
	s := rig.WholeScenario()
	p := promoted{rig.NewRig(t, emulator.Config{Archive: s.Archive()})}
	got, all := p.verify(t)
	require.Len(t, all, 1)
	require.Equal(t, "not visible services "+rig.ScenarioService+" ", short(all[0]))
	require.EqualValues(t, 1, got.Counts[migrate.KindServices].Failed)
}
