package main

import (
	"sync"

	"chatbridge/migrate/emulator"
)

// servers are the emulators of the scripts, by the folder a script works in.
var servers serverTable

type serverTable struct{ byFolder sync.Map }

func (t *serverTable) put(folder string, s *emulator.Server) { t.byFolder.Store(folder, s) }

func (t *serverTable) of(folder string) *emulator.Server {
	s, ok := t.byFolder.Load(folder)
	if !ok {
		panic("this script has no emulator")
	}
	return s.(*emulator.Server)
}
