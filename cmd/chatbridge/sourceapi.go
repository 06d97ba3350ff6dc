package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"chatbridge/migrate"
	"chatbridge/migrate/archive"
	"chatbridge/migrate/transport"
	"chatbridge/migrate/twilio"
	"chatbridge/migrate/versions"
)

// autoAPI is the value of --source-api that reads both versions of Chat if the account
// answers v2, and v1 alone if not.
const autoAPI = "auto"

var sourceAPIs = []string{twilio.APIv1, twilio.APIv2, versions.API, autoAPI}

const (
	sourceAPISetting = "--source-api"
	readV2           = "read through Chat v2"
)

// apiOption says through which version of Chat the source is read.
type apiOption struct {
	SourceAPI string

	// bound is what a ledger or an unfinished archive says that it was, which a run
	// that goes on must keep to, and boundBy names that; empty where nothing is.
	bound, boundBy string
	ledgerBound    bool   // it is a ledger
	resolved       string // what is read, once that is known
}

func (o *apiOption) checkAPI(fromArchive bool) error {
	switch {
	case o.SourceAPI != "" && !slices.Contains(sourceAPIs, o.SourceAPI):
		return usageError("choose v1, v2, v1+v2 or auto", "--source-api %q is not known", o.SourceAPI)
	case o.SourceAPI != "" && o.SourceAPI != twilio.APIv1 && fromArchive:
		return usageError("an archive holds what was exported: give --source-api to chatbridge export", "--source-api does not apply to an archive")
	}
	return nil
}

// api is the version that is read: v1, v2, or both.
func (o *apiOption) api() string { return cmp.Or(o.resolved, o.SourceAPI, twilio.APIv1) }

// followLedger has auto be what it was for the run that began a ledger. A ledger that
// cannot be read is somebody else's to report.
func (o *apiOption) followLedger(ctx context.Context, path string) {
	if o.SourceAPI != autoAPI {
		return
	}
	ledger, err := readLedger(ctx, path)
	if err != nil {
		return
	}
	defer ledger.Close()
	if f, err := ledger.Fingerprint(ctx); err == nil {
		o.bound, o.boundBy = f[sourceAPISetting], "the ledger "+path
		o.ledgerBound = true
	}
}

// followArchive has auto be what it was for an export that was not finished.
func (o *apiOption) followArchive(dir string) {
	if o.SourceAPI != autoAPI {
		return
	}
	if begun, err := archive.Begun(dir); err == nil {
		o.bound, o.boundBy = begun.SourceAPI, "the unfinished archive "+dir
	}
}

// resolveAPI finds out, once, whether the account answers v2, if it depends on that
// how the source is read.
func (c connector) resolveAPI(ctx context.Context) error {
	wanted := c.SourceAPI
	if wanted == autoAPI && c.bound != "" {
		wanted = c.bound
	}
	switch {
	case c.FromArchive != "" || c.resolved != "":
		return nil
	case wanted != autoAPI && wanted != versions.API:
		c.resolved = wanted
		c.sayAPI()
		return nil
	}
	unanswered, err := c.ask(ctx, twilio.APIv2)
	if err != nil {
		return err
	}
	switch {
	case unanswered == nil && wanted == versions.API:
		c.resolved = versions.API
	case unanswered == nil:
		if c.resolved, err = c.besideV2(ctx); err != nil {
			return err
		}
	case c.SourceAPI == versions.API:
		return &migrate.Error{
			Op: readV2, Kind: migrate.Unavailable, Err: fmt.Errorf("--source-api v1+v2 reads both versions, but v2 does not answer: %w", unanswered),
			Hint: "run again later; to read v1 alone if v2 does not answer: --source-api auto",
		}
	case wanted == versions.API:
		return &migrate.Error{
			Op: readV2, Kind: migrate.Unavailable, Err: fmt.Errorf("%s was made by reading Chat v1 and v2, but v2 does not answer any more: %w", c.boundBy, unanswered),
			Hint: c.withoutV2(),
		}
	default:
		c.resolved = twilio.APIv1
		c.log.Warn("Chat v2 does not answer, so v1 alone is read, which shows no files, attributes of members or notification levels", migrate.KeyReason, unanswered.Error())
	}
	c.sayAPI()
	return nil
}

// sayAPI says what auto became, and because of what.
func (c connector) sayAPI() {
	switch {
	case c.SourceAPI != autoAPI:
	case c.bound != "":
		c.log.Info("the source is read through Chat " + c.resolved + ", as for " + c.boundBy)
	default:
		c.log.Info("the source is read through Chat " + c.resolved)
	}
}

// besideV2 is what auto becomes for an account that answers v2.
func (c connector) besideV2(ctx context.Context) (string, error) {
	unanswered, err := c.ask(ctx, twilio.APIv1)
	if err != nil || unanswered == nil {
		return versions.API, err
	}
	c.log.Warn("Chat v1 does not answer, so v2 alone is read", migrate.KeyReason, unanswered.Error())
	return twilio.APIv2, nil
}

// anyAPI is for a command that reads nothing of the source: it asks v1 in place of
// both.
func (o *apiOption) anyAPI() {
	if o.SourceAPI == autoAPI || o.SourceAPI == versions.API {
		o.resolved = twilio.APIv1
	}
}

// withoutV2 is what can be done when v2 does not answer any more.
func (c connector) withoutV2() string {
	if c.ledgerBound {
		return "run again later; to go on without what only v2 shows: chatbridge migrate --source-api v1 --accept-settings"
	}
	return "run again later, or begin anew in another folder: --source-api v1"
}

// ask has a version list the services. unanswered says why it cannot be read, and err
// that nobody knows: then it is not for us to read less.
func (c connector) ask(ctx context.Context, api string) (unanswered, err error) {
	src, err := c.reader(c.transport(&transport.Counter{}, c.log, probePatience), api)
	if err != nil {
		return nil, err
	}
	for _, err = range src.Services(ctx) {
		break
	}
	switch kind := migrate.KindOf(err); {
	case err == nil:
		return nil, nil
	case errors.Is(err, migrate.ErrOtherAccount):
		return nil, err
	case kind == migrate.NotFound, kind == migrate.Refused, kind == migrate.Usage, kind == migrate.Credentials:
		return err, nil
	}
	return nil, &migrate.Error{
		Op: "read through Chat " + api, Kind: migrate.KindOf(err), Err: fmt.Errorf("nobody can tell whether the account answers it: %w", err),
		Hint: "run again; to read v1 without asking: --source-api v1",
	}
}
