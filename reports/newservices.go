package reports

import (
	"fmt"
	"strings"

	"chatbridge/migrate"
	"chatbridge/migrate/audit"
)

// newServices says how many services a copy would make, and what would meet in one.
func (d *document) newServices(a audit.Audit) {
	n := a.NewServices
	if n.Made == 0 {
		return
	}
	d.add(heading("What counts against the limit of services"))
	d.add(paragraph(fmt.Sprintf("A copy makes %s. Twilio limits how many an account may have together with its parent and all subaccounts, but does not publish the number (error 21102).",
		count(n.Made, "new service", "new services"))))
	if n.Merge == nil {
		return
	}
	d.add(paragraph("To make none, copy into one service that is there, which keeps its own webhooks, push settings and default roles. In it: " + mergeText(*n.Merge) + ". To see more:"))
	d.add(commands{"chatbridge audit --to-service IS…"})
	if t := mergeTable(*n.Merge); len(t.rows) > 0 {
		d.add(t)
	}
}

// collisions are the parts of a merge, with what becomes of each.
func collisions(m audit.Merge) []struct {
	c         audit.Collision
	one, many string
	fate      string
} {
	return []struct {
		c         audit.Collision
		one, many string
		fate      string
	}{
		{m.UniqueNames, "unique name", "unique names", "the channel stops, or --policy unique-name-taken=drop"},
		{m.People, "person with another profile", "people with other profiles", "the first profile wins"},
		{m.Roles, "role with other permissions", "roles with other permissions", "the first role wins"},
		{m.Crowded, "person in too many channels", "people in too many channels", fmt.Sprintf("beyond %s they are refused", Number(migrate.MaxLimit))},
		{m.Limits, "service with other limits", "services with other limits", "the target keeps its own, or they are raised"},
	}
}

func mergeText(m audit.Merge) string {
	var parts []string
	for _, one := range collisions(m) {
		if one.c.Count > 0 {
			parts = append(parts, count(one.c.Count, one.one, one.many))
		}
	}
	if len(parts) == 0 {
		return "nothing would collide"
	}
	return strings.Join(parts, ", ") + " would collide"
}

func mergeTable(m audit.Merge) tableBlock {
	t := tableBlock{header: []string{"collision", "count", "what happens", "such as"}, numbers: []int{1}}
	for _, one := range collisions(m) {
		if one.c.Count > 0 {
			t.rows = append(t.rows, []string{one.many, Number(one.c.Count), one.fate, strings.Join(one.c.Samples[:min(1, len(one.c.Samples))], " ")})
		}
	}
	return t
}

// newServiceRows are the same as measures.
func newServiceRows(n audit.NewServices) [][]string {
	rows := [][]string{{"new_services", "made", "count", whole(n.Made)}}
	if n.Merge == nil {
		return rows
	}
	for _, one := range []struct {
		name string
		c    audit.Collision
	}{
		{"unique_names", n.Merge.UniqueNames}, {"people", n.Merge.People}, {"roles", n.Merge.Roles}, {"crowded", n.Merge.Crowded}, {"limits", n.Merge.Limits},
	} {
		rows = append(rows, []string{"merge", one.name, "count", whole(one.c.Count)})
	}
	return rows
}
