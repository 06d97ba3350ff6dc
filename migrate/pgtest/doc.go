// Package pgtest gives tests a PostgreSQL: the one that CHATBRIDGE_TEST_POSTGRES
// names, or one that it starts for the test binary and stops at its end.
//
// A TestMain has to run its tests through Stopping. The server that is started
// listens on a port of 127.0.0.1 that the system picks, and keeps its data in a
// temporary folder. It trusts everybody but the role Guarded, which needs a password.
// When the test binary dies, however that happens, the server stops and its folder goes.
package pgtest
