package reports

import (
	"fmt"
	"strings"

	"chatbridge/mapping"
	"chatbridge/migrate/audit"
)

// flex says, before anything else, which services Twilio Flex made or may have made.
func (d *document) flex(a audit.Audit) {
	for _, s := range a.Flex {
		said := "%s shows one sign of Twilio Flex: %s. If Flex uses it, follow Flex's own guide to Conversations:"
		if s.Made {
			said = "Twilio Flex made %s: %s. Flex has its own guide to Conversations:"
		}
		d.add(paragraph(fmt.Sprintf(said, s.ServiceSID, strings.Join(s.Signs, "; "))), commands{mapping.FlexGuide})
	}
}

// flexNext is what to do if a service of Flex would stop every run; nil if none would.
func flexNext(a audit.Audit) []block {
	for _, f := range a.Findings {
		if f.Code == mapping.FlexService && f.Severity == mapping.Stop {
			return []block{
				paragraph("Follow Flex's own guide:"),
				commands{mapping.FlexGuide},
				paragraph("To migrate other services alone, name them. To migrate this one all the same, accept that Flex does not use the result:"),
				commands{"chatbridge audit --service IS…", "chatbridge audit --policy " + string(mapping.FlexService) + "=accept"},
			}
		}
	}
	return nil
}
