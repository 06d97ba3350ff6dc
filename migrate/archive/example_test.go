package archive_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"time"

	"chatbridge/migrate"
	"chatbridge/migrate/archive"
)

// A dump of one's own becomes an archive, which audit, migrate and verify read
// with --from-archive. Each resource is what a single fetch from Chat v1 returns.
func ExampleCreate() {
	folder, err := os.MkdirTemp("", "example-")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(folder)
	if err := writeArchive(folder); err != nil {
		fmt.Println(err)
		return
	}

	a, closer, err := archive.OpenPath(folder)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer closer.Close()
	source := archive.NewSource(a)
	defer source.Close()
	const service, channel = "IS00000000000000000000000000000001", "CH00000000000000000000000000000001"
	for m, err := range source.Messages(context.Background(), service, channel, migrate.Span{After: migrate.All}) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(m.Index, m.From, m.Body)
	}
	// Output:
	// 0 ann Hello?
	// 2 bo Good morning, Ann.
}

func writeArchive(folder string) error {
	const service, channel = "IS00000000000000000000000000000001", "CH00000000000000000000000000000001"
	w, err := archive.Create(folder, archive.Manifest{
		CreatedAt: time.Date(2021, 6, 1, 12, 0, 0, 0, time.UTC), Tool: "our dump",
		AccountSID: "AC00000000000000000000000000000001", SourceAPI: "v1",
	})
	if err != nil {
		return err
	}
	err = w.WriteService(service, json.RawMessage(`{"sid": "`+service+`", "friendly_name": "Support"}`))
	if err != nil {
		return err
	}
	for path, lines := range map[string][]string{
		archive.RolesPath(service): {},
		archive.UsersPath(service): {
			`{"sid": "US00000000000000000000000000000001", "identity": "ann", "attributes": "{}"}`,
			`{"sid": "US00000000000000000000000000000002", "identity": "bo", "attributes": "{}"}`,
		},
		archive.ChannelsPath(service): {
			`{"sid": "` + channel + `", "service_sid": "` + service + `", "type": "private", "attributes": "{}", "members_count": 0, "messages_count": 2}`,
		},
		archive.MessagesPath(service, channel): {
			`{"sid": "IM00000000000000000000000000000001", "channel_sid": "` + channel + `", "index": 0, "from": "ann", "body": "Hello?", "attributes": "{}", "date_created": "2016-05-02T09:00:12Z"}`,
			`{"sid": "IM00000000000000000000000000000002", "channel_sid": "` + channel + `", "index": 2, "from": "bo", "body": "Good morning, Ann.", "attributes": "{}", "date_created": "2016-05-02T09:00:40Z"}`,
		},
	} {
		out, err := w.Lines(path)
		if err != nil {
			return err
		}
		for _, line := range lines {
			if err := out.Write(json.RawMessage(line)); err != nil {
				return err
			}
		}
		if err := out.Close(); err != nil {
			return err
		}
	}
	return w.Close()
}
