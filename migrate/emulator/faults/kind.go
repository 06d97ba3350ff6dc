package faults

import (
	"net/http"
	"slices"
	"strings"

	"chatbridge/migrate/emulator"
)

// Kind is one way to fail.
type Kind string

// Kinds that leave a request without effect.
const (
	TooMany            Kind = "before.429.plain"   // of a proxy, without Retry-After
	TooManySeconds     Kind = "before.429.seconds" // of a proxy, with Retry-After in seconds
	TooManyDate        Kind = "before.429.date"    // of a proxy, with Retry-After as an HTTP date
	TooManyAccount     Kind = "before.429.20429"   // requests at once in the account
	TooManyRate        Kind = "before.429.50063"   // writes a second
	TooManyService     Kind = "before.429.50074"   // writes a second in the service
	Forbidden          Kind = "before.403"         // a rate limit by its code
	ServerError        Kind = "before.500"         // HTML
	BadGateway         Kind = "before.502"         // HTML
	Unavailable        Kind = "before.503.plain"   // HTML, without Retry-After
	UnavailableSeconds Kind = "before.503.seconds" // HTML, with Retry-After
	// Refuse is a connection that is not accepted. Over a socket, where only a
	// listener could do that, it is one that is closed without an answer.
	Refuse Kind = "before.refuse"
	Reset  Kind = "before.reset"
	Stall  Kind = "before.stall"
)

// Kinds that lose the answer to a write that has taken effect.
const (
	AfterError      Kind = "after.500" // HTML
	AfterReset      Kind = "after.reset"
	AfterStall      Kind = "after.stall"
	AfterCutLength  Kind = "after.cut.length"  // less body than Content-Length says
	AfterCutChunked Kind = "after.cut.chunked" // no last chunk
	AfterHTML       Kind = "after.html"        // the right status, HTML in place of JSON
	AfterJSON       Kind = "after.json"        // the right status, JSON that breaks off
)

// Late drops the connection at once. The write takes effect later, maybe after
// the writes that follow it.
const Late Kind = "late"

// Kinds that only reads suffer.
const (
	ReadCut   Kind = "read.cut"   // the connection is lost inside the body
	ReadJSON  Kind = "read.json"  // a whole reply whose JSON breaks off
	ReadEmpty Kind = "read.empty" // an empty page; the next page has its records
	ReadLoop  Kind = "read.loop"  // next_page_url is the request's own
	ReadAgain Kind = "read.again" // the next page is the same one under another URL
	ReadToken Kind = "read.token" // 400 with 21481; the token is good again when asked again
	ReadAuth  Kind = "read.401"   // drawn never twice in a row, nor before the host has answered (see Plan.NewClient)
	ReadSlow  Kind = "read.slow"  // bytes that trickle
)

// Kinds that only a media host suffers.
const (
	MediaShort   Kind = "media.short" // a whole reply with fewer bytes than the file has
	MediaLong    Kind = "media.long"  // and with more
	MediaSize    Kind = "media.size"  // metadata with another size
	MediaExpired Kind = "media.403"   // an address that is taken for expired
	MediaMissing Kind = "media.404"   // an address of nothing
)

// LieGone is a file that is there and is said not to be, as Twilio says it. A client
// cannot tell, so that rate leaves it out: it wants its own name.
const LieGone Kind = "lie.404"

// effect is how a kind is brought about.
type effect struct {
	kind   Kind
	reads  bool
	writes bool
	fits   func(*emulator.Exchange) bool // a further condition; may be nil
	strike func(*fault)
}

// effects are all kinds, in the order in which draws look at them.
var effects = []effect{
	{TooMany, true, true, nil, tooMany(nil)},
	{TooManySeconds, true, true, nil, tooMany((*fault).seconds)},
	{TooManyDate, true, true, nil, tooMany((*fault).date)},
	{TooManyAccount, true, true, nil, refused(http.StatusTooManyRequests, codeAccount)},
	{TooManyRate, false, true, nil, refused(http.StatusTooManyRequests, codeRate)},
	{TooManyService, false, true, nil, refused(http.StatusTooManyRequests, codeService)},
	{Forbidden, true, true, nil, (*fault).forbid},
	{ServerError, true, true, nil, page(http.StatusInternalServerError, nil)},
	{BadGateway, true, true, nil, page(http.StatusBadGateway, nil)},
	{Unavailable, true, true, nil, page(http.StatusServiceUnavailable, nil)},
	{UnavailableSeconds, true, true, nil, page(http.StatusServiceUnavailable, (*fault).seconds)},
	{Refuse, true, true, nil, (*fault).refuse},
	{Reset, true, true, nil, (*fault).reset},
	{Stall, true, true, nil, (*fault).stall},
	{AfterError, false, true, nil, (*fault).afterError},
	{AfterReset, false, true, nil, (*fault).afterReset},
	{AfterStall, false, true, nil, (*fault).afterStall},
	{AfterCutLength, false, true, answered, (*fault).cutLength},
	{AfterCutChunked, false, true, answered, (*fault).cutChunked},
	{AfterHTML, false, true, answered, (*fault).html},
	{AfterJSON, false, true, answered, (*fault).brokenJSON},
	{Late, false, true, nil, (*fault).late},
	{ReadCut, true, false, nil, (*fault).cutLength},
	{ReadJSON, true, false, isJSON, (*fault).brokenJSON},
	{ReadEmpty, true, false, isList, (*fault).emptyPage},
	{ReadLoop, true, false, isList, (*fault).loop},
	{ReadAgain, true, false, isList, (*fault).again},
	{ReadToken, true, false, hasToken, (*fault).expireToken},
	{ReadAuth, true, false, isJSON, (*fault).unauthorized},
	{ReadSlow, true, false, nil, (*fault).slow},
	{MediaShort, true, false, isContent, (*fault).shorter},
	{MediaLong, true, false, isContent, (*fault).longer},
	{MediaSize, true, false, isFile, (*fault).missized},
	{MediaExpired, true, false, isContent, (*fault).expireAddress},
	{MediaMissing, true, false, isContent, (*fault).missing},
	{LieGone, true, false, isFile, (*fault).denyFile},
}

// Kinds returns all kinds.
func Kinds() []Kind {
	all := make([]Kind, len(effects))
	for i, e := range effects {
		all[i] = e.kind
	}
	return all
}

// In reports whether the kind is the one named or belongs to the group named.
func (k Kind) In(name string) bool {
	return string(k) == name || strings.HasPrefix(string(k), name+".")
}

func (e *effect) possible(x *emulator.Exchange) bool {
	if x.Write() && !e.writes || !x.Write() && !e.reads {
		return false
	}
	return e.fits == nil || e.fits(x)
}

// known reports whether a name is that of a kind or a group.
func known(name string) bool {
	return slices.ContainsFunc(effects, func(e effect) bool { return e.kind.In(name) })
}

// answered excludes what is answered without a body.
func answered(x *emulator.Exchange) bool { return x.Method != http.MethodDelete }

func hasToken(x *emulator.Exchange) bool { return x.Query.Has("PageToken") }

func isList(x *emulator.Exchange) bool {
	name, one := resource(x)
	return !one && !strings.HasPrefix(name, "configuration")
}

func isContent(x *emulator.Exchange) bool { name, _ := resource(x); return name == content }

func isFile(x *emulator.Exchange) bool { name, _ := resource(x); return name == file }

func isJSON(x *emulator.Exchange) bool { return !isContent(x) }
