package oai

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

const jsonType = "application/json"

// checkReply says what is wrong with a reply.
func checkReply(o operation, status int, header http.Header, body []byte) []string {
	if status >= http.StatusBadRequest {
		return checkRefusal(status, header, body)
	}
	spec := o.spec.Responses.Status(status)
	if spec == nil {
		return []string{fmt.Sprintf("status %d is not in the document", status)}
	}
	content := spec.Value.Content.Get(jsonType)
	if content == nil {
		if len(body) > 0 {
			return []string{fmt.Sprintf("status %d has no body in the document", status)}
		}
		return nil
	}
	value, err := decode(header, body)
	if err != nil {
		return []string{err.Error()}
	}
	var problems []string
	check(content.Schema.Value, "", value, &problems)
	return problems
}

func decode(header http.Header, body []byte) (value any, err error) {
	if got := header.Get("Content-Type"); !strings.HasPrefix(got, jsonType) {
		return nil, fmt.Errorf("reply: Content-Type %q is not %s", got, jsonType)
	}
	if err := json.NewDecoder(bytes.NewReader(body)).Decode(&value); err != nil {
		return nil, fmt.Errorf("reply: %w", err)
	}
	return value, nil
}

// check walks a value along its schema: objects by field, so that an unknown
// field or an excepted one is seen, everything else as a whole.
func check(schema *openapi3.Schema, at string, value any, problems *[]string) {
	object, isObject := value.(map[string]any)
	items, isArray := value.([]any)
	switch {
	case isObject && len(schema.Properties) > 0:
		for _, name := range slices.Sorted(maps.Keys(object)) {
			property, known := schema.Properties[name]
			if !known {
				*problems = append(*problems, fmt.Sprintf("reply: %s.%s is not in the document", at, name))
				continue
			}
			if !excepted(name, object[name]) {
				check(property.Value, at+"."+name, object[name], problems)
			}
		}
	case isArray && schema.Items != nil && schema.Type.Is(openapi3.TypeArray):
		for i, item := range items {
			check(schema.Items.Value, fmt.Sprintf("%s[%d]", at, i), item, problems)
		}
	default:
		if err := schema.VisitJSON(value, openapi3.EnableFormatValidation()); err != nil {
			*problems = append(*problems, fmt.Sprintf("reply: %s: %s", at, firstLine(err)))
		}
	}
}

// checkRefusal holds a refusal to the shape of Twilio's error body. Proxies
// answer in other types, which are none of Twilio's.
func checkRefusal(status int, header http.Header, body []byte) []string {
	if !strings.HasPrefix(header.Get("Content-Type"), jsonType) {
		return nil
	}
	var refusal struct {
		Code     *int    `json:"code"`
		Message  *string `json:"message"`
		MoreInfo *string `json:"more_info"`
		Status   *int    `json:"status"`
	}
	if err := json.Unmarshal(body, &refusal); err != nil {
		return []string{"refusal: " + err.Error()}
	}
	if refusal.Code == nil || refusal.Message == nil || refusal.MoreInfo == nil || refusal.Status == nil || *refusal.Status != status {
		return []string{fmt.Sprintf("refusal: %.200s has not the code, message, more_info and status %d", body, status)}
	}
	return nil
}
