package main

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"github.com/knadh/koanf/parsers/yaml"
	"github.com/knadh/koanf/providers/env/v2"
	"github.com/knadh/koanf/providers/file"
	"github.com/knadh/koanf/v2"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"chatbridge/migrate"
)

const (
	envPrefix = "CHATBRIDGE_"
	// settingKey annotates the flags that are settings.
	settingKey = "chatbridge_setting"
	// setKey annotates the settings that a variable or the configuration file gave.
	setKey     = "chatbridge_set"
	configFlag = "config"
	// policySetting can be a table in the configuration file.
	policySetting = "policy"
)

// settings declares flags that can be given as variables and in the
// configuration file as well.
func settings(fs *pflag.FlagSet, declare func(*pflag.FlagSet)) {
	own := pflag.NewFlagSet("", pflag.ContinueOnError)
	own.SortFlags = false
	declare(own)
	own.VisitAll(func(f *pflag.Flag) {
		f.Annotations = map[string][]string{settingKey: {"true"}}
		fs.AddFlag(f)
	})
}

// ownSettings are those of one account of a fleet, and where they were found. It does
// not have a setting that is nil, whatever a variable or the configuration file says.
type ownSettings struct {
	values map[string]any
	from   string
}

func isSetting(f *pflag.Flag) bool { return f.Annotations[settingKey] != nil }

// isGiven reports whether somebody gave a flag a value, wherever that was.
func isGiven(f *pflag.Flag) bool { return f.Changed || f.Annotations[setKey] != nil }

// variable is the name under which the environment gives a setting.
func variable(setting string) string {
	return envPrefix + strings.ToUpper(strings.ReplaceAll(setting, "-", "_"))
}

// applySettings fills the flags of cmd that were not given from the
// configuration file, over it from the environment and, over that, from what an
// account of a fleet has of its own.
func applySettings(cmd *cobra.Command, environ []string, own ownSettings) error {
	known := settingNames(cmd.Root())
	fromEnv := koanf.New(".")
	err := fromEnv.Load(env.Provider("", env.Opt{
		Prefix:      envPrefix,
		EnvironFunc: func() []string { return environ },
		TransformFunc: func(key, value string) (string, any) {
			name := strings.ReplaceAll(strings.ToLower(strings.TrimPrefix(key, envPrefix)), "_", "-")
			if value == "" || !slices.Contains(known, name) {
				return "", nil
			}
			return name, value
		},
	}), nil)
	if err != nil {
		return fmt.Errorf("read environment: %w", err)
	}
	all, err := readConfig(configPath(cmd, fromEnv), known)
	if err != nil {
		return err
	}
	if err := all.Merge(fromEnv); err != nil {
		return fmt.Errorf("merge settings: %w", err)
	}
	for name, value := range own.values {
		if value == nil {
			all.Delete(name)
			continue
		}
		if err := all.Set(name, value); err != nil {
			return fmt.Errorf("merge settings: %w", err)
		}
	}
	var failed error
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if failed != nil || f.Changed || !isSetting(f) || !all.Exists(f.Name) {
			return
		}
		f.Annotations[setKey] = []string{"true"}
		if err := set(f, all.Get(f.Name)); err != nil {
			from := "the configuration file"
			if fromEnv.Exists(f.Name) {
				from = variable(f.Name)
			}
			if _, ok := own.values[f.Name]; ok {
				from = own.from
			}
			hint, problem := unfit(f, fmt.Sprint(all.Get(f.Name)), err)
			if errors.Is(err, errNotOne) {
				hint, problem = "", err
			}
			failed = usageError(cmp.Or(hint, fmt.Sprintf("see: %s --help", cmd.CommandPath())), "%s in %s: %w", f.Name, from, problem)
		}
	})
	return failed
}

// configPath is where the configuration file is, and empty where there is none.
func configPath(cmd *cobra.Command, fromEnv *koanf.Koanf) string {
	if f := cmd.Flags().Lookup(configFlag); f != nil && f.Changed {
		return f.Value.String()
	}
	return fromEnv.String(configFlag)
}

// readConfig reads the file at path, which may only hold settings: a name that
// nothing reads would be a wish that is silently not granted.
func readConfig(path string, known []string) (*koanf.Koanf, error) {
	k := koanf.New(".")
	if path == "" {
		return k, nil
	}
	if err := k.Load(file.Provider(path), yaml.Parser()); err != nil {
		hint := "the file is YAML, one setting per line, such as: concurrency: 8"
		if errors.Is(err, fs.ErrNotExist) {
			hint = "check the path given with --config"
		}
		return nil, &migrate.Error{Op: "read configuration", Kind: migrate.Usage, Err: oneLine(err), Hint: hint}
	}
	if err := flattenPolicy(k); err != nil {
		return nil, usageError("write it as a table of code: choice, or as a list of code=choice", "policy in %s: %w", path, err)
	}
	for _, key := range k.Keys() {
		if slices.Contains(known, key) && key != configFlag {
			continue
		}
		hint := "settings are named after the flags: see chatbridge migrate --help"
		if n := suggest(key, known); n != "" {
			hint = fmt.Sprintf("did you mean: %s", n)
		}
		return nil, &migrate.Error{Op: "read configuration", Kind: migrate.Usage, Err: fmt.Errorf("%s has no setting %q", path, key), Hint: hint}
	}
	return k, nil
}

// flattenPolicy makes of a table of policies the list that the flag takes.
func flattenPolicy(k *koanf.Koanf) error {
	table, ok := k.Get(policySetting).(map[string]any)
	if !ok {
		return nil
	}
	var list []any
	for _, code := range slices.Sorted(maps.Keys(table)) {
		choice, ok := table[code].(string)
		if !ok {
			return fmt.Errorf("the choice for %q is not a word", code)
		}
		list = append(list, code+"="+choice)
	}
	k.Delete(policySetting)
	return k.Set(policySetting, list)
}

// oneLine keeps an error of a parser on the one line that an error gets.
func oneLine(err error) error {
	return flat{err}
}

type flat struct{ error }

func (f flat) Error() string { return strings.Join(strings.Fields(f.error.Error()), " ") }
func (f flat) Unwrap() error { return f.error }

// settingNames are the names of every setting of every command: one file serves
// all of them.
func settingNames(root *cobra.Command) []string {
	var names []string
	note := func(f *pflag.Flag) {
		if isSetting(f) && !slices.Contains(names, f.Name) {
			names = append(names, f.Name)
		}
	}
	root.PersistentFlags().VisitAll(note)
	for _, c := range root.Commands() {
		c.Flags().VisitAll(note)
	}
	slices.Sort(names)
	return names
}

var errNotOne = errors.New("expected one value, got a list")

// set gives a flag a value as the file or the environment holds it.
func set(f *pflag.Flag, value any) error {
	list, isList := value.([]any)
	if !isList {
		return f.Value.Set(fmt.Sprint(value))
	}
	slice, ok := f.Value.(pflag.SliceValue)
	if !ok {
		return errNotOne
	}
	texts := make([]string, len(list))
	for i, v := range list {
		texts[i] = fmt.Sprint(v)
	}
	return slice.Replace(texts)
}
