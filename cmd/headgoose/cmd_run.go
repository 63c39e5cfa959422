package main

import (
	"errors"

	"github.com/spf13/cobra"
)

func runCommand(t terminal) *cobra.Command {
	var path string
	cmd := &cobra.Command{
		Use:   "run",
		Short: "Run the bot · 运行",
		Long: `Run the bot until it is told to stop (Ctrl-C or SIGTERM). It stops in order:
updates first, then delivery, the data file last. A second signal ends it at once.

On the first run the master key is made (storage.key_file). Phone numbers and
links are kept as hashes under it: keep a copy of it, apart from the backups.`,
		Example: `  HEADGOOSE_TOKEN=… headgoose run --config config.yaml
  headgoose run -c /etc/headgoose/config.yaml`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			cfg, err := loadConfig(path, forRun, t.env)
			if err != nil {
				return err
			}
			log, done, err := newLogger(cfg.Log, t.err)
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, done()) }()
			return runBot(cmd.Context(), cfg, log)
		},
	}
	configFlag(cmd, &path)
	return cmd
}
