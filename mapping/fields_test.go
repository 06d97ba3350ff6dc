package mapping_test

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping"
)

// openAPI is Twilio's own description of an API. The documents are those of
// github.com/twilio/twilio-oai; TWILIO_OAI_DIR names the folder they are in.
func openAPI(t *testing.T, name string) map[string]map[string]any {
	dir := os.Getenv("TWILIO_OAI_DIR")
	if dir == "" {
		dir = "../../shared/openapi"
	}
	raw, err := os.ReadFile(filepath.Join(dir, name))
	if os.IsNotExist(err) {
		t.Skipf("no %s in %s: get it from github.com/twilio/twilio-oai and set TWILIO_OAI_DIR", name, dir)
	}
	require.NoError(t, err)
	var doc struct {
		Components struct {
			Schemas map[string]struct {
				Properties map[string]any `json:"properties"`
			} `json:"schemas"`
		} `json:"components"`
	}
	require.NoError(t, json.Unmarshal(raw, &doc))
	out := map[string]map[string]any{}
	for name, s := range doc.Components.Schemas {
		out[name] = s.Properties
	}
	return out
}

func TestFieldsKnowEveryPropertyOfTwilio(t *testing.T) {
	schemas := map[string]string{
		"service":      "service",
		"role":         "service.role",
		"user":         "service.user",
		"channel":      "service.channel",
		"member":       "service.channel.member",
		"message":      "service.channel.message",
		"invite":       "service.channel.invite",
		"credential":   "credential",
		"user_channel": "service.user.user_channel",
	}
	newer := map[string]string{"channel_webhook": "service.channel.channel_webhook", "binding": "service.binding"}
	for _, version := range []string{"v1", "v2"} {
		doc := openAPI(t, "twilio_chat_"+version+".json")
		if version == "v2" {
			maps.Copy(schemas, newer)
		}
		for kind, schema := range schemas {
			t.Run(version+" "+kind, func(t *testing.T) {
				properties := doc["chat."+version+"."+schema]
				require.NotEmpty(t, properties)
				known := mapping.Fields(kind)
				for p := range properties {
					require.Contains(t, known, p)
				}
				if version == "v1" {
					require.Equal(t, slices.Sorted(maps.Keys(properties)), mapping.V1Fields(kind))
				}
			})
		}
	}
}

func TestFields(t *testing.T) {
	t.Run("are none for what is no resource", func(t *testing.T) {
		require.Nil(t, mapping.Fields("sticker"))
	})
	t.Run("are the caller's own copy", func(t *testing.T) {
		mapping.Fields("user")["identity"] = mapping.Derived
		require.Equal(t, mapping.Carried, mapping.Fields("user")["identity"])
	})
}
