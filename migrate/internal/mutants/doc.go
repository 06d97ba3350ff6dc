// Command mutants changes the code under test in small ways, one at a time, and reports
// the changes that no test notices. Each of them is a guarantee without a test,
// or code that makes no difference.
//
//	go run ./migrate/internal/mutants -n 300 -seed 1
//	go run ./migrate/internal/mutants -only migrate/align.go -allow testdata/mutants/accepted.txt
//	go run ./migrate/internal/mutants -only 7deab40b -split 0
//
// # Mutants
//
// A site is one place and one change to it, found in the syntax tree:
//
//   - a condition of if, for or a switch without a tag, negated;
//   - == for != and back; < for <=, > for >= and back;
//   - && for || and back;
//   - a statement dropped: a call, a deferred call, go, an assignment, ++, --,
//     break and continue;
//   - a call skipped whose only result is an error, which is then nil;
//   - a function that returns zero values before it does anything;
//   - a constant integer one higher or one lower, true for false and back.
//
// Durations, enumerations, strings, case lists and capacities are left alone,
// and so is a change that does not compile.
//
// # How it is fast
//
// All sites of all packages are compiled into the tests at once, each behind a
// switch of package on, and the go command reads the instrumented files through
// an overlay: each test binary is built once, and no file of the module is
// touched. Each test then runs by itself with nothing switched on, which says
// how long it takes and which sites it reaches. A mutant meets only the tests
// that reach it, the fastest first, until one fails.
//
// A test that takes longer than -split is run by its subtests, and what it
// checks after the last of them is not asked. -split 0 confirms a survivor.
//
// A process that takes four times as long as without a mutant, and five seconds
// more, is ended, and its mutant is counted as a timeout: it was noticed.
//
// # Survivors
//
// The key of a mutant names package, function and change, and no line, so that
// it outlives edits elsewhere. A survivor that no test should have to notice
// goes into the file that -allow names, with the reason indented below its key.
// Entries that no longer apply are reported. The exit status is 1 when a mutant
// survived that is not accepted, and 2 when the run failed.
package main
