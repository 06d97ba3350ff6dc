package reports

// Option changes how a report for people is rendered.
type Option func(*document)

// Completing passes every command that a report names through complete, which
// adds what it takes to paste it.
func Completing(complete func(command string) string) Option {
	return func(d *document) { d.complete = complete }
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
