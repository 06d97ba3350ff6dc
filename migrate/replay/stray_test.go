package replay_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/internal/rig"
	"chatbridge/migrate/replay"
	"chatbridge/migrate/transport"
)

// database is a ledger that several machines reach, on the one that has its lease. It
// outlives the runs of a test, as a table does.
type database struct {
	before migrate.Handover
	strays []migrate.Stray
}

type onDatabase struct {
	migrate.Ledger
	*database
}

func (d onDatabase) Lease() migrate.Lease { return d }

func (d onDatabase) PutStray(_ context.Context, s migrate.Stray) error {
	d.strays = append(d.strays, s)
	return nil
}

func (d onDatabase) Strays(context.Context) ([]migrate.Stray, error) {
	return append([]migrate.Stray(nil), d.strays...), nil
}

func (d onDatabase) ForgetStray(_ context.Context, s migrate.Stray) error {
	var left []migrate.Stray
	for _, one := range d.strays {
		if one != s {
			left = append(left, one)
		}
	}
	d.strays = left
	return nil
}

func (d onDatabase) Permit() error               { return nil }
func (d onDatabase) Ready(context.Context) error { return nil }
func (d onDatabase) Lost() <-chan struct{}       { return nil }
func (d onDatabase) Before() migrate.Handover    { return d.before }

func (d onDatabase) During(ctx context.Context) (context.Context, func()) { return ctx, func() {} }

// on has a migration use it.
func (d *database) on(m *replay.Migration) { m.Ledger = onDatabase{m.Ledger, d} }

// run migrates, and the run has to end so.
func (d *database) run(t *testing.T, r *rig.Rig, status string, change ...func(*replay.Migration)) replay.Summary {
	t.Helper()
	s, err := r.Migrate(t.Context(), append(change, d.on)...)
	require.NoError(t, err)
	require.Equal(t, status, s.Status, "%+v", s.Failures)
	return s
}

// twinOf puts a message like the first one into the only conversation, as a process does
// that stood still on the way.
func twinOf(t *testing.T, r *rig.Rig, body string) migrate.Stray {
	t.Helper()
	there := only(t, r)
	like := messageOf(t, there, body)
	there.Put(t, like)
	for _, m := range there.Messages(t) {
		if m.Body == body && m.SID != like.SID {
			return migrate.Stray{TargetService: there.Service, Conversation: there.Conversation, Message: m.SID, At: time.Now().UTC().Truncate(time.Second)}
		}
	}
	require.Fail(t, "it did not arrive")
	return migrate.Stray{}
}

// updatedAt is the date of the only conversation.
func updatedAt(t *testing.T, r *rig.Rig) time.Time {
	t.Helper()
	all := r.ConversationsOf(t, onlyService(t, r))[rig.SidOf("CH", 0)]
	require.Len(t, all, 1)
	return all[0].DateUpdated
}

func isMessage(x exchange, sid string) bool { return len(x.Path) == 7 && x.Path[6] == sid }

