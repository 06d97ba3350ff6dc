package emulator

import (
	"strings"
)

// credential is a push credential of the target. Its secrets are not kept.
type credential struct {
	sid, name, kind  string
	sandbox          *string
	created, updated date
}

var credentialPages = listing{key: "credentials", max: 100}

func (t *target) createCredential(x *Exchange) (Reply, error) {
	f := form{values: x.Form}
	c := &credential{sid: t.newSID("CR"), created: dateOf(x.now), updated: dateOf(x.now)}
	c.kind = strings.ToLower(x.Form.Get("Type"))
	if c.kind != "apn" && c.kind != "gcm" && c.kind != "fcm" {
		f.fail(invalid(20001, "Type is none of apn, gcm and fcm"))
	}
	f.text("FriendlyName", &c.name, maxRoleName, 50003)
	var sandbox bool
	f.bool("Sandbox", &sandbox)
	if f.err != nil {
		return Reply{}, f.err
	}
	shown := "False"
	if sandbox {
		shown = "True"
	}
	if c.kind == "apn" {
		c.sandbox = &shown
	}
	t.credentials.add(c.sid, c)
	return created(t.showCredential(x, c))
}

func (t *target) listCredentials(x *Exchange) (Reply, error) {
	c, err := t.pager.cursor(x, credentialPages)
	if err != nil {
		return Reply{}, err
	}
	return t.pager.list(x, credentialPages, c, shown(t.credentials.from(c.after), func(c *credential) any { return t.showCredential(x, c) }))
}

func (t *target) fetchCredential(x *Exchange) (Reply, error) {
	c, found := t.credentials.find(x.args[0])
	if !found {
		return Reply{}, notFound("Credential", x.args[0])
	}
	return ok(t.showCredential(x, c))
}

type credentialView struct {
	SID          string  `json:"sid"`
	AccountSID   string  `json:"account_sid"`
	FriendlyName *string `json:"friendly_name"`
	Type         string  `json:"type"`
	Sandbox      *string `json:"sandbox"`
	DateCreated  date    `json:"date_created"`
	DateUpdated  date    `json:"date_updated"`
	URL          string  `json:"url"`
}

func (t *target) showCredential(x *Exchange, c *credential) any {
	return credentialView{
		SID: c.sid, AccountSID: t.account, FriendlyName: optional(c.name), Type: c.kind, Sandbox: c.sandbox,
		DateCreated: c.created, DateUpdated: c.updated, URL: x.url("Credentials", c.sid),
	}
}
