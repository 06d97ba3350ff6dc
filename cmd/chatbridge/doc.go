// Command chatbridge moves Twilio Programmable Chat v1 services into Twilio
// Conversations.
//
// One file holds one command: a constructor that declares its flags into an
// options struct, and a run function that takes the options and does the work.
// Whatever a command opens, it opens through a function in its options, so that
// asking for help or giving a wrong flag opens nothing.
//
// Vocabulary:
//
//   - console: the streams, environment and signals of the process.
//   - setting: a flag that can be given as a CHATBRIDGE_ variable and as a key
//     of the configuration file, too.
//   - sides: the source and the target of one run, connected.
//   - fleet: many accounts that one command works for. A turn is the command for one
//     of them: the very command, on a console of its own, whose member says what is
//     otherwise than for a command by itself.
//   - outcome: a finished command's wish for an exit status other than 0.
//
// Results go to stdout and everything else to stderr. Migrating, comparing and
// rendering are not done here: see packages migrate and reports.
package main
