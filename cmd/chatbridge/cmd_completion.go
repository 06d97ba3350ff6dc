package main

import (
	"github.com/spf13/cobra"
)

func newCompletion(c *console) *cobra.Command {
	shells := []string{"bash", "zsh", "fish", "powershell"}
	return &cobra.Command{
		Use:   "completion bash|zsh|fish|powershell",
		Short: "Print a shell completion script",
		Long: `Print a script that completes commands and flags in a shell. Opens nothing.

  bash:        source <(chatbridge completion bash)
  zsh:         chatbridge completion zsh > "${fpath[1]}/_chatbridge"
  fish:        chatbridge completion fish | source
  powershell:  chatbridge completion powershell | Out-String | Invoke-Expression` + exitHelp(exitDone, exitUsage),
		GroupID:   groupMore,
		ValidArgs: shells,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usageError("name one shell, such as: chatbridge completion bash", "expected one shell, got %d", len(args))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			root := cmd.Root()
			switch args[0] {
			case "bash":
				return root.GenBashCompletionV2(c.out, true)
			case "zsh":
				return root.GenZshCompletion(c.out)
			case "fish":
				return root.GenFishCompletion(c.out, true)
			case "powershell":
				return root.GenPowerShellCompletionWithDesc(c.out)
			}
			return usageError("choose bash, zsh, fish or powershell", "there is no completion for %q", args[0])
		},
	}
}
