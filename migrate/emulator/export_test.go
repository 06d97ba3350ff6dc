package emulator

// Routes counts the operations that a host serves.
func (e *Emulator) Routes(h Host) (n int) {
	host := e.chat
	if h == ConversationsHost {
		host = e.conv
	}
	for _, routes := range host.routes.byLength {
		n += len(routes)
	}
	return n
}
