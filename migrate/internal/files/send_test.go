package files_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
	"chatbridge/migrate/internal/files"
)

// sides is a source with one file and a target that answers as it is told.
type sides struct {
	migrate.Target

	bytes    []byte
	opens    []error          // of OpenMedia, in turn; then none
	uploads  []error          // of UploadMedia, in turn; then none
	appends  []error          // of AppendMessage, in turn; then none
	ledger   map[string]error // of its methods, by name
	recorded map[int64]migrate.FileRecord
	log      []string
	sent     []conversations.Message
	waited   time.Duration
	found    int // how often a message is looked for in vain
}

func turn(all *[]error) error {
	if len(*all) == 0 {
		return nil
	}
	err := (*all)[0]
	*all = (*all)[1:]
	return err
}

func (s *sides) OpenMedia(context.Context, string, string) (migrate.Media, io.ReadCloser, error) {
	s.log = append(s.log, "open")
	if err := turn(&s.opens); err != nil {
		return migrate.Media{}, nil, err
	}
	return migrate.Media{SID: "MEsource", Size: int64(len(s.bytes))}, io.NopCloser(bytes.NewReader(s.bytes)), nil
}

func (s *sides) UploadMedia(ctx context.Context, service string, m migrate.Media, open migrate.OpenFile) (migrate.Media, error) {
	body, err := open(ctx)
	if err != nil {
		return migrate.Media{}, err
	}
	raw, err := io.ReadAll(body)
	if err != nil {
		return migrate.Media{}, err
	}
	if err := turn(&s.uploads); err != nil {
		return migrate.Media{}, err
	}
	m.SID = fmt.Sprint("ME", len(s.log))
	s.log = append(s.log, fmt.Sprintf("upload %d bytes to %s as %s", len(raw), service, m.SID))
	return m, nil
}

func (s *sides) AppendMessage(_ context.Context, _, _ string, m conversations.Message) (conversations.Message, error) {
	s.log = append(s.log, "send "+m.Media.SID)
	s.sent = append(s.sent, m)
	m.SID = "IM1"
	return m, turn(&s.appends)
}

// shelf is the ledger of the sides.
type shelf struct {
	migrate.Ledger
	s *sides
}

func (s shelf) File(_ context.Context, _ string, index int64) (migrate.FileRecord, bool, error) {
	r, ok := s.s.recorded[index]
	return r, ok, s.s.ledger["File"]
}

func (s shelf) PutFile(_ context.Context, _ string, r migrate.FileRecord) error {
	s.s.recorded[r.SourceIndex] = r
	s.s.log = append(s.s.log, "note "+r.TargetSID)
	return s.s.ledger["PutFile"]
}

func (s shelf) ForgetFile(_ context.Context, _ string, index int64) error {
	delete(s.s.recorded, index)
	return s.s.ledger["ForgetFile"]
}

func (s *sides) message() files.Message {
	return files.Message{
		Job: files.Job{
			Source: s, Target: s, SourceService: "ISsource", TargetService: "IStarget", Moved: func() {},
			Wait: func(_ context.Context, d time.Duration) error { s.waited += d; return nil },
		},
		Ledger: shelf{s: s}, Channel: "CH1", Index: 7, Settle: 10 * time.Second,
		Proceed: func(context.Context) error { return nil },
		Doubt:   func(context.Context) error { s.log = append(s.log, "doubt"); return nil },
		Find: func(_ context.Context, sid string) (conversations.Message, bool, error) {
			s.log = append(s.log, "find "+sid)
			if s.found > 0 {
				s.found--
				return conversations.Message{}, false, nil
			}
			return conversations.Message{SID: "IMfound", Media: conversations.Media{SID: sid}}, true, nil
		},
	}
}

func newSides() *sides {
	return &sides{bytes: []byte("hello"), recorded: map[int64]migrate.FileRecord{}}
}

func refused(code int) error {
	return &migrate.Error{Op: "append message", Kind: migrate.Refused, Code: code, Err: errors.New("no")}
}

var (
	lost  = &migrate.Error{Op: "append message", Kind: migrate.InDoubt, Err: errors.New("no answer")}
	want  = conversations.Message{Author: "ann", Media: conversations.Media{SID: "MEsource", Size: 5, ContentType: "text/plain", Filename: "a.txt"}}
	gone  = &migrate.Error{Op: "read file", Kind: migrate.NotFound, Err: errors.New("gone")}
	cut   = &migrate.Error{Op: "read file", Kind: migrate.Unavailable, Err: errors.New("cut off")}
	other = &migrate.Error{Op: "read file", Kind: migrate.Refused, Err: errors.New("another length")}
)

