// Package archive keeps a Programmable Chat v1 workspace in files: it reads one
// as a migrate.Source and writes one.
//
// # Format
//
// An archive is a folder, or a zip of that folder:
//
//	manifest.json
//	credentials.jsonl                      optional
//	services/IS…/service.json
//	services/IS…/roles.jsonl
//	services/IS…/users.jsonl
//	services/IS…/channels.jsonl
//	services/IS…/user_channels.jsonl          optional
//	services/IS…/bindings.jsonl               optional
//	services/IS…/files.jsonl                  optional
//	services/IS…/files/ME…                    optional
//	services/IS…/channels/CH…/members.jsonl
//	services/IS…/channels/CH…/messages.jsonl
//	services/IS…/channels/CH…/invites.jsonl   optional
//	services/IS…/channels/CH…/webhooks.jsonl  optional
//
// Folders, and the files of messages, are named by SID: two capital letters and 32
// lower-case hexadecimal digits. No other name is followed, so an archive cannot
// lead out of itself.
//
// service.json holds one JSON object. Each line of a .jsonl file holds one, in
// UTF-8, without a line break in it, of at most MaxLine bytes. Strings that the
// API itself sent as no UTF-8 are kept as they are. Lines end with "\n", and are
// read with "\r\n" as well; the last one may lack it. Empty lines are not allowed.
//
// An object is one v1 resource exactly as a single fetch returns it, so
// attributes are text that holds JSON, never null where they are set. Fields
// that this version does not know and integers of any size survive, because the
// bytes are kept.
//
// user_channels.jsonl holds what users have to do with channels: joined, invited
// or not participating, and notification levels. Each line names its user in
// user_sid, as v2 does and v1 does not, so an object that v1 returned has it
// added. These resources have no SID. Where the file is missing, nothing is known
// beyond members and invites.
//
// bindings.jsonl holds the devices that are registered for push notifications, with
// their tokens, and webhooks.jsonl the callbacks of a channel. Chat v2 alone shows
// either. Where the file is missing there are none, or nobody looked.
//
// files/ME… holds the bytes of a file that a message names, as the source has them.
// files.jsonl has a line for each:
//
//	{"sid": "ME…", "size": 1024, "content_type": "image/png", "filename": "lamp.png", "sha256": "…"}
//
// size is in bytes. sha256 may be left out; then only the manifest, if it names
// files, shows damage. A file without a line is not there for a reader.
//
// Within messages.jsonl indexes grow strictly. Gaps are messages that were
// deleted. Every other file is in no particular order, and a SID occurs once in
// it.
//
// A file that is not optional may be missing only where channels.jsonl says
// that there is nothing in it: members.jsonl where members_count is 0,
// messages.jsonl where messages_count is 0. Anything else that is missing is an
// error, so that half an archive never looks like a small one. Files of messages
// are missing only where the manifest says so in media or media_missing.
//
// manifest.json says what the archive is:
//
//	{
//	  "schema_version": 1,
//	  "created_at": "2021-06-01T12:00:00Z",
//	  "tool": "chatbridge 1.0",
//	  "account_sid": "AC…",
//	  "source_api": "v2",
//	  "media": "read",
//	  "media_missing": [{"service_sid": "IS…", "sid": "ME…", "reason": "…"}],
//	  "files": {
//	    "services/IS…/roles.jsonl": {"sha256": "…", "lines": 4},
//	    "services/IS…/files/ME…": {"sha256": "…", "lines": 0, "bytes": 1024}
//	  }
//	}
//
// scope, where it is there, says what of the account was selected; withheld, which
// files are missing because the key that was used might not read what belongs
// there. A manifest has at most 256 MiB.
//
// media says whether the files of messages were asked for: "read" where each is
// there or in media_missing with the reason, "left out" where none was. It is not
// there where nobody looked, as in an archive of Chat v1, which shows no files.
//
// A reader refuses a schema_version above its own and ignores fields it does
// not know. source_api is the API that was read: v1; v2, whose resources have more
// fields; or v1+v2, which is both, in one record: as v1 shows it, with what only v2
// shows, and with chat_versions where they did not agree. files is optional; where it
// is there, it names every file but the manifest, and Verify holds the archive to
// it. service.json counts as one line.
//
// # Guarantees
//
// Reading never holds more than one resource of a file in memory, beyond an
// offset for each user, channel, user's channel and file of a message, and 18 bytes
// for each SID of the file. A file of a message is never held whole. Writing is
// atomic by file: a name appears when its content is complete and on disk, and the
// manifest comes last, so a folder without one is an archive that was never
// finished. Such a folder has a journal, unfinished.jsonl, by which Continue knows
// what is complete.
//
// The package does not call Twilio, and does not judge or convert what
// resources say.
package archive
