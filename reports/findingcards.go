package reports

import "chatbridge/migrate"

// findingGroup are findings that the same people notice, as a page shows them.
type findingGroup struct {
	Title string
	Cards []findingCard
}

type findingCard struct {
	Code, Severity, Effect, Count, Meaning string
	Samples                                []string
}

// groups are findings by who notices them, in the order of how much that matters.
func (l findingList) groups() []findingGroup {
	by := ranked(l)
	var all []findingGroup
	for _, g := range []struct {
		title string
		found []migrate.FindingCount
	}{
		{"Stops its channel until a policy decides", by.stops()},
		{"People in the chats notice", by.of(people)},
		{"Operators have to look at", by.of(operators)},
		{"Nobody notices", by.of(nobody)},
	} {
		if len(g.found) > 0 {
			all = append(all, findingGroup{g.title, cards(g.found)})
		}
	}
	return all
}

func cards(found []migrate.FindingCount) []findingCard {
	var all []findingCard
	for _, f := range found {
		all = append(all, findingCard{
			Code: string(f.Code), Severity: string(f.Severity), Effect: severities[f.Severity],
			Count: count(f.Count, "time", "times"), Meaning: sentence(meanings[f.Code]), Samples: f.Samples,
		})
	}
	return all
}
