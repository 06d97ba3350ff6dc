package reports

// stages are what people read about the stages of a channel, by the name of
// the stage: how far a channel is that reached it, and what is done on the way
// there.
var stages = map[string]struct{ state, work string }{
	"planned": {"not begun", ""},
	"open":    {"on its way", "making conversations"},
	"copied":  {"copied", "participants and messages"},
	"checked": {"read back", "reading back"},
	"done":    {"done", "read horizons, invites, dates"},
	"leaving": {"being undone", ""},
	"stopped": {"stopped", "channels that were stopped"},
}
