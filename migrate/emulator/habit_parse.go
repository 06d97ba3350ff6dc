package emulator

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// habits reads each setting of Habits, as ParseUnkind says.
func (u *Unkind) habits() map[string]func(string) error {
	return map[string]func(string) error{
		"late":        duration(&u.Late),
		"write-takes": u.setTakes,
		"names":       flags(map[string]*bool{"race": &u.BothNamed}),
		"name-held":   duration(&u.NameHeld),
		"clock-skew":  func(v string) (err error) { u.Skew, err = time.ParseDuration(v); return err },
		"accept":      flags(map[string]*bool{"empty": &u.EmptyBody}),
		"lengths": numbers(map[string]*int{
			"message-attributes": &u.Lengths.MessageAttributes, "conversation-attributes": &u.Lengths.ConversationAttributes,
			"name": &u.Lengths.Name, "identity": &u.Lengths.Identity,
		}),
		"replace":         flags(map[string]*bool{"date-created": &u.CreatedNow, "date-updated": &u.UpdatedNow, "author": &u.AuthorSystem}),
		"date-updated":    flags(map[string]*bool{"as-created": &u.UpdatedAsCreated, "unmoved": &u.AttributesUndated}),
		"participant-sid": flags(map[string]*bool{"never": &u.NoParticipantSID, "later": &u.LaterParticipantSID}),
		"media":           flags(map[string]*bool{"twice": &u.MediaTwice, "stays": &u.MediaStays}),
		"horizon": flags(map[string]*bool{
			"refused": &u.HorizonRefused, "clamped": &u.HorizonClamped, "null-refused": &u.NullRefused, "null-ignored": &u.NullIgnored,
		}),
		"mutation-id": flags(map[string]*bool{"honoured": &u.MutationID}),
		"rejoin":      flags(map[string]*bool{"404": &u.RejoinDenied}),
		"target-chat": u.setTargetChat,
		"chat": flags(map[string]*bool{
			"attributes": &u.ListsAttributes, "counts-deleted": &u.CountsDeleted, "no-compatibility": &u.NoCompatibility, "all-types": &u.AllTypes,
		}),
		"page-size":   flags(map[string]*bool{"clamped": &u.ClampsPages, "small": &u.SmallPages}),
		"page-most":   func(v string) (err error) { u.PageMost, err = positive(strconv.Atoi(v)); return err },
		"token-lasts": duration(&u.TokenLasts),
		"token-moves": duration(&u.TokenMoves),
		"token":       flags(map[string]*bool{"breaks": &u.TokenBreaks}),
	}
}

func duration(dst *time.Duration) func(string) error {
	return func(text string) (err error) {
		*dst, err = positive(time.ParseDuration(text))
		return err
	}
}

// pairs reads "name:value" where + separates several.
func pairs(text string, take func(name, value string) error) error {
	for part := range strings.SplitSeq(text, "+") {
		name, value, _ := strings.Cut(part, ":")
		if err := take(name, value); err != nil {
			return err
		}
	}
	return nil
}

func numbers(known map[string]*int) func(string) error {
	return func(text string) error {
		return pairs(text, func(name, value string) (err error) {
			dst, found := known[name]
			if !found {
				return fmt.Errorf("want some of %s, each with a number, such as name:100", strings.Join(slices.Sorted(maps.Keys(known)), "+"))
			}
			*dst, err = positive(strconv.Atoi(value))
			return err
		})
	}
}

func (u *Unkind) setTakes(text string) error {
	u.Takes = map[string]time.Duration{}
	return pairs(text, func(name, value string) (err error) {
		if !slices.Contains(writeKinds, name) {
			return fmt.Errorf("want some of %s, each with a time, such as messages:80ms", strings.Join(writeKinds, "+"))
		}
		u.Takes[name], err = positive(time.ParseDuration(value))
		return err
	})
}

// writeKinds are the collections that a write can be about.
var writeKinds = []string{"services", "configuration", "roles", "users", "conversations", "participants", "messages", "credentials", "media"}

func (u *Unkind) setTargetChat(text string) error {
	u.TargetChat = TargetChat(text)
	if !slices.Contains([]TargetChat{ChatShown, ChatForbidden, ChatGone}, u.TargetChat) {
		return errors.New("want shown, forbidden or gone")
	}
	return nil
}
