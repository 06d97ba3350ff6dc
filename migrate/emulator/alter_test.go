package emulator_test

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTextIsAltered(t *testing.T) {
	const body, attributes = " cafe\u0301\r\n", `{"e": "` + "e\u0301" + `", "n": 12345678901234567890, "in text": "-12345678901234567890 \" 1", "d": [1.50, -0, 1e2]}`
	for text, want := range map[string][2]string{
		"trim":    {"cafe\u0301", attributes},
		"crlf":    {" cafe\u0301\n", attributes},
		"nfc":     {" caf\u00e9\r\n", `{"e": "` + "\u00e9" + `", "n": 12345678901234567890, "in text": "-12345678901234567890 \" 1", "d": [1.50, -0, 1e2]}`},
		"doubles": {body, `{"e": "` + "e\u0301" + `", "n": 12345678901234567000, "in text": "-12345678901234567890 \" 1", "d": [1.5, 0, 100]}`},
	} {
		t.Run(text, func(t *testing.T) {
			b := unkind(t, "text="+text)
			_, c := b.conversation("FriendlyName", body)
			require.Equal(t, want[0], b.read(c).text("friendly_name"))
			m := b.make(c+"/Messages", "Body", body, "Attributes", attributes)
			require.Equal(t, want[0], m.text("body"))
			if text == "doubles" {
				require.JSONEq(t, want[1], m.text("attributes"))
				require.Contains(t, m.text("attributes"), "1.2345678901234567e+19")
				require.Contains(t, m.text("attributes"), `"-12345678901234567890 \" 1"`)
			} else {
				require.Equal(t, want[1], m.text("attributes"))
			}
			require.Equal(t, m.text("body"), b.read(c+"/Messages/"+m.text("sid")).text("body"))
			require.NotZero(t, b.e.Mischief()["text"])
		})
	}
}
