package main

import (
	"github.com/spf13/cobra"
)

// newRoot builds the command line. understood is set once flags and arguments
// of a command are in order.
func newRoot(t terminal, understood *bool) *cobra.Command {
	root := &cobra.Command{
		Use:   "headgoose",
		Short: "A chat bot for the work groups of a county's village party branches · 头雁:县、乡、村党支部工作助手",
		Long: `Headgoose (头雁) keeps the roster of a county's village party branches, the rota
of their education bases, check-in on site and the list of returning graduates,
in a chat. One program, one data file, one chat account.

先看演示 try it:      headgoose demo
正式运行 run it:      headgoose run --config config.yaml`,
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.SetIn(t.in)
	root.SetOut(t.out)
	root.SetErr(t.err)
	root.AddCommand(
		runCommand(t), demoCommand(t), checkCommand(t), purgeCommand(t), rosterCommand(t),
		backupCommand(t), restoreCommand(t), keysCommand(t), versionCommand(t),
	)
	noteUnderstood(root, understood)
	return root
}

// noteUnderstood sets *understood when a command begins: all that can be wrong
// with a command line has been looked at by then.
func noteUnderstood(cmd *cobra.Command, understood *bool) {
	if run := cmd.RunE; run != nil {
		cmd.RunE = func(cmd *cobra.Command, args []string) error {
			*understood = true
			return run(cmd, args)
		}
	}
	for _, sub := range cmd.Commands() {
		noteUnderstood(sub, understood)
	}
}

// configFlag adds --config to a command.
func configFlag(cmd *cobra.Command, path *string) {
	cmd.Flags().StringVarP(path, "config", "c", "config.yaml", "configuration `file`; see config.example.yaml · 配置文件")
	mustMark(cmd.MarkFlagFilename("config", "yaml", "yml"))
}

// mustMark stops at a mistake in the program's own flags.
func mustMark(err error) {
	if err != nil {
		panic(err)
	}
}

// completeFiles completes the one argument of a command as a file with one of
// these endings.
func completeFiles(endings ...string) cobra.CompletionFunc {
	return func(_ *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return endings, cobra.ShellCompDirectiveFilterFileExt
	}
}
