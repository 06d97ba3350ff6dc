package reports

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Number writes n with a comma between thousands: 1,234,567.
func Number(n int64) string {
	digits := strconv.FormatInt(n, 10)
	sign := ""
	if strings.HasPrefix(digits, "-") {
		sign, digits = "-", digits[1:]
	}
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return sign + digits
}

// Bytes writes n with the unit that leaves one to three digits: "512 bytes",
// "2.1 MB". A MB is a million bytes, as Twilio counts them.
func Bytes(n int64) string {
	if n < 1000 {
		return count(n, "byte", "bytes")
	}
	size, unit := float64(n), ""
	for _, unit = range []string{"kB", "MB", "GB", "TB"} {
		if size /= 1000; size < 999.5 {
			break
		}
	}
	return strconv.FormatFloat(math.Round(size*10)/10, 'f', -1, 64) + " " + unit
}

// Duration writes seconds with the two greatest units: "4 min 10 s".
func Duration(seconds float64) string {
	if math.IsNaN(seconds) || seconds < 0 {
		seconds = 0
	}
	if seconds < 10 {
		return strconv.FormatFloat(math.Round(seconds*10)/10, 'f', -1, 64) + " s"
	}
	const farAway = 1e9
	s := int64(math.Round(min(seconds, farAway)))
	switch {
	case s < 60:
		return fmt.Sprintf("%d s", s)
	case s < 3600:
		return two(s/60, "min", s%60, "s")
	case s < 86400:
		return two(s/3600, "h", s%3600/60, "min")
	}
	return two(s/86400, "d", s%86400/3600, "h")
}

func two(great int64, greatUnit string, small int64, smallUnit string) string {
	if small == 0 {
		return fmt.Sprintf("%d %s", great, greatUnit)
	}
	return fmt.Sprintf("%d %s %d %s", great, greatUnit, small, smallUnit)
}

// count is n of something: "1 channel", "1,200 channels".
func count(n int64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return Number(n) + " " + many
}