// TestStrays is about messages that were sent under a lease and answered after it.
func TestStrays(t *testing.T) {
	more := append(four[:4:4], "three")
	for name, c := range map[string]struct {
		note   func(t *testing.T, r *rig.Rig, m *middle, one migrate.Stray) migrate.Stray // nil: as it is
		change func(*replay.Migration)
		status string // complete unless given
		want   []string
		then   []string // after one more run
		kept   bool
		moved  bool // the conversation has another date in the end
	}{
		"goes, and nobody's phone buzzes": {
			note: func(t *testing.T, r *rig.Rig, m *middle, one migrate.Stray) migrate.Stray {
				require.NoError(t, r.Target(&transport.Counter{}).SetNotifications(t.Context(), one.TargetService, pushes))
				m.do(func(x exchange) bool {
					if x.Write() && isMessage(x, one.Message) {
						x.aside(func() {
							require.Equal(t, pushes.Muted(), settingsOf(t, r, one.TargetService).Notifications)
						})
					}
					return false
				})
				return one
			},
			want: four,
		},
		"that a lane found in its place meanwhile stays": {
			note: func(t *testing.T, r *rig.Rig, _ *middle, one migrate.Stray) migrate.Stray {
				one.Message = messageOf(t, only(t, r), "two").SID
				return one
			},
			want: more, moved: true,
		},
		"that somebody deleted meanwhile is forgotten": {
			note: func(t *testing.T, r *rig.Rig, _ *middle, one migrate.Stray) migrate.Stray {
				require.NoError(t, r.Emulator.DeleteAs(one.Conversation, one.Message))
				return one
			},
			want: four,
		},
		"that somebody deletes a moment before is forgotten": {
			note: func(t *testing.T, r *rig.Rig, m *middle, one migrate.Stray) migrate.Stray {
				m.do(func(x exchange) bool {
					if x.Write() && isMessage(x, one.Message) {
						require.NoError(t, r.Emulator.DeleteAs(one.Conversation, one.Message))
					}
					return false
				})
				return one
			},
			want: four,
		},
		"of a channel that stops is left to the run that ends it": {
			note: func(t *testing.T, r *rig.Rig, m *middle, one migrate.Stray) migrate.Stray {
				_, err := r.Emulator.AppendToChannel(rig.SidOf("CH", 0), rig.IdentityOf(0), "five")
				require.NoError(t, err)
				m.do(func(x exchange) bool {
					require.False(t, x.Write() && isMessage(x, one.Message))
					refuses := x.lists() // so that the lane does not find it itself
					if refuses {
						emulator.Refusal(400, 50999, "no").WriteTo(x.w)
					}
					return refuses
				})
				return one
			},
			status: migrate.Partial, want: more, then: append(four[:4:4], "five"), kept: true, moved: true,
		},
		"that cannot be deleted is tried again by the next run, and this one says so": {
			note: func(t *testing.T, r *rig.Rig, m *middle, one migrate.Stray) migrate.Stray {
				require.NoError(t, r.Target(&transport.Counter{}).SetNotifications(t.Context(), one.TargetService, pushes))
				m.do(func(x exchange) bool {
					refuses := x.Write() && isMessage(x, one.Message)
					if refuses {
						emulator.Refusal(400, 50999, "no").WriteTo(x.w)
					}
					return refuses
				})
				return one
			},
			status: migrate.Partial, want: more, then: four, kept: true,
		},
		"whose conversation cannot be dated after that is not forgotten before it is": {
			note: func(t *testing.T, r *rig.Rig, m *middle, one migrate.Stray) migrate.Stray {
				deleted := false
				m.do(func(x exchange) bool {
					deleted = deleted || x.Write() && isMessage(x, one.Message)
					refuses := deleted && x.Write() && len(x.Path) == 5 && x.Path[4] == one.Conversation
					if refuses {
						emulator.Refusal(400, 50999, "no").WriteTo(x.w)
					}
					return refuses
				})
				return one
			},
			status: migrate.Partial, want: four, then: four, kept: true,
		},
		"of a channel that was deleted in the source meanwhile goes": {
			note: func(t *testing.T, r *rig.Rig, _ *middle, one migrate.Stray) migrate.Stray {
				require.NoError(t, r.Emulator.DeleteChannel(rig.SidOf("CH", 0)))
				return one
			},
			want: four,
		},
		"in another service is another service's": {
			note: func(_ *testing.T, _ *rig.Rig, _ *middle, one migrate.Stray) migrate.Stray {
				one.TargetService = "IS" + one.TargetService[3:] + "0"
				return one
			},
			want: more, kept: true, moved: true,
		},
		"in a conversation of nobody's is left alone": {
			note: func(_ *testing.T, _ *rig.Rig, _ *middle, one migrate.Stray) migrate.Stray {
				one.Conversation = rig.SidOf("CH", 99)
				return one
			},
			want: more, kept: true, moved: true,
		},
	} {
		t.Run("one "+name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				plan := oneChannel(four...)
				plan.Channels = append(plan.Channels, oneChannel("hello").Channels...) // a list of none would not be believed
				r, m := between(t, emulator.Config{Archive: plan.Archive(), Unkind: emulator.Unkind{IndexGaps: -1}})
				d := &database{}
				d.run(t, r, migrate.Complete)
				dated := updatedAt(t, r)
				one := twinOf(t, r, "three")
				if c.note != nil {
					one = c.note(t, r, m, one)
				}
				d.strays = append(d.strays, one)
				status := c.status
				if status == "" {
					status = migrate.Complete
				}
				s := d.run(t, r, status)
				m.rest()
				require.Equal(t, c.want, bodies(t, r))
				if c.kept {
					require.Equal(t, []migrate.Stray{one}, d.strays)
				} else {
					require.Empty(t, d.strays)
				}
				if status == migrate.Partial {
					require.Contains(t, reasons(s), rig.SidOf("CH", 0))
					require.Equal(t, pushes.Muted().NewMessage.Enabled, settingsOf(t, r, one.TargetService).Notifications.NewMessage.Enabled, "it is not over")
					d.run(t, r, migrate.Complete)
					require.Equal(t, c.then, bodies(t, r))
					require.Empty(t, d.strays)
				}
				if !c.moved {
					require.Equal(t, dated, updatedAt(t, r), "a deletion moves the date, and it is put back")
				}
			})
		})
	}
}

// A run that is told to stop leaves a stray to the next one.
func TestStrayOfARunThatStops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, m := between(t, emulator.Config{Archive: oneChannel(four...).Archive(), Unkind: emulator.Unkind{IndexGaps: -1}})
		d := &database{}
		d.run(t, r, migrate.Complete)
		d.strays = []migrate.Stray{twinOf(t, r, "three")}
		drain := make(chan struct{})
		m.do(func(x exchange) bool {
			if isMessage(x, d.strays[0].Message) {
				require.False(t, x.Write())
				close(drain)
			}
			return false
		})
		s, err := r.Migrate(t.Context(), d.on, func(m *replay.Migration) { m.Drain = drain })
		require.Equal(t, migrate.Interrupted, migrate.KindOf(err))
		require.Equal(t, migrate.InterruptedStatus, s.Status)
		require.Len(t, d.strays, 1)
		m.rest()
		d.run(t, r, migrate.Complete)
		require.Equal(t, four, bodies(t, r))
	})
}

