// Package versions reads a Chat workspace through v1 and v2 at once.
//
// Each record is as v1 shows it, with what only v2 shows: files, attributes of
// members, the last editor, notification levels, and attributes in lists, for which v1
// takes a request for each record. Of a message with a file it has the text of v2,
// because v1 has one of its own there.
//
// The two are held against each other, record by record: services, roles, users,
// channels, members and messages. A record that one list lacks, or shows otherwise, is
// fetched by itself from both: it may have been changed or deleted between the two
// readings. What they still do not agree about then is in chat.Versions of the record,
// and mapping has a finding for it. A channel or a service that only one version knows
// is read through that one.
//
// Counters are not compared: they drift by themselves. Invites and push credentials are
// read through v1 alone, which shows all of them that v2 does, and what users have to do
// with channels through v2 alone.
//
// It takes a page of v2 for a hundred records beside the lists of v1, and no request for
// a single record unless the two differ.
package versions