func TestSend(t *testing.T) {
	for name, c := range map[string]struct {
		set  func(*sides)
		log  []string
		got  string
		fail string
	}{
		"the file is uploaded, and noted before its message is sent": {
			func(*sides) {}, []string{"open", "upload 5 bytes to IStarget as ME1", "note ME1", "send ME1"}, "IM1", "",
		},
		"a file that an earlier run uploaded is not uploaded again": {
			func(s *sides) {
				s.recorded[7] = migrate.FileRecord{SourceIndex: 7, SourceSID: "MEsource", TargetSID: "MEbefore"}
			}, []string{"send MEbefore"}, "IM1", "",
		},
		"that of another file is": {
			func(s *sides) {
				s.recorded[7] = migrate.FileRecord{SourceIndex: 7, SourceSID: "MEother", TargetSID: "MEbefore"}
			}, []string{"open", "upload 5 bytes to IStarget as ME1", "note ME1", "send ME1"}, "IM1", "",
		},
		"without an answer the message is sent again with the same file": {
			func(s *sides) { s.appends = []error{lost, lost} },
			[]string{"open", "upload 5 bytes to IStarget as ME1", "note ME1", "send ME1", "doubt", "send ME1", "doubt", "send ME1"}, "IM1", "",
		},
		"a file that is taken says that the message landed": {
			func(s *sides) { s.appends = []error{lost, refused(migrate.CodeMediaTaken)} },
			[]string{"open", "upload 5 bytes to IStarget as ME1", "note ME1", "send ME1", "doubt", "send ME1", "find ME1"}, "IMfound", "",
		},
		"a list that lags is read again": {
			func(s *sides) { s.appends, s.found = []error{refused(migrate.CodeMediaTaken)}, 2 },
			[]string{"open", "upload 5 bytes to IStarget as ME1", "note ME1", "send ME1", "find ME1", "find ME1", "find ME1"}, "IMfound", "",
		},
		"but not for ever": {
			func(s *sides) { s.appends, s.found = []error{refused(migrate.CodeMediaTaken)}, 8 },
			append([]string{"open", "upload 5 bytes to IStarget as ME1", "note ME1", "send ME1"}, slices.Repeat([]string{"find ME1"}, 8)...), "", "no list shows it",
		},
		"a file that was collected is uploaded anew, also if its message was in doubt": {
			func(s *sides) { s.appends, s.found = []error{lost, refused(migrate.CodeMediaGone)}, 1 },
			[]string{
				"open", "upload 5 bytes to IStarget as ME1", "note ME1", "send ME1", "doubt", "send ME1", "find ME1",
				"open", "upload 5 bytes to IStarget as ME8", "note ME8", "send ME8",
			}, "IM1", "",
		},
		"but not if a message has it all the same": {
			func(s *sides) { s.appends = []error{lost, refused(migrate.CodeMediaGone)} },
			[]string{"open", "upload 5 bytes to IStarget as ME1", "note ME1", "send ME1", "doubt", "send ME1", "find ME1"}, "IMfound", "",
		},
		"a file that is always collected ends it": {
			func(s *sides) {
				for range 5 {
					s.appends = append(s.appends, refused(migrate.CodeMediaGone))
				}
			},
			[]string{
				"open", "upload 5 bytes to IStarget as ME1", "note ME1", "send ME1", "open", "upload 5 bytes to IStarget as ME5", "note ME5", "send ME5",
				"open", "upload 5 bytes to IStarget as ME9", "note ME9", "send ME9",
			}, "", "uploaded 3 times",
		},
		"three times, beside the one of an earlier run": {
			func(s *sides) {
				s.recorded[7] = migrate.FileRecord{SourceIndex: 7, SourceSID: "MEsource", TargetSID: "MEbefore"}
				for range 3 {
					s.appends = append(s.appends, refused(migrate.CodeMediaGone))
				}
			},
			[]string{
				"send MEbefore", "open", "upload 5 bytes to IStarget as ME2", "note ME2", "send ME2",
				"open", "upload 5 bytes to IStarget as ME6", "note ME6", "send ME6",
				"open", "upload 5 bytes to IStarget as ME10", "note ME10", "send ME10",
			}, "IM1", "",
		},
		"what the target refuses of the message is said as it is, and the file is kept for the next try": {
			func(s *sides) { s.appends = []error{refused(migrate.CodeBodyTooLong)} },
			[]string{"open", "upload 5 bytes to IStarget as ME1", "note ME1", "send ME1"}, "", "no",
		},
		"a file of another length than its message says is read again, and then is none": {
			func(s *sides) { s.bytes = []byte("hell") }, []string{"open", "open", "open"}, "", "message says 5",
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSides()
			c.set(s)
			sent, got, err := files.New(nil).Send(t.Context(), s.message(), want)
			require.Equal(t, c.log, s.log)
			for _, m := range s.sent {
				asked := want
				asked.Media.SID = m.Media.SID
				require.Equal(t, asked, m)
			}
			if len(s.sent) > 0 {
				require.Equal(t, s.sent[len(s.sent)-1], sent)
			}
			if c.fail != "" {
				require.ErrorContains(t, err, c.fail)
				return
			}
			require.NoError(t, err)
			require.Equal(t, c.got, got.SID)
		})
	}

	t.Run("after five tries without an answer it is in doubt", func(t *testing.T) {
		s := newSides()
		for range 9 {
			s.appends = append(s.appends, lost)
		}
		_, _, err := files.New(nil).Send(t.Context(), s.message(), want)
		require.Equal(t, migrate.InDoubt, migrate.KindOf(err))
		require.Len(t, s.appends, 4)
		require.Equal(t, 1+2+4, int(s.waited/time.Second), "the first is sent again at once")
		require.Contains(t, s.recorded, int64(7), "the next run sends it with the same file")
	})
	t.Run("each write is asked for, and not made if the answer is no", func(t *testing.T) {
		for allowed, log := range map[int][]string{
			0: nil,
			1: {"open", "upload 5 bytes to IStarget as ME1", "note ME1"},
			2: {"open", "upload 5 bytes to IStarget as ME1", "note ME1", "send ME1"},
			3: {"open", "upload 5 bytes to IStarget as ME1", "note ME1", "send ME1", "open", "upload 5 bytes to IStarget as ME5", "note ME5"},
		} {
			s := newSides()
			s.appends = []error{refused(migrate.CodeMediaGone)}
			m := s.message()
			m.Proceed = func(context.Context) error {
				if allowed--; allowed < 0 {
					return migrate.ErrDrained
				}
				return nil
			}
			_, _, err := files.New(nil).Send(t.Context(), m, want)
			require.ErrorIs(t, err, migrate.ErrDrained)
			require.Equal(t, log, s.log)
		}
	})
	t.Run("without its ledger nothing goes on", func(t *testing.T) {
		for method, log := range map[string][]string{
			"File":       nil,
			"PutFile":    {"open", "upload 5 bytes to IStarget as ME1", "note ME1"},
			"ForgetFile": {"open", "upload 5 bytes to IStarget as ME1", "note ME1", "send ME1"},
		} {
			s := newSides()
			s.appends = []error{refused(migrate.CodeMediaGone)}
			s.ledger = map[string]error{method: errors.New("disk full")}
			_, _, err := files.New(nil).Send(t.Context(), s.message(), want)
			require.ErrorContains(t, err, "disk full")
			require.True(t, migrate.IsFatal(err), method)
			require.Equal(t, log, s.log, method)
		}
	})
	t.Run("a list that lags is read again after as long as a write may take to show", func(t *testing.T) {
		for found, waited := range map[int]time.Duration{0: 0, 1: 10 * time.Second, 2: 20 * time.Second, 7: 70 * time.Second, 8: 70 * time.Second} {
			s := newSides()
			s.appends, s.found = []error{refused(migrate.CodeMediaTaken)}, found
			_, _, err := files.New(nil).Send(t.Context(), s.message(), want)
			require.Equal(t, found == 8, err != nil)
			require.Equal(t, waited, s.waited)
		}
	})
}

