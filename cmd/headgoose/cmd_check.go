package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/spf13/cobra"
)

func checkCommand(t terminal) *cobra.Command {
	var path string
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Check configuration, data file, indexes and counts · 检查",
		Long: `Check the configuration first: every fault, with its line and column. Then the
data: the file's structure, and whether indexes and counts agree with the
records. Nothing is changed. While the bot runs, it checks its data itself.

The exit code is 1 if anything is wrong.`,
		Example: `  headgoose check --config config.yaml`,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := loadConfig(path, forRun, t.env)
			if err != nil {
				return err
			}
			for _, w := range cfg.Warnings {
				say(t.out, "warning: %s\n", w)
			}
			say(t.out, "configuration: in order (配置无误)\n")
			return checkData(cmd.Context(), t, cfg)
		},
	}
	configFlag(cmd, &path)
	return cmd
}

func checkData(ctx context.Context, t terminal, cfg *config) error {
	if _, err := os.Stat(cfg.Storage.Path); errors.Is(err, fs.ErrNotExist) {
		say(t.out, "data: %s is made on the first run (尚无数据)\n", cfg.Storage.Path)
		return nil
	}
	ops, done, err := openOperator(ctx, cfg, t, readOnly)
	if err != nil {
		return err
	}
	found, err := ops.Check(ctx)
	if err := errors.Join(err, done()); err != nil {
		return err
	}
	for _, f := range found {
		say(t.out, "data: %s\n", f)
	}
	if len(found) > 0 {
		return fmt.Errorf("the data has %d fault(s): keep the file as it is and restore a backup", len(found))
	}
	say(t.out, "data: in order (数据无误)\n")
	return nil
}
