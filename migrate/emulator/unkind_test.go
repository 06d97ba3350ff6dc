package emulator_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate/emulator"
)

// unkind is the bench of an emulator that a specification describes.
func unkind(t *testing.T, spec string) *bench {
	t.Helper()
	return newBench(t, emulator.Config{Archive: workspace(t), Seed: 7, Unkind: parsed(t, spec)})
}

func parsed(t *testing.T, spec string) emulator.Unkind {
	t.Helper()
	u, err := emulator.ParseUnkind(spec)
	require.NoError(t, err)
	return u
}

func TestParseUnkind(t *testing.T) {
	require.Equal(t, emulator.Unkind{
		Seed: 3, Lag: 5 * time.Second, Stale: 0.1, StaleFor: time.Minute, EndsEarly: 0.2, IgnoresOrder: 0.3, OfAnother: 0.4,
		Lists: []string{"messages", "participants"}, Trim: true, LineEnds: true, NFC: true, Doubles: true, Accepted: 0.5, Denied: 0.6,
		MaxBody: 100, Escapes: true, Blank: true, SecondRole: true, Firewall: 0.7, SecondWriter: 0.8, Mirror: 0.9, People: 1,
		PeopleDo: []emulator.Deed{emulator.Write, emulator.Join}, ForgedStamp: 0.25, KeyAccountSID: accountSID, NoAccountSID: true,
		IndexGaps: -1, CountsAdrift: 0.35, Mistaken: 0.45,
		MediaName: 0.1, MediaType: 0.2, MediaGone: 0.3, MediaMore: 0.4, Collect: 0.5, TakenAsGone: 0.55,
		LacksMedia: true, LacksMember: true, LacksMessage: true, OtherHorizon: true, OtherAttributes: true, PushApart: true, LateShow: 2,
		HiddenByV1: 0.15, HiddenByV2: 0.16, UnlistedByV2: 0.17, DatedByV2: 0.18, BareInV2: 0.19, NoVersion: "v2",
	}, parsed(t, "seed=3,list-lags=5s,list-stale=0.1,stale-for=1m,list-ends-early=0.2,list-ignores-order=0.3,list-of-another=0.4,"+
		"lists=messages+participants,text=trim+crlf+nfc+doubles,reply-202=0.5,reply-404=0.6,body-max=100,refuse=escapes+blank+second-role,firewall=0.7,"+
		"second-writer=0.8,mirror=0.9,people=1,people-do=write+join,forged-stamp=0.25,key-account="+accountSID+",account-sid=null,"+
		"index-gaps=0,counts-adrift=0.35,reply-of-another=0.45,media-name=0.1,media-type=0.2,media-gone=0.3,media-more=0.4,collect=0.5,taken-as-gone=0.55,"+
		"v1-hides=0.15,v2-hides=0.16,v2-unlisted=0.17,v2-dates=0.18,v2-bare=0.19,no-version=v2,"+
		"in-place=no-media+no-member+no-message+horizon+attributes+push,late-show=2"))
	require.Equal(t, emulator.Unkind{LagRequests: 3}, parsed(t, "list-lags=3"))
	require.Equal(t, emulator.Unkind{Habits: emulator.Habits{
		Late: 2 * time.Minute, Takes: map[string]time.Duration{"messages": 80 * time.Millisecond, "users": time.Second},
		BothNamed: true, NameHeld: time.Second, Skew: -time.Minute, Reformats: true, EmptyBody: true,
		Lengths:    emulator.Lengths{MessageAttributes: 1, ConversationAttributes: 2, Name: 3, Identity: 4},
		CreatedNow: true, UpdatedNow: true, AuthorSystem: true, UpdatedAsCreated: true, AttributesUndated: true,
		NoParticipantSID: true, LaterParticipantSID: true, MediaTwice: true, MediaStays: true,
		HorizonRefused: true, HorizonClamped: true, NullRefused: true, NullIgnored: true, MutationID: true, RejoinDenied: true,
		TargetChat: emulator.ChatShown, ListsAttributes: true, CountsDeleted: true, NoCompatibility: true, AllTypes: true,
		ClampsPages: true, SmallPages: true, TokenLasts: 9 * time.Minute, TokenBreaks: true, TokenMoves: time.Hour, PageMost: 7,
	}}, parsed(t, "late=2m,write-takes=messages:80ms+users:1s,names=race,name-held=1s,clock-skew=-1m,text=reformat,accept=empty,"+
		"lengths=message-attributes:1+conversation-attributes:2+name:3+identity:4,replace=date-created+date-updated+author,"+
		"date-updated=as-created+unmoved,participant-sid=never+later,media=twice+stays,horizon=refused+clamped+null-refused+null-ignored,"+
		"mutation-id=honoured,rejoin=404,target-chat=shown,chat=attributes+counts-deleted+no-compatibility+all-types,"+
		"page-size=clamped+small,token-lasts=9m,token=breaks,token-moves=1h,page-most=7"))
	for spec, want := range map[string]string{
		"": "there are accept, account-sid, ", "lies=1": "there are accept, account-sid, ", "people=2": "a share from 0 to 1", "people=NaN": "a share from 0 to 1",
		"list-lags=soon": "a time such as 5s", "list-lags=-1": "not below zero", "stale-for=-1s": "more than zero", "body-max=0": "more than zero",
		"lists=message": "some of services+", "text=upper": "some of crlf+doubles+nfc+reformat+trim", "in-place=all": "some of attributes+horizon+no-media", "late-show=0": "more than zero", "people-do=sing": "none of [write ",
		"key-account=SK1": "the SID of an account", "account-sid=gone": "some of nowhere+null", "late=soon": "late", "write-takes=chats:1s": "such as messages:80ms", "write-takes=users": "write-takes",
		"lengths=body:1": "such as name:100", "lengths=name:0": "more than zero", "target-chat=hidden": "want shown, forbidden or gone", "name-held=0s": "more than zero", "seed=-1": "seed",
	} {
		_, err := emulator.ParseUnkind(spec)
		require.ErrorContains(t, err, want, spec)
	}
}

// What is drawn follows from the seed and from what is asked, and not from the
// order of other requests.
func TestUnkindIsRepeatable(t *testing.T) {
	hit := func(spec string, noise bool) (statuses []int) {
		b := unkind(t, spec)
		if noise { // what is issued later has other SIDs
			b.write("/v1/Services", "FriendlyName", "noise")
		}
		_, c := b.anyConversation()
		for i := range 40 {
			if noise {
				b.read("/v1/Services")
				b.write("/v1/Services", "FriendlyName", "noise")
			}
			statuses = append(statuses, b.raw(c+"/Messages", "Body", string(rune('a'+i))).status)
		}
		return statuses
	}
	const spec = "reply-202=0.3,firewall=0.2"
	first := hit(spec, false)
	require.Contains(t, first, 202)
	require.Contains(t, first, 201)
	require.Equal(t, first, hit(spec, false))
	require.Equal(t, first, hit(spec, true))
	require.NotEqual(t, first, hit(spec+",seed=8", false))
}
