package emulator

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"strings"
)

// fileKey is the first half of the id of each file of the channel.
func (v *invented) fileKey() uint64 { return mix(v.key, 1) }

// fileTypes are what invented files are, with how their names end.
var fileTypes = [][2]string{
	{"image/jpeg", ".jpg"}, {"image/png", ".png"}, {"application/pdf", ".pdf"}, {"audio/ogg", ".ogg"}, {"video/mp4", ".mp4"},
	{"text/plain; charset=utf-8", ".txt"}, {"application/octet-stream", ""},
}

// oddNames are those that a careless client stumbles over. Empty stands for none.
var oddNames = []string{
	"", "Übersicht – 日本 👍", `she said "hi"`, "../../etc/passwd", `C:\temp\a`, "a&b=c?d#e%41+f", " spaces ", strings.Repeat("long", 80), "semi;colon,comma",
}

// withFile gives a message a file, if it is one of those that have some. What is
// drawn for it moves nothing else.
func (v *invented) withFile(at int, raw json.RawMessage) json.RawMessage {
	w := v.world
	r := mix(v.key, uint64(at), 2)
	if w.Files <= 0 || float64(r>>32)/math.MaxUint32 >= w.Files {
		return raw
	}
	kind := fileTypes[r%uint64(len(fileTypes))]
	name := fmt.Sprintf("file-%d", at+1)
	if n := r >> 8 % 5; n == 0 {
		name = oddNames[mix(r)%uint64(len(oddNames))]
	}
	if name != "" {
		name += kind[1]
	}
	set := map[string]any{"type": "media", "media": map[string]any{
		"sid":  newID(v.fileKey(), uint64(at)*spread+v.key).sid("ME"),
		"size": 1 + mix(r, 3)%uint64(cmp.Or(w.FileBytes, DefaultFileBytes)), "content_type": kind[0], "filename": optional(name),
	}}
	if r>>16%4 != 0 {
		set["body"] = nil
	}
	return with(raw, set)
}
