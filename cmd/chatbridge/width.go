package main

import (
	"fmt"
	"strconv"

	"chatbridge/migrate/transport"
)

// What auto means. Nobody documents how many requests an account may have in
// flight; 100 is often named. Half of them are left to the live application of
// the account's owner. More channels are at work than requests are in flight,
// because many of them wait for the limit of the service.
const (
	autoStart    = 24
	autoInFlight = 50
	autoChannels = 64

	fullInFlight = 512
	fullChannels = 256

	mostChannels = 1000
)

// channelsAtOnce is how many channels are worked on at once; 0 is auto.
type channelsAtOnce int

func (c *channelsAtOnce) String() string {
	if *c == 0 {
		return "auto"
	}
	return strconv.Itoa(int(*c))
}

func (*channelsAtOnce) Type() string { return "auto|n" }

func (c *channelsAtOnce) Set(s string) error {
	n, err := strconv.Atoi(s)
	switch {
	case s == "auto":
		n = 0
	case err != nil:
		return fmt.Errorf("%q is neither auto nor a whole number", s)
	case n < 1 || n > mostChannels:
		return fmt.Errorf("%d is not between 1 and %d", n, mostChannels)
	}
	*c = channelsAtOnce(n)
	return nil
}

// widthOptions say how much is done at once.
type widthOptions struct {
	Concurrency channelsAtOnce
	FullSpeed   bool
}

func (o *widthOptions) check() error {
	if o.FullSpeed && o.Concurrency > 0 {
		return usageError("give one of them: without --full-speed, half of what the account admits is left to others", "--full-speed and --concurrency %d say different things", o.Concurrency)
	}
	return nil
}

// channels is how many channels are worked on at once.
func (o *widthOptions) channels() int {
	switch {
	case o.Concurrency > 0:
		return int(o.Concurrency)
	case o.FullSpeed:
		return fullChannels
	}
	return autoChannels
}

// inFlight is how many requests may be in flight.
func (o *widthOptions) inFlight() transport.InFlight {
	switch {
	case o.Concurrency > 0:
		return transport.InFlight{Most: requestsALane * int(o.Concurrency)}
	case o.FullSpeed:
		return transport.InFlight{Start: autoStart, Most: fullInFlight}
	}
	return transport.InFlight{Start: autoStart, Most: autoInFlight, Share: true}
}

// requestsALane is how many requests a lane has in flight at most, in the
// middle: its own, and those that fetch what a list does not show.
const requestsALane = 2
