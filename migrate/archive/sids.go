package archive

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
)

// sids are the SIDs that one reading of a file has met, 18 bytes each.
type sids map[[18]byte]struct{}

// add fails for a SID that is there: the resource would be written twice.
func (s sids) add(raw json.RawMessage) error {
	var h header
	if err := json.Unmarshal(raw, &h); err != nil || len(h.SID) != 34 {
		return nil // what has no SID is told by whoever needs one
	}
	var key [18]byte
	copy(key[:], h.SID[:2])
	if _, err := hex.Decode(key[2:], []byte(h.SID[2:])); err != nil {
		return nil
	}
	if _, twice := s[key]; twice {
		return fmt.Errorf("%s is listed twice", h.SID)
	}
	s[key] = struct{}{}
	return nil
}
