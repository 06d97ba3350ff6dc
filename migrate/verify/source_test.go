package verify_test

import (
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping"
	"chatbridge/migrate"
	"chatbridge/migrate/archive"
	"chatbridge/migrate/internal/rig"
	"chatbridge/migrate/verify"
)

const (
	serviceDir = "services/" + rig.ScenarioService + "/"
	channelDir = serviceDir + "channels/CH00000000000000000000000000000001/"
)

// appended is a change to a file of an archive: one line more.
func appended(line string) func(string) string {
	return func(s string) string { return s + line + "\n" }
}

func replaced(old, with string) func(string) string {
	return func(s string) string { return strings.Replace(s, old, with, 1) }
}

// changed is a finished migration beside a source that is not what it was.
type changed struct {
	*rig.Mutant
	source *archive.Source
}

func changeSource(t *testing.T, policy mapping.Policy, file string, change func(string) string) *changed {
	t.Helper()
	from := rig.WholeScenario().Archive()
	if _, err := fs.Stat(from, file); err != nil {
		from = withEmpty(from, file)
	}
	a, err := archive.Open(rig.WithFile(t, from, file, change))
	require.NoError(t, err)
	src := archive.NewSource(a)
	t.Cleanup(func() { require.NoError(t, src.Close()) })
	m := rig.Migrated(t, rig.WholeScenario())
	m.Settings.Mapper.Policy = policy
	return &changed{m, src}
}

func (c *changed) compare(t *testing.T) (verify.Verification, []verify.Difference, error) {
	t.Helper()
	var all []verify.Difference
	v := verify.Verifier{Source: c.source, Target: c.Target, Observer: c.Events, Settings: c.Settings}
	got, err := v.Run(t.Context(), func(d verify.Difference) { all = append(all, d) })
	return got, all, err
}

func (c *changed) repair(t *testing.T) (verify.Repairs, []verify.Repair) {
	t.Helper()
	var all []verify.Repair
	r := verify.Repairer{
		Verifier: verify.Verifier{Source: c.source, Target: c.Target, Observer: c.Events, Settings: c.Settings},
		Write:    c.Target, Bring: c.Bring(c.source, nil), Execute: true,
	}
	got, err := r.Run(t.Context(), func(one verify.Repair) { all = append(all, one) })
	require.NoError(t, err)
	return got, all
}

// named are differences by what names them.
func named(all []verify.Difference) (short []verify.Difference) {
	for _, d := range all {
		short = append(short, verify.Difference{Class: d.Class, Kind: d.Kind, SourceSID: d.SourceSID, Field: d.Field})
	}
	return short
}

// lastOf is the last word on a difference.
func lastOf(all []verify.Repair, d verify.Difference) (last verify.Repair) {
	for _, one := range all {
		if named([]verify.Difference{one.Difference})[0] == d {
			last = one
		}
	}
	return last
}

