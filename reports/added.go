package reports

import (
	"cmp"
	"fmt"
	"strings"

	"chatbridge/migrate/inplace"
)

// peopleShown is how many people a report names of those that are added to a channel,
// and addedShown how many channels it lists.
const (
	peopleShown = 5
	addedShown  = 20
)

// Some names a few people of so many.
func Some(identities []string, all int64) string {
	text := strings.Join(identities[:min(len(identities), peopleShown)], ", ")
	if more := all - int64(min(len(identities), peopleShown)); more > 0 {
		text += fmt.Sprintf(" and %s more", Number(more))
	}
	return text
}

// added says who was, or would be, added to which channels.
func (d *document) added(r inplace.Result) {
	a := r.Added
	if a == nil {
		return
	}
	sums := tableBlock{header: []string{"participants", "count"}, numbers: []int{1}, rows: [][]string{
		{"to add", Number(a.Participants)}, {"members already", Number(a.Existing)},
	}}
	channels := tableBlock{header: []string{"channel", "name", "members", "to add"}, numbers: []int{2, 3}}
	if r.Executed {
		d.add(heading("People who were added"))
		sums.rows = append(sums.rows, []string{"added by this run", Number(a.Added)}, []string{"failed", Number(a.Failed)})
	} else {
		d.add(heading("People who would be added"))
		channels.header = append(channels.header, "who")
	}
	for _, c := range a.Channels[:min(len(a.Channels), addedShown)] {
		row := []string{c.SID, cmp.Or(c.FriendlyName, c.UniqueName), Number(c.Members), Number(c.People)}
		if !r.Executed {
			row = append(row, Some(c.Identities, c.People))
		}
		channels.rows = append(channels.rows, row)
	}
	d.add(sums)
	if len(channels.rows) > 0 {
		d.add(channels)
	}
	if more := len(a.Channels) - addedShown; more > 0 {
		d.add(paragraph(fmt.Sprintf("And %s: --output json lists all.", count(int64(more), "more channel", "more channels"))))
	}
	d.add(paragraph(BillText(a.Bill)))
	d.add(paragraph("Nobody gets a push notification. chatbridge cannot take anybody out again: undo leaves them in."))
}