func TestCopy(t *testing.T) {
	job := func(s *sides) files.Job {
		m := s.message().Job
		m.Media = want.Media
		return m
	}
	t.Run("says what passed", func(t *testing.T) {
		s := newSides()
		var bytes int64
		stored, passed, err := files.New(func(n int64) { bytes += n }).Copy(t.Context(), job(s))
		require.NoError(t, err)
		require.Equal(t, migrate.Media{SID: "ME1", Size: 5, ContentType: "text/plain", Filename: "a.txt"}, stored)
		require.Equal(t, migrate.FileRecord{SourceSID: "MEsource", TargetSID: "ME1", Size: 5, SHA256: sha256.Sum256(s.bytes)}, passed)
		require.EqualValues(t, 5, bytes)
	})
	t.Run("bytes that pass again count once", func(t *testing.T) {
		s := newSides()
		s.uploads = []error{other}
		var bytes int64
		_, passed, err := files.New(func(n int64) { bytes += n }).Copy(t.Context(), job(s))
		require.NoError(t, err)
		require.Equal(t, []string{"open", "open", "upload 5 bytes to IStarget as ME2"}, s.log)
		require.EqualValues(t, 5, bytes)
		require.Equal(t, sha256.Sum256(s.bytes), passed.SHA256)
	})
	for name, c := range map[string]struct {
		err   error
		opens int
		lost  bool
	}{
		"gone: nothing is tried again":                {gone, 1, true},
		"of another length: it is read again":         {other, 3, true},
		"cut off: that is of the line, not the file":  {cut, 1, false},
		"the key may not read it: that ends the run":  {&migrate.Error{Op: "read file", Kind: migrate.Credentials, Err: errors.New("no")}, 1, false},
		"an error of another kind is not of the file": {errors.New("?"), 1, false},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSides()
			for range 9 {
				s.opens = append(s.opens, c.err)
			}
			_, _, err := files.New(nil).Copy(t.Context(), job(s))
			require.ErrorIs(t, err, c.err)
			require.Len(t, s.log, c.opens)
			_, lost := errors.AsType[*files.LostError](err)
			require.Equal(t, c.lost, lost)
		})
	}
	t.Run("what the target refuses is of the file, unless it has no such service", func(t *testing.T) {
		for code, lost := range map[int]bool{0: true, migrate.CodeNoChatService: false} {
			s := newSides()
			s.uploads = []error{&migrate.Error{Op: "upload file", Kind: migrate.Refused, Code: code, Err: errors.New("no")}}
			_, _, err := files.New(nil).Copy(t.Context(), job(s))
			_, is := errors.AsType[*files.LostError](err)
			require.Equal(t, lost, is)
			require.Len(t, s.log, 1)
		}
	})
	t.Run("a target that did not read all has not got it", func(t *testing.T) {
		s := newSides()
		m := job(s)
		m.Target = hasty{s}
		_, _, err := files.New(nil).Copy(t.Context(), m)
		require.ErrorContains(t, err, "after 0 of 5 bytes")
		_, lost := errors.AsType[*files.LostError](err)
		require.False(t, lost)
	})
	t.Run("so many at once, and no more", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c, release := files.New(nil), make(chan struct{})
			var started atomic.Int64
			var all sync.WaitGroup
			errs := make(chan error, 3*files.AtOnce)
			for range 3 * files.AtOnce {
				all.Go(func() {
					s := newSides()
					m := job(s)
					m.Target = slow{s, &started, release}
					_, _, err := c.Copy(t.Context(), m)
					errs <- err
				})
			}
			synctest.Wait()
			require.EqualValues(t, files.AtOnce, started.Load())
			canceled, cancel := context.WithCancel(t.Context())
			cancel()
			_, _, err := c.Copy(canceled, job(newSides()))
			require.Equal(t, migrate.Interrupted, migrate.KindOf(err))
			require.ErrorIs(t, err, context.Canceled)
			close(release)
			all.Wait()
			for range 3 * files.AtOnce {
				require.NoError(t, <-errs)
			}
			require.EqualValues(t, 3*files.AtOnce, started.Load())
		})
	})
}

// hasty says that it has a file of which it read nothing.
type hasty struct{ migrate.Target }

func (h hasty) UploadMedia(ctx context.Context, _ string, m migrate.Media, open migrate.OpenFile) (migrate.Media, error) {
	body, err := open(ctx)
	if err != nil {
		return m, err
	}
	return m, body.Close()
}

// slow says when an upload begins, and ends it when it may.
type slow struct {
	migrate.Target
	started *atomic.Int64
	release chan struct{}
}

func (s slow) UploadMedia(ctx context.Context, _ string, m migrate.Media, open migrate.OpenFile) (migrate.Media, error) {
	s.started.Add(1)
	<-s.release
	body, err := open(ctx)
	if err == nil {
		_, err = io.ReadAll(body)
	}
	return m, err
}
