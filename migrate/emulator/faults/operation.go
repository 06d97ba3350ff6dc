package faults

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"

	"chatbridge/migrate/emulator"
)

// operation identifies a request and its repetitions.
type operation uint64

// names stand for the SIDs that the emulator issues, which depend on the order
// of requests: a resource is named by the operation that created it.
type names struct {
	mu    sync.Mutex
	bySID map[string]operation
}

// operation of an exchange.
func (n *names) operation(x *emulator.Exchange) operation {
	n.mu.Lock()
	defer n.mu.Unlock()
	var b []byte
	put := func(s string) {
		if named, issued := n.bySID[s]; issued {
			b = binary.BigEndian.AppendUint64(append(b, 1), uint64(named))
			return
		}
		b = binary.BigEndian.AppendUint32(append(b, 0), uint32(len(s)))
		b = append(b, s...)
	}
	putAll := func(values url.Values) {
		for _, name := range slices.Sorted(maps.Keys(values)) {
			if name == "Page" || signed[name] { // of no meaning to the emulator, or new each time
				continue
			}
			put(name)
			for _, v := range values[name] {
				if name == "PageToken" {
					v = place(v)
				}
				put(v)
			}
		}
	}
	put(string(x.Host))
	put(x.Method)
	for _, segment := range x.Path {
		put(segment)
	}
	putAll(x.Query)
	putAll(x.Form)
	if x.Upload != nil {
		put(string(x.Upload.SHA256[:]))
	}
	sum := sha256.Sum256(b)
	return operation(binary.BigEndian.Uint64(sum[:]))
}

// signed are the parameters by which a media host knows an address of its own.
var signed = map[string]bool{"Expires": true, "Signature": true, "Key-Pair-Id": true}

// place is the number of the page that a token is for. The rest of a token
// depends on SIDs and on the indexes that the emulator skips.
func place(token string) string { return token[strings.LastIndexByte(token, '.')+1:] }

// learn names what an operation created. Messages stay unnamed: there are too
// many, and hardly a request that names one.
func (n *names) learn(x *emulator.Exchange, op operation, reply emulator.Reply) {
	if name, _ := resource(x); reply.Status != http.StatusCreated || name == "messages" {
		return
	}
	var created struct {
		SID string `json:"sid"`
	}
	if json.Unmarshal(reply.Body, &created) != nil || created.SID == "" {
		return
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.bySID == nil {
		n.bySID = map[string]operation{}
	}
	n.bySID[created.SID] = op
}

// dice are the random numbers of the n-th request of an operation.
func dice(seed uint64, op operation, n uint32) *rand.Rand {
	var b []byte
	b = binary.BigEndian.AppendUint64(b, seed)
	b = binary.BigEndian.AppendUint64(b, uint64(op))
	b = binary.BigEndian.AppendUint32(b, n)
	return rand.New(rand.NewChaCha8(sha256.Sum256(b)))
}
