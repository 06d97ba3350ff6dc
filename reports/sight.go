package reports

import (
	"cmp"
	"fmt"

	"chatbridge/migrate/audit"
)

// sightShown is how many channels a report for people names that users would no
// longer see.
const sightShown = 20

// sight names the channels that users would no longer see, and says what to do.
func (d *document) sight(all []audit.SightLost, most int) {
	if len(all) == 0 {
		return
	}
	t := tableBlock{header: []string{"channel", "name", "members", "users who lose sight"}, numbers: []int{2, 3}}
	for _, c := range all[:min(len(all), most)] {
		t.rows = append(t.rows, []string{c.SID, cmp.Or(c.FriendlyName, c.UniqueName), Number(c.Members), Number(c.Users)})
	}
	d.add(heading("Who loses sight of a channel that is made private"), t)
	if more := len(all) - most; more > 0 {
		d.add(paragraph(fmt.Sprintf("And %s more: --channels-out lists them.", Number(int64(more)))))
	}
	d.add(paragraph("In Chat these users can find and join the channel; in Conversations they cannot. To see what it takes to add them:"),
		commands{"chatbridge migrate --in-place --add-members all --dry-run"})
}
