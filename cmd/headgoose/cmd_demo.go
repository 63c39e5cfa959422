package main

import (
	"log/slog"

	"github.com/spf13/cobra"
)

func demoCommand(t terminal) *cobra.Command {
	var o demoOptions
	var verbose bool
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Show a county's day on a page of this machine · 演示,不需要令牌和网络",
		Long: `Start the bot together with a stand-in for Telegram on this machine, with the
real 362 villages of Hualong County and placeholder people, and print the
address of a page. It shows a phone for each of several people; the clock can
be moved on. Nothing leaves the machine; the data is removed at the end.`,
		Example: `  headgoose demo
  headgoose demo --listen 127.0.0.1:9000 --data ./demo-data`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			level := slog.LevelWarn
			if verbose {
				level = slog.LevelDebug
			}
			log := slog.New(slog.NewTextHandler(t.err, &slog.HandlerOptions{Level: level}))
			return runDemo(cmd.Context(), o, t.out, log)
		},
	}
	cmd.Flags().StringVar(&o.listen, "listen", "127.0.0.1:8080", "`address` of the page; if its port is taken, a free one is used · 页面地址")
	cmd.Flags().StringVar(&o.data, "data", "", "`folder` to keep the data in; without it the data is removed at the end · 数据文件夹")
	cmd.Flags().BoolVarP(&verbose, "verbose", "v", false, "show the log · 显示日志")
	mustMark(cmd.MarkFlagDirname("data"))
	return cmd
}
