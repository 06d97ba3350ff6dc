package replay_test

import (
	"context"
	"errors"
	"io"
	"iter"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping"
	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/internal/rig"
	"chatbridge/migrate/replay"
	"chatbridge/migrate/twilio"
)

type appendMessage func(conversations.Message) (conversations.Message, error)

// attaching is a Target of which a test changes how it takes messages with files.
type attaching struct {
	migrate.Target
	take func(m conversations.Message, really appendMessage) (conversations.Message, error)
}

func (a attaching) AppendMessage(ctx context.Context, service, conversation string, m conversations.Message) (conversations.Message, error) {
	really := func(m conversations.Message) (conversations.Message, error) {
		return a.Target.AppendMessage(ctx, service, conversation, m)
	}
	if m.Media.SID == "" {
		return really(m)
	}
	return a.take(m, really)
}

// lagging is a Target of which the first lists show no message with a file.
type lagging struct {
	migrate.Target
	lists *int
}

func (l lagging) Messages(ctx context.Context, service, conversation string, newestFirst bool) iter.Seq2[conversations.Message, error] {
	*l.lists--
	hides := *l.lists >= 0
	return func(yield func(conversations.Message, error) bool) {
		for m, err := range l.Target.Messages(ctx, service, conversation, newestFirst) {
			if hides && m.Media.SID != "" {
				continue
			}
			if !yield(m, err) {
				return
			}
		}
	}
}

// tallying is an Observer of files.
type tallying struct {
	mu          sync.Mutex
	total, done int64
}

func (o *tallying) Total(kind string, n int64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if kind == migrate.KindFiles {
		o.total = n
	}
}

func (o *tallying) Done(kind string, n int64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if kind == migrate.KindFiles {
		o.done += n
	}
}

func (*tallying) Event(migrate.Event) {}

// telling is a Source that tells when a file is read.
type telling struct {
	migrate.Source
	read func()
}

func (s telling) OpenMedia(ctx context.Context, service, sid string) (migrate.Media, io.ReadCloser, error) {
	s.read()
	return s.Source.OpenMedia(ctx, service, sid)
}

func taking(take func(conversations.Message, appendMessage) (conversations.Message, error)) func(*replay.Migration) {
	return func(m *replay.Migration) { m.Target = attaching{m.Target, take} }
}

func filesRig(t *testing.T, policy ...string) *rig.Rig {
	t.Helper()
	r := rig.NewRig(t, emulator.Config{Archive: withFiles().Archive()})
	r.API = twilio.APIv2
	if len(policy) > 0 {
		p, err := mapping.ParsePolicy(policy)
		require.NoError(t, err)
		r.Settings.Mapper.Policy = p
	}
	return r
}

func TestFilesOfMessagesInDoubt(t *testing.T) {
	whole := []string{"before", "[file 1.png, 3000]", "between", "look[file 3.png, 700]", "after"}
	noAnswer := &migrate.Error{Op: "append message", Kind: migrate.InDoubt, Err: errors.New("no answer")}

	for name, lands := range map[string]bool{"landed": true, "did not land": false} {
		for _, tries := range []int{1, 3} {
			t.Run("one that "+name+" is there once, and in doubt no longer", func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					r := filesRig(t)
					asked := map[string]int{}
					s, err := r.Migrate(t.Context(), taking(func(m conversations.Message, really appendMessage) (conversations.Message, error) {
						if asked[m.Media.SID]++; asked[m.Media.SID] > tries {
							return really(m)
						}
						if lands && asked[m.Media.SID] == 1 {
							if _, err := really(m); err != nil {
								return m, err
							}
						}
						return m, noAnswer
					}))
					require.NoError(t, err)
					require.Equal(t, migrate.Complete, s.Status, "%+v", s.Failures)
					require.Equal(t, whole, filesIn(t, r))
					require.Equal(t, migrate.KindCount{Source: 2, Written: 2}, s.Counts[migrate.KindFiles])
					require.Equal(t, migrate.KindCount{Source: 5, Written: 5}, s.Counts[migrate.KindMessages])
					require.Len(t, asked, 2)
					require.Empty(t, doubts(t, r))
				})
			})
		}
	}
	for name, plan := range map[string]rig.Scenario{"before others": withFiles(), "alone": func() rig.Scenario {
		alone := oneChannel("")
		alone.Channels[0].Messages[0].File = 10
		return alone
	}()} {
		t.Run("one that a list shows late is found, "+name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := rig.NewRig(t, emulator.Config{Archive: plan.Archive()})
				r.API = twilio.APIv2
				lists, lost := 0, false
				s, err := r.Migrate(t.Context(), func(m *replay.Migration) {
					m.Target = attaching{lagging{m.Target, &lists}, func(m conversations.Message, really appendMessage) (conversations.Message, error) {
						if lost {
							return really(m)
						}
						lost, lists = true, 1
						if _, err := really(m); err != nil {
							return m, err
						}
						return m, noAnswer
					}}
				})
				require.NoError(t, err)
				require.Equal(t, migrate.Complete, s.Status, "%+v", s.Failures)
				require.Len(t, filesIn(t, r), len(plan.Channels[0].Messages))
				require.Less(t, lists, 0)
			})
		})
	}
	t.Run("one that never has an answer stays in doubt, and the next run ends it", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := filesRig(t)
			s, err := r.Migrate(t.Context(), taking(func(m conversations.Message, _ appendMessage) (conversations.Message, error) { return m, noAnswer }))
			require.ErrorContains(t, err, "no answer to any attempt")
			require.Len(t, doubts(t, r), 1)
			require.Equal(t, []string{"before"}, filesIn(t, r))
			s, err = r.Migrate(t.Context())
			require.NoError(t, err)
			require.Equal(t, migrate.Complete, s.Status, "%+v", s.Failures)
			require.Equal(t, whole, filesIn(t, r))
			require.Empty(t, doubts(t, r))
		})
	})
}

