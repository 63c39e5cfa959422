package main

import (
	"errors"
	"time"

	"github.com/spf13/cobra"
)

func purgeCommand(t terminal) *cobra.Command {
	var path string
	var dry bool
	cmd := &cobra.Command{
		Use:   "purge",
		Short: "Delete what is kept no longer · 清理到期数据",
		Long: `Delete what the keeping periods say: finished dialogues and enrolments, used and
expired links, updates that could not be handled; the names of people 36 months
after their last post; graduates' records and uses to which the consent has ended
30 days after the person was asked whether it goes on; the keys of weeks that are
over for 16 weeks. The bot does it every night; --dry-run only says how much there
is. Sessions, attendance and the audit log stay; they hold no names.`,
		Example: `  headgoose purge --config config.yaml --dry-run`,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			cfg, err := loadConfig(path, forRun, t.env)
			if err != nil {
				return err
			}
			how := readWrite
			if dry {
				how = readOnly
			}
			ops, done, err := openOperator(cmd.Context(), cfg, t, how)
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, done()) }()
			report, err := ops.Purge(cmd.Context(), dry)
			if err != nil {
				return err
			}
			for _, a := range report.Topics {
				say(t.out, "%-10s kept %4d days: %d to delete\n", a.Topic, int(a.Keep/(24*time.Hour)), a.Rows)
			}
			if !dry {
				say(t.out, "deleted %d rows (已清理)\n", report.Deleted)
			}
			return nil
		},
	}
	configFlag(cmd, &path)
	cmd.Flags().BoolVar(&dry, "dry-run", false, "say what would be deleted, delete nothing · 只看不删")
	return cmd
}
