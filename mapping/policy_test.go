package mapping_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping"
)

func TestParsePolicy(t *testing.T) {
	t.Run("reads settings, with spaces around", func(t *testing.T) {
		p, err := mapping.ParsePolicy([]string{"empty-body=space", " media = placeholder "})
		require.NoError(t, err)
		require.Equal(t, mapping.Policy{mapping.BodyEmpty: "space", mapping.Media: "placeholder"}, p)
	})
	t.Run("reads every choice of the table", func(t *testing.T) {
		for _, r := range mapping.Codes() {
			for _, o := range r.Choices {
				_, err := mapping.ParsePolicy([]string{string(r.Code) + "=" + string(o.Choice)})
				require.NoError(t, err)
			}
		}
	})
	t.Run("accepts a setting twice", func(t *testing.T) {
		_, err := mapping.ParsePolicy([]string{"media=skip", "media=skip"})
		require.NoError(t, err)
	})
	for name, c := range map[string]struct {
		settings []string
		says     string
	}{
		"names the codes for an unknown one":          {[]string{"emty-body=space"}, "empty-body"},
		"names the choices for an unknown one":        {[]string{"empty-body=sapce"}, "choices are stop, space, placeholder, skip"},
		"names the codes where nothing can be chosen": {[]string{"user-date=keep"}, "nothing can be chosen"},
		"wants an equals sign":                        {[]string{"empty-body"}, "code=choice"},
		"refuses two settings that contradict":        {[]string{"media=skip", "media=stop"}, "contradicts media=skip"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := mapping.ParsePolicy(c.settings)
			require.ErrorContains(t, err, c.says)
		})
	}
}

func TestPolicy(t *testing.T) {
	t.Run("is written sorted and without defaults", func(t *testing.T) {
		p, err := mapping.ParsePolicy([]string{"media=skip", "empty-body=space", "role-empty=minimal"})
		require.NoError(t, err)
		require.Equal(t, "empty-body=space,media=skip", p.String())
	})
	t.Run("takes the default in the place of a choice that the code lacks", func(t *testing.T) {
		m := mapping.Mapper{Policy: mapping.Policy{mapping.RoleEmpty: "wrap"}}
		require.Empty(t, m.Policy.String())
	})
}

func TestCodes(t *testing.T) {
	t.Run("every code has one row, a meaning, and a known severity", func(t *testing.T) {
		seen := map[mapping.Code]bool{}
		for _, r := range mapping.Codes() {
			require.False(t, seen[r.Code], r.Code)
			seen[r.Code] = true
			require.NotEmpty(t, r.Meaning, r.Code)
			require.Contains(t, []mapping.Severity{mapping.Info, mapping.Loss, mapping.Skip, mapping.Stop}, r.Severity)
		}
	})
	t.Run("the default is one of the choices and gives the severity", func(t *testing.T) {
		for _, r := range mapping.Codes() {
			i := slices.IndexFunc(r.Choices, func(o mapping.Option) bool { return o.Choice == r.Default })
			if len(r.Choices) == 0 {
				require.Empty(t, r.Default, r.Code)
				continue
			}
			require.GreaterOrEqual(t, i, 0, r.Code)
			require.Equal(t, r.Severity, r.Choices[i].Severity, r.Code)
		}
	})
	t.Run("stop and skip are what they say", func(t *testing.T) {
		for _, r := range mapping.Codes() {
			for _, o := range r.Choices {
				require.NotEmpty(t, o.Meaning, r.Code)
				require.Equal(t, o.Choice == "stop", o.Severity == mapping.Stop, r.Code)
				require.Equal(t, o.Choice == "skip", o.Severity == mapping.Skip, r.Code)
			}
		}
	})
	t.Run("changing what was returned changes nothing here", func(t *testing.T) {
		all := mapping.Codes()
		all[0].Choices[0].Choice = "explode"
		require.NotEqual(t, all[0].Choices[0], mapping.Codes()[0].Choices[0])
	})
	t.Run("whatever can stop a lane can be chosen otherwise", func(t *testing.T) {
		for _, r := range mapping.Codes() {
			if r.Severity == mapping.Stop {
				require.Greater(t, len(r.Choices), 1, r.Code)
			}
		}
	})
}

func TestWorst(t *testing.T) {
	t.Run("is empty where there is nothing", func(t *testing.T) {
		require.Empty(t, mapping.Worst(nil))
	})
	t.Run("orders info, loss, skip, stop", func(t *testing.T) {
		var fs []mapping.Finding
		for _, s := range []mapping.Severity{mapping.Info, mapping.Loss, mapping.Skip, mapping.Stop} {
			fs = append([]mapping.Finding{{Severity: s}}, fs...)
			require.Equal(t, s, mapping.Worst(fs))
		}
	})
}
