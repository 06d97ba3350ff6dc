package emulator_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate/emulator"
)

func TestPages(t *testing.T) {
	b := newBench(t, emulator.Config{})
	s := b.service()
	for range 5 {
		b.make(s + "/Conversations")
	}
	list := s + "/Conversations?PageSize=2"
	firstPage := b.read(list)
	link, err := url.Parse(next(firstPage))
	require.NoError(t, err)
	token := link.Query().Get("PageToken")

	t.Run("follow absolute URLs to the end", func(t *testing.T) {
		require.Equal(t, "host.test", link.Host)
		items, pages := b.pages(b.conversations, list, "conversations")
		require.Equal(t, 3, pages)
		require.Len(t, items, 5)
	})
	t.Run("have tokens that a careless client breaks", func(t *testing.T) {
		require.Regexp(t, `^PT\.\d+[a-p]{8}\.\d+$`, token)
		stripped := regexp.MustCompile(`\.\d+`).ReplaceAllString(token, "")
		b.refused(b.read(list+"&PageToken="+stripped), http.StatusBadRequest, 21481)
	})
	t.Run("are refused where the token was changed or is of another list", func(t *testing.T) {
		for _, other := range []string{"", "x", "PT.", strings.Replace(token, "PT.1", "PT.3", 1), token + "0"} {
			b.refused(b.read(list+"&PageToken="+url.QueryEscape(other)), http.StatusBadRequest, 21481)
		}
		b.refused(b.read(s+"/Roles?PageToken="+token), http.StatusBadRequest, 21481)
		b.refused(b.read(list+"&State=active&PageToken="+token), http.StatusBadRequest, 21481)
	})
	t.Run("hold when what came before them is deleted", func(t *testing.T) {
		first := firstPage.body["conversations"].([]any)[0].(map[string]any)["sid"].(string)
		require.Equal(t, http.StatusNoContent, b.remove(s+"/Conversations/"+first).status)
		items, _ := b.pages(b.conversations, link.RequestURI(), "conversations")
		require.Len(t, items, 3)
	})
	t.Run("have a largest size for each resource", func(t *testing.T) {
		c := s + "/Conversations/" + b.make(s+"/Conversations").text("sid")
		b.make(s+"/Users", "Identity", "ada")
		for path, most := range map[string]string{
			"/v1/Services": "100", "/v1/Credentials": "100", s + "/Roles": "50", s + "/Users": "50", s + "/Conversations": "100",
			c + "/Participants": "100", c + "/Messages": "100", s + "/Users/ada/Conversations": "50",
		} {
			require.Equal(t, http.StatusOK, b.read(path+"?PageSize="+most).status, path)
			require.Equal(t, http.StatusBadRequest, b.read(path+"?PageSize="+most+"0").status, path)
		}
		require.Equal(t, http.StatusBadRequest, b.read(s+"/Roles?PageSize=0").status)
	})
	t.Run("are cut to that size where so configured", func(t *testing.T) {
		lenient := newBench(t, emulator.Config{ClampPageSize: true})
		a := lenient.read("/v1/Services?PageSize=1000")
		require.Equal(t, float64(100), a.body["meta"].(map[string]any)["page_size"])
	})
	t.Run("name the configured host", func(t *testing.T) {
		elsewhere := newBench(t, emulator.Config{ConversationsBase: "https://conversations.twilio.com"})
		require.Equal(t, "https://conversations.twilio.com/v1/Services?Page=0&PageSize=50",
			elsewhere.read("/v1/Services").body["meta"].(map[string]any)["url"])
	})
}
