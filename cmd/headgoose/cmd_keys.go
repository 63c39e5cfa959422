package main

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"headgoose/storage/kv/boltkv"
	"headgoose/storage/seal"
)

func keysCommand(t terminal) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "keys",
		Short: "The keys that seal what concerns people · 密钥",
		Long: `What is stored about a person is sealed under a key of that person. The keys are
in a ring, a file of its own (storage.ring_file), wrapped under the master key
(storage.key_file). Neither is in a backup of the data.

When somebody is forgotten, their key is destroyed, and every backup of the data
with it. So keep one copy of the ring, the newest: an older one still has the
key.`,
	}
	cmd.AddCommand(keysCopyCommand(t), keysRotateCommand(t))
	return cmd
}

func keysCopyCommand(t terminal) *cobra.Command {
	var path string
	cmd := &cobra.Command{
		Use:   "copy FILE",
		Short: "Copy the ring of keys, in the place of an older copy · 复制密钥环",
		Long: `Write the ring of keys to FILE, in the place of the copy that is there, also while
the bot runs. Do it with every backup, always to the same FILE: a copy that is
kept from before somebody was forgotten would bring their data back.`,
		Example: `  headgoose keys copy /media/safe/headgoose.ring --config config.yaml`,
		Args:    cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			cfg, err := loadConfig(path, forData, t.env)
			if err != nil {
				return err
			}
			file, err := filepath.Abs(args[0])
			if err != nil {
				return err
			}
			for _, taken := range []string{cfg.Storage.RingFile, cfg.Storage.KeyFile, cfg.Storage.Path} {
				if sameFile(taken, file) {
					return fmt.Errorf("%s is in use: a copy needs another name", file)
				}
			}
			ring, err := ringOf(cfg)
			if err != nil {
				return err
			}
			err = boltkv.WriteFile(file, func(f *os.File) error { return ring.Copy(f) }, nil)
			if err := errors.Join(err, ring.Close()); err != nil {
				return fmt.Errorf("keys copy: %w", err)
			}
			say(t.out, "%s: the ring of keys as it is now; keep no older copy (已复制,请勿保留旧副本)\n", file)
			return nil
		},
	}
	configFlag(cmd, &path)
	return cmd
}

func keysRotateCommand(t terminal) *cobra.Command {
	var path string
	cmd := &cobra.Command{
		Use:   "rotate",
		Short: "Change the master key · 更换主密钥",
		Long: `Make a new master key and wrap the ring of keys under it; the data is not touched.
The bot must not be running. Afterwards copy both files anew: the old copy of the
ring opens with the old key only.`,
		Example: `  headgoose keys rotate --config config.yaml`,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := loadConfig(path, forData, t.env)
			if err != nil {
				return err
			}
			bot, err := dialBot(cmd.Context(), controlPath(cfg.Storage.Path))
			if err != nil {
				return err
			}
			if bot != nil {
				return errors.New("keys rotate: the bot is running: stop it first")
			}
			ring, err := ringOf(cfg)
			if err != nil {
				return err
			}
			if err := errors.Join(rotateKeys(cfg.Storage, ring), ring.Close()); err != nil {
				return fmt.Errorf("keys rotate: %w", err)
			}
			say(t.out, "The master key is a new one: copy %s and %s anew (主密钥已更换,请重新备份两个文件)\n", cfg.Storage.KeyFile, cfg.Storage.RingFile)
			return nil
		},
	}
	configFlag(cmd, &path)
	return cmd
}

// ringOf opens the ring of a configuration; it makes none.
func ringOf(cfg *config) (*seal.Ring, error) {
	if _, err := os.Stat(cfg.Storage.KeyFile); err != nil {
		return nil, fmt.Errorf("master key: %w", err)
	}
	master, err := masterKey(cfg.Storage, slog.New(slog.DiscardHandler))
	if err != nil {
		return nil, err
	}
	return seal.Open(cfg.Storage.RingFile, master)
}
