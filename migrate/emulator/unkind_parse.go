package emulator

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// ParseUnkind reads settings that commas separate, such as
// "list-ends-early=0.1,text=trim+nfc,seed=7". Several values of one setting are
// joined by +. An error names what would have been valid.
//
//	seed=7                   where the draws begin
//	list-lags=5s             lists show nothing younger; list-lags=3, nothing of the
//	                         last three requests
//	list-stale=0.1           share of pages as the list was stale-for before
//	stale-for=30s
//	list-ends-early=0.1      share of readings that end as if there were no more
//	list-ignores-order=0.1   share in the other order
//	list-of-another=0.1      share with the records of another parent
//	lists=messages           the only lists that do so: messages+participants
//	text=trim+crlf+nfc+doubles+reformat
//	reply-202=0.1            share of creations with no more than a resource_url
//	reply-404=0.1            share of participants created and denied
//	reply-of-another=0.1     share of replies with another SID, none, or another parent
//	body-max=1000            bytes, refused beyond
//	refuse=escapes+blank+second-role
//	                         attributes with escapes, bodies of space, a second
//	                         role of one type and name
//	firewall=0.01            share of bodies refused with HTML
//	media-name=0.1           share of files stored under another name
//	media-type=0.1           share stored with another content type
//	media-gone=0.1           share of the source's files that are gone
//	media-more=0.1           share of messages with two files in Conversations
//	collect=0.1              share of messages whose file is collected before them
//	in-place=no-media+no-member+no-message+horizon+attributes+push
//	                         what Conversations has otherwise than Chat of a shared
//	                         account, or of push, that each product has its own
//	late-show=2              requests that do not find a promoted channel yet
//	second-writer=0.1        share of messages that a rival writes too
//	mirror=0.1               share of messages after which an application writes
//	                         to both sides
//	people=0.1               share of writes after which somebody acts
//	people-do=write+edit+react+delete+join+leave
//	forged-stamp=0.1         share of stamps that turn up elsewhere
//	key-account=AC…          the account that the API key opens
//	account-sid=null         in services; account-sid=nowhere, in anything
//	index-gaps=0.02          share of messages before a gap; 0 for none
//	counts-adrift=0.1        share of channels that count wrong
//	v1-hides=0.1             share of records that v1 does not show; v2-hides=0.1,
//	                         that v2 does not
//	v2-unlisted=0.1          share of records that lists of v2 leave out
//	v2-dates=0.1             share of records that v2 dates a minute later
//	v2-bare=0.1              share of records whose attributes lists of v2 hide
//	no-version=v2            the version of Chat that does not answer
//
// And of Habits:
//
//	late=2m                  POSTs whose connection was cut land up to then, or never
//	write-takes=messages:80ms+users:20ms
//	names=race               two conversations take one unique name at once
//	name-held=30s            a name is refused so long after its deletion
//	clock-skew=90s           of dates against the Date header
//	accept=empty             empty bodies
//	lengths=message-attributes:1000+conversation-attributes:1000+name:100+identity:100
//	replace=date-created+date-updated+author
//	date-updated=as-created+unmoved
//	participant-sid=never    or later
//	media=twice+stays        files taken twice, and kept without a message
//	horizon=refused+null-refused
//	                         or clamped, null-ignored
//	mutation-id=honoured
//	rejoin=404               answers to who is added again
//	target-chat=shown        or forbidden, or gone
//	chat=attributes+counts-deleted+no-compatibility+all-types
//	page-size=clamped        or small: 50 at most
//	token-lasts=9m           page tokens expire
//	token=breaks             page tokens are bad after a deletion
//
// And of FleetHabits:
//
//	accounts=order+repeat+of-another
//	                         each page of accounts in another order, beginning with the
//	                         last one of the page before, and with one of another parent
//	accounts-end-early=0.1   share of readings that end as if there were no more
//	accounts-without-token=0.1
//	                         share of subaccounts whose token is not shown
//	accounts-rotate=0.1      share that gets another token when it is first used
//	accounts-suspend=0.1     share that is suspended when it is first used
//	accounts-refused=403     how accounts are refused that are not active: 401 with
//	                         20003, or 403 with 20403
//	main-key=tokens          main keys see auth tokens
func ParseUnkind(text string) (Unkind, error) {
	var u Unkind
	settings := u.settings()
	maps.Copy(settings, u.habits())
	maps.Copy(settings, u.fleetHabits())
	for part := range strings.SplitSeq(text, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		set, known := settings[name]
		if !known {
			return u, fmt.Errorf("read %q: there is no %q; there are %s", text, name, strings.Join(slices.Sorted(maps.Keys(settings)), ", "))
		}
		if err := set(value); err != nil {
			return u, fmt.Errorf("read %q: %s: %w", text, name, err)
		}
	}
	return u, nil
}

