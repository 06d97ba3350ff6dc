// Package rehearse makes experiments in an account, in a service of its own that
// is thrown away afterwards, and compares what it sees with what chatbridge
// assumes.
//
// An experiment is one thing that only an account can tell: experiments.go lists
// them all, and each exp_ file has those of one subject. What is written are
// invented texts of three invented people (contents.go).
//
// The service is recorded before it is created (record.go), under a name that
// nobody else can have chosen: it holds 128 random bits, and so does everything in
// it. It is deleted by its SID, and only if its name is the recorded one and
// nothing is in it that bears other names (inventory.go, remove.go). A process that
// is killed leaves the record, by which Clean finds the service: also one whose
// create had no answer yet.
//
// Only a Content brings in what real people wrote: somebody has to choose it
// (content.go). What the copy makes is recognized by digests that are recorded before
// it begins.
//
// Nothing is written outside of that service, no write asks for webhooks, and its
// push notifications are off before the first message.
package rehearse
