// Package lease keeps the lease of a process on a ledger that several machines
// reach: it renews it, and says at any moment whether it lasts.
//
// The ledger grants a lease for a length of time, by its own clock. The process
// counts that time from before it asked, by each of its clocks, and believes the one
// that is furthest on: the monotonic one stands still while some machines sleep, the
// one on the wall can be set. So it never believes in a lease for longer than the
// ledger does.
//
// Renewals come three times in a lease. Without one the lease lapses: nothing is
// sent, and appends that are under way are cut off. A lapsed lease that nobody took
// is renewed like any other when the ledger answers again. A lease that another
// process took is lost for good.
//
// Nothing makes the check and the sending one step. A process that is frozen between
// the two sends what it was about to send when it wakes: one message of each channel
// at most. Whoever goes on expects that message, see [migrate.DoubtRecord], and a
// sender that hears what became of it notes it, see [migrate.Stray].
package lease
