package reports

// Option changes how a report for people is rendered.
type Option func(*document)

// Completing passes every command that a report names through complete, which
// adds what it takes to paste it.
func Completing(complete func(command string) string) Option {
	return func(d *document) { d.complete = complete }
}

// Brief makes of a text what fits on one screen: the rest is for who asks. Other
// formats are whole.
func Brief() Option { return func(d *document) { d.brief = true } }

// WithoutLosses leaves out of a text of one screen what an audit said already, and
// what to do next if nothing went wrong.
func WithoutLosses() Option { return func(d *document) { d.told = true } }

func omitsLosses(options []Option) bool {
	var d document
	for _, o := range options {
		o(&d)
	}
	return d.told
}

// isBrief reports whether a report is to be a text of one screen.
func isBrief(f Format, options []Option) bool {
	var d document
	for _, o := range options {
		o(&d)
	}
	return f == Text && d.brief
}

// with applies options, and completes the commands.
func (d *document) with(options []Option) *document {
	for _, o := range options {
		o(d)
	}
	if d.complete == nil {
		return d
	}
	for i, b := range d.blocks {
		switch b := b.(type) {
		case commands:
			d.blocks[i] = commands(d.completed(b))
		case steps:
			own := make(steps, len(b))
			for n, s := range b {
				s.Commands = d.completed(s.Commands)
				own[n] = s
			}
			d.blocks[i] = own
		}
	}
	return d
}

func (d *document) completed(all []string) []string {
	out := make([]string, len(all))
	for i, c := range all {
		out[i] = d.complete(c)
	}
	return out
}
