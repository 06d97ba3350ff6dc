package reports

import (
	"bufio"
	"fmt"
	"strings"

	"github.com/jedib0t/go-pretty/v6/text"
)

// steps are things for a person to do, in their order: a checklist.
type steps []step

type step struct {
	Title    string
	Detail   string
	Commands []string
}

func (s steps) text(w *bufio.Writer) {
	const deep = "      "
	for _, one := range s {
		fmt.Fprintf(w, "  [ ] %s\n", Plain(one.Title))
		for line := range strings.Lines(text.WrapSoft(Plain(one.Detail), textWidth-len(deep))) {
			fmt.Fprintf(w, "%s%s\n", deep, strings.TrimRight(line, " \n"))
		}
		for _, c := range one.Commands {
			fmt.Fprintf(w, "%s    %s\n", deep, Plain(c))
		}
	}
}

func (s steps) markdown(w *bufio.Writer) {
	fmt.Fprintln(w)
	for _, one := range s {
		fmt.Fprintf(w, "- [ ] **%s** %s\n", marked(one.Title), marked(one.Detail))
		for _, c := range one.Commands {
			fmt.Fprintf(w, "\n          %s\n", Plain(c))
		}
	}
}
