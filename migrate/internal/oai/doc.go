// Package oai holds HTTP traffic in tests to Twilio's OpenAPI documents, in both
// directions.
//
// The documents are not part of this repository. They are read from the folder
// that the environment variable TWILIO_OAI_DIR names, by default
// ../shared/openapi beside the module. Where there are none the test is skipped,
// unless CHATBRIDGE_REQUIRE_OAI is 1: then it fails. To have them:
//
//	git clone https://github.com/twilio/twilio-oai
//	export TWILIO_OAI_DIR=$PWD/twilio-oai/spec/json
//
// A Checker knows one host. It reports a path or method that the document does
// not have, a parameter that the operation does not take or takes otherwise, a
// success that is not the documented one, and a body that does not have the
// documented shape, unknown fields included. The documents describe no refusals,
// so those are held to the shape of Twilio's error body.
//
// Not for use outside tests.
package oai
