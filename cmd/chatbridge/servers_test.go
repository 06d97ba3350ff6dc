package main

import (
	"sync"

	"chatbridge/migrate/emulator"
	"chatbridge/migrate/emulator/faults"
)

// servers are the emulators of the scripts, by the folder a script works in.
var servers serverTable

type serverTable struct{ byFolder sync.Map }

// served is the emulator of a script.
type served struct {
	*emulator.Server
	plan    *faults.Plan     // nil without faults
	strikes chan faults.Kind // what struck, in order
}

func (t *serverTable) put(folder string, s served) { t.byFolder.Store(folder, s) }

func (t *serverTable) of(folder string) served {
	s, ok := t.byFolder.Load(folder)
	if !ok {
		panic("this script has no emulator")
	}
	return s.(served)
}
