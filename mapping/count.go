package mapping

// CountsDiffer says that the source announces another number than its lists show.
// field is the counter; sid is the service or channel that it is about.
func (m Mapper) CountsDiffer(sid, channelSID, field string, announced, shown int64) []Finding {
	n := m.notes(sid, channelSID)
	n.add(CountsDiffer, field, "%d announced, %d shown", announced, shown)
	return n.found
}

// HorizonBeyond says that a member of a channel has read up to an index above that
// of the newest message that the source shows; newest is -1 if it shows none.
func (m Mapper) HorizonBeyond(channelSID string, horizon, newest int64) []Finding {
	n := m.notes(channelSID, channelSID)
	n.add(HorizonBeyond, "last_consumed_message_index", "read up to %d, the newest shown is %d", horizon, newest)
	return n.found
}
