package oai

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
)

const (
	conversationsDocument = "twilio_conversations_v1.json"
	apiDocument           = "twilio_api_v2010.json"
)

// chatDocuments describe one version each of the Chat host.
var chatDocuments = []string{"twilio_chat_v1.json", "twilio_chat_v2.json", "twilio_chat_v3.json"}

// howTo says how to get the documents.
const howTo = "Twilio's OpenAPI documents are missing (%s): git clone https://github.com/twilio/twilio-oai, and set TWILIO_OAI_DIR to its spec/json"

// load reads a document, or skips the test where there is none.
func load(t testing.TB, name string) *openapi3.T {
	t.Helper()
	path := filepath.Join(folder(t), name)
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		if os.Getenv("CHATBRIDGE_REQUIRE_OAI") == "1" {
			t.Fatalf(howTo, path)
		}
		t.Skipf(howTo, path)
	}
	if err != nil {
		t.Fatalf("read document: %v", err)
	}
	loader := openapi3.NewLoader()
	doc, err := loader.LoadFromData(raw)
	if err != nil {
		t.Fatalf("load %s: %v", path, err)
	}
	// Their examples do not all validate.
	if err := doc.Validate(loader.Context, openapi3.DisableExamplesValidation()); err != nil {
		t.Fatalf("validate %s: %v", path, err)
	}
	return doc
}

func folder(t testing.TB) string {
	t.Helper()
	if dir := os.Getenv("TWILIO_OAI_DIR"); filepath.IsAbs(dir) {
		return dir
	} else if dir != "" {
		return filepath.Join(root(t), dir)
	}
	return filepath.Join(root(t), "..", "shared", "openapi")
}

// root is the folder of the module.
func root(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatalf("find module: %v", err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			t.Fatalf("find module: no go.mod above the test")
		}
		dir = parent
	}
}

// operation is one method on one path of a document.
type operation struct {
	name     string // "GET /v1/Services/{Sid}"
	segments []string
	path     *openapi3.PathItem
	spec     *openapi3.Operation
}

func operations(doc *openapi3.T) []operation {
	var all []operation
	for path, item := range doc.Paths.Map() {
		for method, spec := range item.Operations() {
			all = append(all, operation{method + " " + path, strings.Split(path, "/"), item, spec})
		}
	}
	return all
}

func (o operation) method() string {
	method, _, _ := strings.Cut(o.name, " ")
	return method
}

// match returns the path parameters, still encoded, and how many segments are
// literally those of the path.
func (o operation) match(segments []string) (params map[string]string, literal int, ok bool) {
	if len(segments) != len(o.segments) {
		return nil, 0, false
	}
	params = map[string]string{}
	for i, pattern := range o.segments {
		switch {
		case strings.HasPrefix(pattern, "{"):
			name, suffix, _ := strings.Cut(pattern[1:], "}") // such as {Sid}.json
			value, ends := strings.CutSuffix(segments[i], suffix)
			if value == "" || !ends {
				return nil, 0, false
			}
			params[name] = value
		case pattern != segments[i]:
			return nil, 0, false
		default:
			literal++
		}
	}
	return params, literal, true
}
