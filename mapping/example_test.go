package mapping_test

import (
	"encoding/json"
	"fmt"
	"time"

	"chatbridge/mapping"
	"chatbridge/mapping/chat"
)

// A Mapper says what becomes of a resource, and of everything in it that
// Conversations cannot take as it is.
func ExampleMapper_Message() {
	var m chat.Message
	if err := json.Unmarshal([]byte(`{
		"sid": "IM00000000000000000000000000000001",
		"from": "ann", "body": " ", "attributes": "{}", "index": 4,
		"date_created": "2016-05-02T09:00:12Z"
	}`), &m); err != nil {
		fmt.Println(err)
		return
	}
	for _, policy := range []mapping.Policy{nil, {mapping.BodyEmpty: "placeholder"}} {
		out, found := mapping.Mapper{Policy: policy}.Message(m, time.Time{})
		fmt.Printf("%s: %q, %s\n", out.Author, out.Body, out.DateCreated.Format(time.RFC3339))
		for _, f := range found {
			fmt.Println("  ", f.Code, f.Severity, f.SID)
		}
	}
	// Output:
	// ann: " ", 2016-05-02T09:00:12Z
	//    empty-body stop IM00000000000000000000000000000001
	// ann: "[empty message]", 2016-05-02T09:00:12Z
	//    empty-body info IM00000000000000000000000000000001
}
