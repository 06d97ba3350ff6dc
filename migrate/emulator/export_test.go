package emulator

// Routes counts the operations that a host serves.
func (e *Emulator) Routes(h Host) (n int) {
	host := e.chat
	switch h {
	case ConversationsHost:
		host = e.conv
	case MediaHost:
		host = e.media.api
	case EventsHost:
		host = e.events
	case APIHost:
		host = e.api
	}
	for _, routes := range host.routes.byLength {
		n += len(routes)
	}
	return n
}
