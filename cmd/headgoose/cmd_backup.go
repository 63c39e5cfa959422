package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"
)

func backupCommand(t terminal) *cobra.Command {
	var path string
	cmd := &cobra.Command{
		Use:   "backup FILE",
		Short: "Copy the data, also while the bot runs · 备份",
		Long: `Write a copy of the data to FILE. While the bot runs, it takes a snapshot and
goes on working. The copy is synced and checked before it gets its name; an
older FILE is replaced only by a good one. The running bot itself writes it, so
its account must be able to write in the folder.

The copy holds neither the master key (storage.key_file) nor the ring of keys
(storage.ring_file), and is of no use without them: what concerns people is
sealed in it. Keep both apart from the backups; of the ring the newest copy only
(headgoose keys copy).`,
		Example: `  headgoose backup /var/backups/headgoose-$(date +%F).db --config config.yaml`,
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			cfg, err := loadConfig(path, forData, t.env)
			if err != nil {
				return err
			}
			file, err := filepath.Abs(args[0])
			if err != nil {
				return err
			}
			report, err := backupTo(cmd.Context(), cfg, file)
			if err != nil {
				return err
			}
			say(t.out, "%s: %d KiB, checked, last change %s (备份完成,已校验)\n",
				file, (report.Bytes+1023)/1024, localTime(report.LastWrite, cfg.Zone))
			say(t.out, "The master key and the ring of keys are not in it; keep %s and the newest copy of %s apart (主密钥和密钥环须另行保存).\n", cfg.Storage.KeyFile, cfg.Storage.RingFile)
			return nil
		},
		ValidArgsFunction: completeFiles("db"),
	}
	configFlag(cmd, &path)
	return cmd
}

func restoreCommand(t terminal) *cobra.Command {
	var path string
	var force bool
	cmd := &cobra.Command{
		Use:   "restore FILE",
		Short: "Put a backup in the place of the data · 恢复",
		Long: `Put the backup FILE in the place of the data. The bot must not be running. The
backup is checked, copied beside the data, checked again and only then renamed.
The data that was there stays beside it, under a name with the time.

Data that has changed after the backup was made is not replaced without --force.
A backup that a newer version of the program wrote is never taken.`,
		Example: `  headgoose restore /var/backups/headgoose-2026-11-20.db --config config.yaml`,
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			cfg, err := loadConfig(path, forData, t.env)
			if err != nil {
				return err
			}
			r := restore{cfg: cfg, file: args[0], force: force, now: time.Now()}
			report, err := r.run(cmd.Context())
			var newer *newerError
			if errors.As(err, &newer) {
				return fmt.Errorf("%w\nTo replace it all the same: --force (它比备份新,确要替换请加 --force)", err)
			}
			if err != nil {
				return err
			}
			say(t.out, "%s is restored, last change %s (恢复完成)\n", cfg.Storage.Path, localTime(report.LastWrite, cfg.Zone))
			if report.Kept != "" {
				say(t.out, "What was there is kept as %s\n", report.Kept)
			}
			return nil
		},
		ValidArgsFunction: completeFiles("db"),
	}
	configFlag(cmd, &path)
	cmd.Flags().BoolVar(&force, "force", false, "replace data that is newer than the backup, or damaged · 强制替换")
	return cmd
}

// localTime shows a time in the county's zone.
func localTime(t time.Time, zone *time.Location) string {
	if t.IsZero() {
		return "never"
	}
	return t.In(zone).Format("2006-01-02 15:04:05 -07:00")
}