// It was written, so that no policy of what is refused may write another.
func TestFilesThatAreAttachedOtherwise(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := filesRig(t, "message-refused=placeholder")
		s, err := r.Migrate(t.Context(), taking(func(m conversations.Message, really appendMessage) (conversations.Message, error) {
			got, err := really(m)
			got.Media.SID = "MEother"
			return got, err
		}))
		require.NoError(t, err)
		require.Equal(t, migrate.Partial, s.Status)
		require.Contains(t, s.Failures[0].Reason, `the service stored it with file "MEother" instead of ME`)
		require.Contains(t, s.Failures[0].Hint, "the target does not attach files as documented")
		require.Equal(t, []string{"before", "[file 1.png, 3000]"}, filesIn(t, r), "nothing more is written")
	})
}

// What is told to stop while a file passes sends no message with it.
func TestToldToStopWhileAFilePasses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := filesRig(t)
		drain := make(chan struct{})
		var once sync.Once
		s, err := r.Migrate(t.Context(), func(m *replay.Migration) {
			m.Drain = drain
			m.Source = telling{m.Source, func() { once.Do(func() { close(drain) }) }}
		})
		require.Equal(t, migrate.Interrupted, migrate.KindOf(err))
		require.Equal(t, []string{"before"}, filesIn(t, r))
		require.EqualValues(t, 1, s.Counts[migrate.KindMessages].Written)
		s, err = r.Migrate(t.Context())
		require.NoError(t, err)
		require.Equal(t, migrate.Complete, s.Status, "%+v", s.Failures)
	})
}

func TestCountsOfFilesThatCannotBeCopied(t *testing.T) {
	for policy, want := range map[string]migrate.KindCount{
		"media-unavailable=stop":        {Source: 1, Failed: 1},
		"media-unavailable=placeholder": {Source: 2, LeftOut: 1, Written: 1},
		"media-unavailable=skip":        {Source: 2, LeftOut: 1, Written: 1},
	} {
		t.Run(policy, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := filesRig(t, policy)
				require.NoError(t, r.Emulator.LoseFile(rig.SidOf("ME", 1)))
				o := &tallying{}
				var live func() replay.Progress
				s, err := r.Migrate(t.Context(), func(m *replay.Migration) {
					m.Observer, m.Began = o, func(p func() replay.Progress) { live = p }
				})
				require.NoError(t, err)
				require.Equal(t, want, s.Counts[migrate.KindFiles])
				require.Equal(t, want, live().Counts[migrate.KindFiles], "as status shows it during the run")
				require.Equal(t, want.Source, o.total)
				require.Equal(t, want.Source, o.done)
				require.EqualValues(t, 1, rig.TimesFound(s.Findings)[mapping.MediaMissing])
			})
		})
	}
}

// A message that stands in the target without its file is known again without the
// ledger, by whoever has the same policy.
func TestFilesLeftOutAreKnownAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := filesRig(t, "media-unavailable=placeholder")
		require.NoError(t, r.Emulator.LoseFile(rig.SidOf("ME", 1)))
		_, err := r.Migrate(t.Context(), taking(func(m conversations.Message, _ appendMessage) (conversations.Message, error) {
			return m, &migrate.Error{Op: "append message", Kind: migrate.Failed, Err: errors.New("not now")}
		}))
		require.NoError(t, err)
		require.Len(t, filesIn(t, r), 3, "the lane ends behind what was left out")
		s, err := r.Migrate(t.Context())
		require.NoError(t, err)
		require.Equal(t, migrate.Complete, s.Status, "%+v", s.Failures)
		require.Zero(t, rig.TimesFound(s.Findings)[mapping.StoredOtherwise])
		before := filesIn(t, r)
		_, err = r.Emulator.AppendToChannel(rig.SidOf("CH", 0), rig.IdentityOf(0), "new")
		require.NoError(t, err)
		s, err = r.Migrate(t.Context())
		require.NoError(t, err)
		require.Equal(t, migrate.Complete, s.Status, "%+v", s.Failures)
		require.Equal(t, append(before, "new"), filesIn(t, r))
		require.Zero(t, rig.TimesFound(s.Findings)[mapping.StoredOtherwise])
		require.Zero(t, rig.TimesFound(s.Findings)[mapping.MessageAltered])
	})
}
