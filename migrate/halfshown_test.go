package migrate_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"time"

	"chatbridge/mapping/chat"
	"chatbridge/migrate"
)

// halfShown is a source whose lists show, each time they are read, so many of what
// there is; the last number counts for all later readings.
type halfShown struct {
	migrate.Source
	users    []int64 // joined channels of each
	channels []chat.Channel
	members  []chat.Member
	messages []chat.Message
	shows    map[string][]int
	fetches  int
	newer    bool // what is fetched is an hour newer than what is listed
	gone     bool
}

func (s *halfShown) shown(list string, all int) int {
	left := s.shows[list]
	if len(left) == 0 {
		return all
	}
	if len(left) > 1 {
		s.shows[list] = left[1:]
	}
	return left[0]
}

func sequence[T any](all []T) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for _, one := range all {
			if !yield(one, nil) {
				return
			}
		}
	}
}

func (s *halfShown) Users(context.Context, string) iter.Seq2[chat.User, error] {
	var all []chat.User
	for i, n := range s.users {
		all = append(all, chat.User{SID: fmt.Sprint("US", i), JoinedChannelsCount: n})
	}
	return sequence(all[:s.shown("users", len(all))])
}

func (s *halfShown) Services(context.Context) iter.Seq2[chat.Service, error] {
	all := []chat.Service{{SID: "IS0"}, {SID: "IS1"}}
	return sequence(all[:s.shown("services", len(all))])
}

func (s *halfShown) Channels(context.Context, string) iter.Seq2[chat.Channel, error] {
	return sequence(s.channels[:s.shown("channels", len(s.channels))])
}

func (s *halfShown) Channel(_ context.Context, _, sid string) (chat.Channel, error) {
	s.fetches++
	if s.gone {
		return chat.Channel{}, &migrate.Error{Kind: migrate.NotFound, Err: errors.New("gone")}
	}
	one := s.channels[0]
	if s.newer {
		one.DateCreated.Time = one.DateCreated.Add(time.Hour)
	}
	return one, nil
}

func (s *halfShown) Members(context.Context, string, string) iter.Seq2[chat.Member, error] {
	return sequence(s.members[:s.shown("members", len(s.members))])
}

func (s *halfShown) Messages(_ context.Context, _, _ string, span migrate.Span) iter.Seq2[chat.Message, error] {
	if span.Listed && !span.NewestFirst {
		return sequence(s.messages)
	}
	shown := s.messages[s.shown("skipped", 0):]
	if span.NewestFirst {
		shown = slices.Clone(shown)
		slices.Reverse(shown)
	}
	return sequence(shown)
}

func halfOf(members, messages int) *halfShown {
	s := &halfShown{shows: map[string][]int{}, channels: []chat.Channel{{SID: "CH0", MembersCount: int64(members), MessagesCount: int64(messages)}}}
	for i := range members {
		s.members = append(s.members, chat.Member{SID: fmt.Sprint("MB", i)})
	}
	for i := range messages {
		s.messages = append(s.messages, chat.Message{SID: fmt.Sprint("IM", i), Index: int64(2 * i)})
	}
	return s
}

func (s *halfShown) UserChannels(context.Context, string, string) iter.Seq2[chat.UserChannel, error] {
	return sequence([]chat.UserChannel{{ChannelSID: "CH0", Status: chat.Joined}, {ChannelSID: "CH8", Status: chat.NotParticipating}, {ChannelSID: "CH9", Status: chat.Joined}})
}

// nobody is an Observer that hears nothing.
type nobody struct{}

func (nobody) Total(string, int64) {}
func (nobody) Done(string, int64)  {}
func (nobody) Event(migrate.Event) {}
