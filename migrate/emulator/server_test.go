package emulator_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate/emulator"
)

func TestServe(t *testing.T) {
	status := func(url string) (int, error) {
		client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
		r, err := http.NewRequest(http.MethodGet, url+"/v1/Services", nil)
		require.NoError(t, err)
		r.SetBasicAuth(emulator.DefaultAccountSID, emulator.DefaultAuthToken)
		resp, err := client.Do(r)
		if err != nil {
			return 0, err
		}
		return resp.StatusCode, resp.Body.Close()
	}
	t.Run("listens on five ports until closed", func(t *testing.T) {
		s, err := emulator.Serve(t.Context(), emulator.Config{})
		require.NoError(t, err)
		require.NotEqual(t, s.ChatURL, s.ConversationsURL)
		require.NotContains(t, []string{s.ChatURL, s.ConversationsURL}, s.MediaURL)
		require.NotContains(t, []string{s.ChatURL, s.ConversationsURL, s.MediaURL}, s.EventsURL)
		code, err := status(s.MediaURL)
		require.NoError(t, err)
		require.Equal(t, http.StatusNotFound, code, "it has no list of services")
		require.NotContains(t, []string{s.ChatURL, s.ConversationsURL, s.MediaURL, s.EventsURL}, s.APIURL)
		code, err = status(s.APIURL)
		require.NoError(t, err)
		require.Equal(t, http.StatusNotFound, code, "it has no list of services")
		for _, url := range []string{s.ChatURL, s.ConversationsURL} {
			code, err := status(url)
			require.NoError(t, err)
			require.Equal(t, http.StatusOK, code)
		}
		require.NoError(t, s.Close())
		_, err = status(s.ChatURL)
		require.Error(t, err)
	})
	t.Run("ends with its context", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		s, err := emulator.Serve(ctx, emulator.Config{})
		require.NoError(t, err)
		cancel()
		require.NoError(t, s.Close())
		_, err = status(s.ConversationsURL)
		require.Error(t, err)
	})
	t.Run("refuses settings that contradict each other, and an address in use", func(t *testing.T) {
		for _, c := range []emulator.Config{
			{Archive: workspace(t), Generate: emulator.Generate{Channels: 1}}, {APIKey: "SK1"}, {TargetAccountSID: "AC1"},
			{Generate: emulator.Generate{Channels: 1, Longest: 1}},
		} {
			_, err := emulator.Serve(t.Context(), c)
			require.Error(t, err)
		}
		s, err := emulator.Serve(t.Context(), emulator.Config{})
		require.NoError(t, err)
		defer s.Close()
		taken := s.ChatURL[len("http://"):]
		for _, c := range []emulator.Config{{ConversationsAddr: taken}, {MediaAddr: taken}, {EventsAddr: taken}, {APIAddr: taken}} {
			_, err = emulator.Serve(t.Context(), c)
			require.Error(t, err)
		}
	})
}