// settings reads each setting into u.
func (u *Unkind) settings() map[string]func(string) error {
	return map[string]func(string) error{
		"seed":               func(v string) (err error) { u.Seed, err = strconv.ParseUint(v, 10, 64); return err },
		"list-lags":          u.setLag,
		"list-stale":         share(&u.Stale),
		"stale-for":          func(v string) (err error) { u.StaleFor, err = positive(time.ParseDuration(v)); return err },
		"list-ends-early":    share(&u.EndsEarly),
		"list-ignores-order": share(&u.IgnoresOrder),
		"list-of-another":    share(&u.OfAnother),
		"lists":              u.setLists,
		"text":               flags(map[string]*bool{"trim": &u.Trim, "crlf": &u.LineEnds, "nfc": &u.NFC, "doubles": &u.Doubles, "reformat": &u.Reformats}),
		"reply-202":          share(&u.Accepted),
		"reply-404":          share(&u.Denied),
		"reply-of-another":   share(&u.Mistaken),
		"body-max":           func(v string) (err error) { u.MaxBody, err = positive(strconv.Atoi(v)); return err },
		"refuse":             flags(map[string]*bool{"escapes": &u.Escapes, "blank": &u.Blank, "second-role": &u.SecondRole}),
		"firewall":           share(&u.Firewall),
		"media-name":         share(&u.MediaName),
		"media-type":         share(&u.MediaType),
		"media-gone":         share(&u.MediaGone),
		"media-more":         share(&u.MediaMore),
		"collect":            share(&u.Collect),
		"taken-as-gone":      share(&u.TakenAsGone),
		"in-place": flags(map[string]*bool{
			"no-media": &u.LacksMedia, "no-member": &u.LacksMember, "no-message": &u.LacksMessage,
			"horizon": &u.OtherHorizon, "attributes": &u.OtherAttributes, "push": &u.PushApart,
		}),
		"late-show":     func(v string) (err error) { u.LateShow, err = positive(strconv.Atoi(v)); return err },
		"second-writer": share(&u.SecondWriter),
		"mirror":        share(&u.Mirror),
		"people":        share(&u.People),
		"people-do":     u.setDeeds,
		"forged-stamp":  share(&u.ForgedStamp),
		"key-account":   u.setKeyAccount,
		"account-sid":   flags(map[string]*bool{"null": &u.NoAccountSID, "nowhere": &u.NoAccount}),
		"index-gaps":    u.setGaps,
		"counts-adrift": share(&u.CountsAdrift),
		"v1-hides":      share(&u.HiddenByV1),
		"v2-hides":      share(&u.HiddenByV2),
		"v2-unlisted":   share(&u.UnlistedByV2),
		"v2-dates":      share(&u.DatedByV2),
		"v2-bare":       share(&u.BareInV2),
		"no-version":    u.setNoVersion,
	}
}

func share(dst *float64) func(string) error {
	return func(text string) (err error) {
		if *dst, err = strconv.ParseFloat(text, 64); err != nil || !(*dst >= 0 && *dst <= 1) {
			return errors.New("want a share from 0 to 1")
		}
		return nil
	}
}

func positive[T int | time.Duration](v T, err error) (T, error) {
	if err == nil && v <= 0 {
		err = errors.New("want more than zero")
	}
	return v, err
}

func flags(known map[string]*bool) func(string) error {
	return func(text string) error {
		for name := range strings.SplitSeq(text, "+") {
			flag, found := known[name]
			if !found {
				return fmt.Errorf("want some of %s", strings.Join(slices.Sorted(maps.Keys(known)), "+"))
			}
			*flag = true
		}
		return nil
	}
}

func (u *Unkind) setLag(text string) (err error) {
	if u.LagRequests, err = strconv.ParseInt(text, 10, 64); err != nil {
		if u.Lag, err = time.ParseDuration(text); err != nil {
			return errors.New("want a time such as 5s, or a number of requests")
		}
	}
	if u.LagRequests < 0 || u.Lag < 0 {
		return errors.New("want what is not below zero")
	}
	return nil
}

func (u *Unkind) setGaps(text string) error {
	if err := share(&u.IndexGaps)(text); err != nil {
		return err
	}
	if u.IndexGaps == 0 {
		u.IndexGaps = -1
	}
	return nil
}

// listKeys are the lists of either host.
var listKeys = []string{"services", "roles", "users", "conversations", "participants", "channels", "members", "messages", "invites", "credentials"}

func (u *Unkind) setLists(text string) error {
	u.Lists = strings.Split(text, "+")
	for _, name := range u.Lists {
		if !slices.Contains(listKeys, name) {
			return fmt.Errorf("want some of %s", strings.Join(listKeys, "+"))
		}
	}
	return nil
}

func (u *Unkind) setDeeds(text string) error {
	for name := range strings.SplitSeq(text, "+") {
		if !slices.Contains(Deeds, Deed(name)) {
			return fmt.Errorf("%q is none of %v", name, Deeds)
		}
		u.PeopleDo = append(u.PeopleDo, Deed(name))
	}
	return nil
}

func (u *Unkind) setNoVersion(text string) error {
	if u.NoVersion = text; text != "v1" && text != "v2" {
		return errors.New("want v1 or v2")
	}
	return nil
}

var looksLikeAccount = regexp.MustCompile(`^AC[0-9a-f]{32}$`)

func (u *Unkind) setKeyAccount(text string) error {
	if u.KeyAccountSID = text; !looksLikeAccount.MatchString(text) {
		return errors.New("want the SID of an account")
	}
	return nil
}
