package oai

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// formType is the only type of body that Twilio takes.
const formType = "application/x-www-form-urlencoded"

// checkRequest says what is wrong with a request.
func checkRequest(o operation, path map[string]string, r *http.Request, body []byte) (problems []string) {
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return []string{"query: " + err.Error()}
	}
	known := map[string]bool{}
	for _, ref := range slices.Concat(o.path.Parameters, o.spec.Parameters) {
		p := ref.Value
		var sent []string
		switch p.In {
		case openapi3.ParameterInPath:
			decoded, err := url.PathUnescape(path[p.Name])
			if err != nil {
				problems = append(problems, "path: "+err.Error())
			}
			sent = []string{decoded}
		case openapi3.ParameterInQuery:
			sent, known[p.Name] = query[p.Name], true
		case openapi3.ParameterInHeader:
			sent = r.Header.Values(p.Name)
		}
		if len(sent) == 0 {
			if p.Required {
				problems = append(problems, fmt.Sprintf("%s parameter %s is missing", p.In, p.Name))
			}
			continue
		}
		problems = append(problems, checkValue(p.In+" parameter "+p.Name, p.Schema.Value, sent)...)
	}
	for name := range query {
		if !known[name] {
			problems = append(problems, "query parameter "+name+" is not in the document")
		}
	}
	return append(problems, checkForm(o, r, body)...)
}

func checkForm(o operation, r *http.Request, body []byte) (problems []string) {
	if o.spec.RequestBody == nil {
		if len(body) > 0 {
			problems = append(problems, "a body was sent to an operation that takes none")
		}
		return problems
	}
	if got := r.Header.Get("Content-Type"); len(body) > 0 && !strings.HasPrefix(got, formType) {
		return []string{fmt.Sprintf("body: Content-Type %q is not %s", got, formType)}
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return []string{"form: " + err.Error()}
	}
	schema := o.spec.RequestBody.Value.Content.Get(formType).Schema.Value
	for _, name := range schema.Required {
		if len(form[name]) == 0 {
			problems = append(problems, "form parameter "+name+" is missing")
		}
	}
	for _, name := range slices.Sorted(maps.Keys(form)) {
		property, known := schema.Properties[name]
		if !known {
			problems = append(problems, "form parameter "+name+" is not in the document")
			continue
		}
		problems = append(problems, checkValue("form parameter "+name, property.Value, form[name])...)
	}
	return problems
}

// checkValue holds the texts of one parameter to its schema.
func checkValue(what string, schema *openapi3.Schema, sent []string) (problems []string) {
	if schema.Type.Is(openapi3.TypeArray) {
		for _, text := range sent {
			problems = append(problems, checkValue(what, schema.Items.Value, []string{text})...)
		}
		return problems
	}
	if len(sent) > 1 {
		return []string{what + " was sent more than once"}
	}
	if sent[0] == "" && (schema.Type.Is(openapi3.TypeString) || schema.Nullable) {
		return nil // how a form clears a value
	}
	value, err := typed(schema, sent[0])
	if err == nil {
		err = schema.VisitJSON(value, openapi3.EnableFormatValidation())
	}
	if err != nil {
		problems = append(problems, fmt.Sprintf("%s: %s", what, firstLine(err)))
	}
	return problems
}

func typed(schema *openapi3.Schema, text string) (any, error) {
	switch {
	case schema.Type.Is(openapi3.TypeInteger), schema.Type.Is(openapi3.TypeNumber):
		return strconv.ParseFloat(text, 64)
	case schema.Type.Is(openapi3.TypeBoolean):
		return strconv.ParseBool(text)
	}
	return text, nil
}

func firstLine(err error) string {
	line, _, _ := strings.Cut(err.Error(), "\n")
	return line
}