// TestSourceThatWentOn compares with a source in which something is that was
// not there when it was migrated, and repairs it.
func TestSourceThatWentOn(t *testing.T) {
	const (
		role   = `{"sid":"RL00000000000000000000000000000009","service_sid":"` + rig.ScenarioService + `","friendly_name":"New","type":"channel","permissions":["sendMessage"],"date_created":"1999-03-01T09:00:00Z","date_updated":"1999-03-01T09:00:00Z"}`
		user   = `{"sid":"US00000000000000000000000000000009","service_sid":"` + rig.ScenarioService + `","identity":"new","friendly_name":"New","attributes":"{}","role_sid":"RL00000000000000000000000000000001","date_created":"1999-03-01T09:00:00Z","date_updated":"1999-03-01T09:00:00Z"}`
		member = `{"sid":"MB00000000000000000000000000000009","channel_sid":"CH00000000000000000000000000000001","service_sid":"` + rig.ScenarioService + `","identity":"new","role_sid":"RL00000000000000000000000000000002","last_consumed_message_index":2,"last_consumption_timestamp":"1999-03-01T10:00:00Z","date_created":"1999-03-01T09:00:00Z","date_updated":"1999-03-01T10:00:00Z"}`
		invite = `{"sid":"IN00000000000000000000000000000009","channel_sid":"CH00000000000000000000000000000001","service_sid":"` + rig.ScenarioService + `","identity":"new","created_by":"x","role_sid":"RL00000000000000000000000000000002","date_created":"1999-03-01T09:00:00Z","date_updated":"1999-03-01T10:00:00Z"}`
		late   = `{"sid":"IM00000000000000000000000000000091","channel_sid":"CH00000000000000000000000000000001","to":"CH00000000000000000000000000000001","service_sid":"` + rig.ScenarioService + `","index":9,"from":"new","body":"late","attributes":"{}","date_created":"1999-03-02T09:00:00Z","date_updated":"1999-03-02T09:00:00Z"}`
	)
	empty := strings.NewReplacer(`"index":9`, `"index":8`, `"body":"late"`, `"body":""`, "IM00000000000000000000000000000091", "IM00000000000000000000000000000090").Replace(late)
	powerless := strings.Replace(role, `["sendMessage"]`, `[]`, 1)
	for name, c := range map[string]struct {
		file    string
		change  func(string) string
		policy  mapping.Policy
		want    []verify.Difference // Class, Kind, SourceSID and Field; what also differs is told apart by this
		reasons []string            // beside want: part of why it stays; empty where it is brought back
	}{
		"a role": {file: "roles.jsonl", change: appended(role),
			want: []verify.Difference{{Class: verify.Missing, Kind: migrate.KindRoles, SourceSID: "RL00000000000000000000000000000009"}}, reasons: []string{""}},
		"two roles": {file: "roles.jsonl", change: appended(role + "\n" + strings.NewReplacer(`"New"`, `"Newer"`, "RL00000000000000000000000000000009", "RL00000000000000000000000000000008").Replace(role)),
			want: []verify.Difference{
				{Class: verify.Missing, Kind: migrate.KindRoles, SourceSID: "RL00000000000000000000000000000009"},
				{Class: verify.Missing, Kind: migrate.KindRoles, SourceSID: "RL00000000000000000000000000000008"},
			}, reasons: []string{"", ""}},
		"another date of a channel": {file: "channels.jsonl", change: replaced(`"date_created":"1999-03-01T09:00:00Z"`, `"date_created":"1999-03-01T09:30:00Z"`),
			want: []verify.Difference{{Class: verify.WrongDate, Kind: migrate.KindChannels, SourceSID: "CH00000000000000000000000000000001", Field: "date_created"}}, reasons: []string{""}},
		"a role that mapping stops at": {file: "roles.jsonl", change: appended(powerless), policy: mapping.Policy{mapping.RoleEmpty: "stop"},
			want: []verify.Difference{{Class: verify.Missing, Kind: migrate.KindRoles, SourceSID: "RL00000000000000000000000000000009"}}, reasons: []string{"needs a policy"}},
		"a role that is left out": {file: "roles.jsonl", change: appended(powerless), policy: mapping.Policy{mapping.RoleEmpty: "skip"}},
		"a role of the same name": {file: "roles.jsonl", change: appended(strings.Replace(role, `"New"`, `"Reader"`, 1)),
			want: []verify.Difference{{Class: verify.Missing, Kind: migrate.KindRoles, SourceSID: "RL00000000000000000000000000000009"}}, reasons: []string{""}},
		"a user": {file: "users.jsonl", change: appended(user),
			want: []verify.Difference{{Class: verify.Missing, Kind: migrate.KindUsers, SourceSID: "US00000000000000000000000000000009"}}, reasons: []string{""}},
		"a user that mapping stops at": {file: "users.jsonl", change: appended(strings.Replace(user, `"new"`, `""`, 1)),
			want: []verify.Difference{{Class: verify.Missing, Kind: migrate.KindUsers, SourceSID: "US00000000000000000000000000000009"}}, reasons: []string{"needs a policy"}},
		"a user that is left out":    {file: "users.jsonl", change: appended(strings.Replace(user, `"new"`, `""`, 1)), policy: mapping.Policy{mapping.IdentityEmpty: "skip"}},
		"a user who is listed twice": {file: "users.jsonl", change: appended(strings.Replace(user, `"new"`, `"user0@example.com"`, 1))},
		"other attributes of a user": {file: "users.jsonl", change: replaced(`"{\"n\":0}"`, `"{\"n\":7}"`),
			want: []verify.Difference{{Class: verify.Altered, Kind: migrate.KindUsers, SourceSID: "US00000000000000000000000000000001", Field: "attributes"}}, reasons: []string{""}},
		"a user without a name": {file: "users.jsonl", change: replaced(`"User 0"`, `null`),
			want: []verify.Difference{{Class: verify.Altered, Kind: migrate.KindUsers, SourceSID: "US00000000000000000000000000000001", Field: "friendly_name"}}, reasons: []string{""}},
		"a member": {file: "channels/CH00000000000000000000000000000001/members.jsonl", change: appended(member),
			want: []verify.Difference{{Class: verify.Missing, Kind: migrate.KindMembers, SourceSID: "MB00000000000000000000000000000009"}}, reasons: []string{""}},
		"a member that mapping stops at": {file: "channels/CH00000000000000000000000000000001/members.jsonl", change: appended(strings.Replace(member, `"new"`, `""`, 1)),
			want: []verify.Difference{{Class: verify.Missing, Kind: migrate.KindMembers, SourceSID: "MB00000000000000000000000000000009"}}, reasons: []string{"needs a policy"}},
		"a member that is left out":    {file: "channels/CH00000000000000000000000000000001/members.jsonl", change: appended(strings.Replace(member, `"new"`, `""`, 1)), policy: mapping.Policy{mapping.IdentityEmpty: "skip"}},
		"a member who is listed twice": {file: "channels/CH00000000000000000000000000000001/members.jsonl", change: appended(strings.Replace(member, `"new"`, `"user0@example.com"`, 1))},
		"attributes of a member": {file: "channels/CH00000000000000000000000000000001/members.jsonl", change: replaced(`"sid":"MB00000000000000000000000000000001"`, `"sid":"MB00000000000000000000000000000001","attributes":"{\"a\":1}"`),
			want: []verify.Difference{{Class: verify.Altered, Kind: migrate.KindMembers, SourceSID: "MB00000000000000000000000000000001", Field: "attributes"}}, reasons: []string{""}},
		"another time at which a member joined": {file: "channels/CH00000000000000000000000000000001/members.jsonl", change: replaced(`"date_created":"1999-03-01T09:00:00Z"`, `"date_created":"1999-03-01T09:30:00Z"`),
			want: []verify.Difference{{Class: verify.WrongDate, Kind: migrate.KindMembers, SourceSID: "MB00000000000000000000000000000001", Field: "date_created"}}, reasons: []string{""}},
		"another time at which a member read": {file: "channels/CH00000000000000000000000000000001/members.jsonl", change: replaced(`"last_consumption_timestamp":"1999-03-01T10:00:00Z"`, `"last_consumption_timestamp":"1999-03-01T10:30:00Z"`),
			want: []verify.Difference{{Class: verify.WrongHorizon, Kind: migrate.KindMembers, SourceSID: "MB00000000000000000000000000000001", Field: "last_read_timestamp"}}, reasons: []string{""}},
		"an invite that is to be added": {file: "channels/CH00000000000000000000000000000001/invites.jsonl", change: appended(invite), policy: mapping.Policy{mapping.InviteLost: "add"},
			want: []verify.Difference{{Class: verify.Missing, Kind: migrate.KindInvites, SourceSID: "IN00000000000000000000000000000009"}}, reasons: []string{""}},
		"an invite of one who is there":     {file: "channels/CH00000000000000000000000000000001/invites.jsonl", change: appended(strings.Replace(invite, `"new"`, `"user0@example.com"`, 1)), policy: mapping.Policy{mapping.InviteLost: "add"}},
		"an invite that is not to be added": {file: "channels/CH00000000000000000000000000000001/invites.jsonl", change: appended(invite)},
		"a message": {file: "channels/CH00000000000000000000000000000001/messages.jsonl", change: appended(late),
			want: []verify.Difference{{Class: verify.Missing, Kind: migrate.KindMessages, SourceSID: "IM00000000000000000000000000000091"}}, reasons: []string{""}},
		"a message that mapping stops at, and one after it": {file: "channels/CH00000000000000000000000000000001/messages.jsonl", change: appended(empty + "\n" + late),
			want: []verify.Difference{
				{Class: verify.Missing, Kind: migrate.KindMessages, SourceSID: "IM00000000000000000000000000000090"},
				{Class: verify.Missing, Kind: migrate.KindMessages, SourceSID: "IM00000000000000000000000000000091"},
			}, reasons: []string{"needs a policy", "it comes after a message that needs a policy"}},
		"a message that is left out, and one after it": {file: "channels/CH00000000000000000000000000000001/messages.jsonl", change: appended(empty + "\n" + late), policy: mapping.Policy{mapping.BodyEmpty: "skip"},
			want: []verify.Difference{{Class: verify.Missing, Kind: migrate.KindMessages, SourceSID: "IM00000000000000000000000000000091"}}, reasons: []string{""}},
		"a later edit of a message": {file: "channels/CH00000000000000000000000000000001/messages.jsonl", change: func(s string) string {
			return strings.Replace(s, `"date_updated":"1999-03-01T09:00:37Z"`, `"date_updated":"1999-03-01T09:10:37Z"`, 1)
		}, want: []verify.Difference{{Class: verify.WrongDate, Kind: migrate.KindMessages, SourceSID: "IM00000000000000000000000000000002", Field: "date_updated"}}, reasons: []string{""}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := changeSource(t, c.policy, serviceDir+c.file, c.change)
				v, all, err := m.compare(t)
				require.NoError(t, err)
				require.Equal(t, c.want, named(all))
				require.Equal(t, len(c.want) == 0, v.Equal)

				got, repairs := m.repair(t)
				var stay []verify.Difference
				for i, want := range c.want {
					one := lastOf(repairs, want)
					require.Equal(t, c.reasons[i] == "", one.Done, "%+v", repairs)
					require.Equal(t, one.Done, one.Possible)
					if one.Done {
						require.Empty(t, one.Reason)
						continue
					}
					require.Contains(t, one.Reason, c.reasons[i])
					stay = append(stay, want)
				}
				require.Equal(t, len(stay) == 0, got.Equal)
				require.EqualValues(t, len(stay), got.Impossible)
				require.Equal(t, got.Possible, got.Done)
				_, all, err = m.compare(t)
				require.NoError(t, err)
				require.Equal(t, stay, named(all))
				require.Zero(t, m.Emulator.Stats().Pushes)
			})
		})
	}
}

// withEmpty is an archive with one file more.
func withEmpty(in fs.FS, name string) fs.FS {
	out := fstest.MapFS{}
	for path, file := range in.(fstest.MapFS) {
		out[path] = file
	}
	out[name] = &fstest.MapFile{Mode: 0o600}
	return out
}
