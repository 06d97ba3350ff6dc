package archive

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
)

// sids are the SIDs that one reading of a file has met, 18 bytes each.
type sids map[[18]byte]struct{}

var errNoSID = errors.New("resource has no SID")

// add fails for a SID that is there, as the resource would be written twice, and for
// a resource without one, as it could not be told from the next.
func (s sids) add(raw json.RawMessage) error {
	var h header
	switch err := json.Unmarshal(raw, &h); {
	case err != nil:
		return nil // told by whoever decodes it
	case h.SID == "":
		return errNoSID
	case len(h.SID) != 34:
		return nil
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