// TestReadAgainAfterAnExpiry is about the process before, which may have been frozen on
// the way to a message: that lands when it wakes, which is within a lease of the expiry,
// or is cut off. What is in doubt is read once more when nothing of it can land any more.
func TestReadAgainAfterAnExpiry(t *testing.T) {
	for name, c := range map[string]struct {
		expired, wakes bool
		took           time.Duration
	}{
		"the lease expired, and that process wakes late":  {true, true, 30 * time.Second},
		"the lease expired, and that process never wakes": {true, false, 30 * time.Second},
		"the lease was given back":                        {false, false, 20 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r, m := between(t, emulator.Config{Archive: oneChannel(four...).Archive(), Unkind: emulator.Unkind{IndexGaps: -1}})
				cutOff(t, r, call{"target AppendMessage", 3}, false)
				require.Equal(t, four[:2], bodies(t, r))
				began := time.Now()
				d := &database{before: migrate.Handover{At: began, Expired: c.expired, Length: 20 * time.Second}}
				late := began.Add(d.before.Length + r.Settings.Settle - time.Second)
				m.do(func(x exchange) bool {
					if c.wakes && x.appends("three") {
						require.Less(t, time.Since(began), 25*time.Second, "the lane is done before the message lands")
						time.AfterFunc(time.Until(late), func() { x.commit() })
					}
					return false
				})
				d.run(t, r, migrate.Complete)
				require.GreaterOrEqual(t, time.Since(began), c.took)
				require.Less(t, time.Since(began), c.took+5*time.Second)
				m.rest()
				require.Equal(t, four, bodies(t, r))
				if c.wakes {
					require.Equal(t, 1, said(r, "removed a copy that landed late"))
				}
			})
		})
	}
}

// TestNoteLost is about a conversation that the process before may have been about to
// create: it may land when this run is over, and a later one looks for it.
func TestNoteLost(t *testing.T) {
	const age = 24 * time.Hour // for which it is looked for
	run := func(t *testing.T, r *rig.Rig, before migrate.Handover, strays ...migrate.Stray) *database {
		d := &database{before: before, strays: strays}
		d.run(t, r, migrate.Complete)
		return d
	}
	expired := func() migrate.Handover {
		return migrate.Handover{At: time.Now(), Expired: true, Length: 20 * time.Second}
	}
	for name, test := range map[string]func(*testing.T, *rig.Rig){
		"not of a service that this run made": func(t *testing.T, r *rig.Rig) { require.Empty(t, run(t, r, expired()).strays) },
		"not if the lease was given back": func(t *testing.T, r *rig.Rig) {
			run(t, r, migrate.Handover{})
			require.Empty(t, run(t, r, migrate.Handover{At: time.Now(), Length: time.Minute}).strays)
		},
		"it is noted, and what lands is removed by a run that others follow": func(t *testing.T, r *rig.Rig) {
			run(t, r, migrate.Handover{})
			noted := time.Now().UTC().Truncate(time.Second)
			d := run(t, r, expired())
			require.Equal(t, []migrate.Stray{{TargetService: onlyService(t, r), At: noted}}, d.strays)
			twin(t, r)
			run(t, r, migrate.Handover{})
			require.Len(t, r.ConversationsOf(t, onlyService(t, r))[rig.SidOf("CH", 0)], 2, "without the note, nobody looks")
			time.Sleep(time.Until(noted.Add(age)))
			require.Equal(t, d.strays, run(t, r, migrate.Handover{}, d.strays...).strays)
			require.Len(t, r.ConversationsOf(t, onlyService(t, r))[rig.SidOf("CH", 0)], 1)
			time.Sleep(time.Second)
			require.Empty(t, run(t, r, migrate.Handover{}, d.strays...).strays)
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { test(t, littleRig(t, oneChannel(four...).Archive())) })
		})
	}
}

// TestSpareOfADeletedChannel has a conversation land of a channel that the source does
// not have any more: nobody can tell how a create would have left it, so it stays, and
// the run goes on.
func TestSpareOfADeletedChannel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		plan := oneChannel(four...)
		plan.Channels = append(plan.Channels, oneChannel("hello").Channels...)
		r := littleRig(t, plan.Archive())
		d := &database{}
		d.run(t, r, migrate.Complete)
		channel := rig.SidOf("CH", 0)
		like := r.ConversationsOf(t, onlyService(t, r))[channel][0]
		like.SID, like.UniqueName = "", ""
		_, err := r.Target(&transport.Counter{}).AppendConversation(t.Context(), onlyService(t, r), like)
		require.NoError(t, err)
		require.NoError(t, r.Emulator.DeleteChannel(channel))
		d.before = migrate.Handover{At: time.Now(), Expired: true, Length: 20 * time.Second}
		d.run(t, r, migrate.Complete)
		require.Len(t, r.ConversationsOf(t, onlyService(t, r))[channel], 2)
		require.Equal(t, 1, said(r, "a second conversation bears the stamp of a channel; it is not as a create leaves one, so it is left alone"))
	})
}
