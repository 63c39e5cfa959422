package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"headgoose/bot/text"
	"headgoose/storage/kv/boltkv"
	"headgoose/storage/record"
	"headgoose/storage/sheet"
)

func rosterCommand(t terminal) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "roster",
		Short: "Import the roster, issue enrolment links · 名册",
	}
	cmd.AddCommand(importCommand(t), linksCommand(t))
	return cmd
}

// langFlag adds --lang to a command.
func langFlag(cmd *cobra.Command, lang *string) {
	cmd.Flags().StringVar(lang, "lang", "", "`language` of the answer, zh or en; the county's first if not given · 语言")
	mustMark(cmd.RegisterFlagCompletionFunc("lang", cobra.FixedCompletions(text.Languages, cobra.ShellCompDirectiveNoFileComp)))
}

func chosenLang(lang string, cfg *config) (string, error) {
	if lang == "" {
		return cfg.County.Languages[0], nil
	}
	if text.Match(lang) != lang {
		return "", fmt.Errorf("--lang %s: expected %s", lang, strings.Join(text.Languages, " or "))
	}
	return lang, nil
}

// importing is one call of roster import.
type importing struct {
	terminal
	config, lang string
	dry, yes     bool
}

func importCommand(t terminal) *cobra.Command {
	i := importing{terminal: t}
	cmd := &cobra.Command{
		Use:   "import FILE",
		Short: "Import a roster from a spreadsheet · 导入名册",
		Long: `Read a roster (.xlsx or .csv, UTF-8 or GB18030): places and the holders of
posts. First it is compared with the data, and shown: rows that are new, changed,
unchanged or refused, each fault with row, column, value and hint. It is written
after a yes. Importing the same file again changes nothing.

An officer can also send the file to the bot; the same code runs.`,
		Example: `  headgoose roster import 名册.xlsx --dry-run
  headgoose roster import roster.csv --yes --config config.yaml`,
		Args:              cobra.ExactArgs(1),
		RunE:              func(cmd *cobra.Command, args []string) error { return i.run(cmd.Context(), args[0]) },
		ValidArgsFunction: completeFiles("xlsx", "csv"),
	}
	configFlag(cmd, &i.config)
	langFlag(cmd, &i.lang)
	cmd.Flags().BoolVar(&i.dry, "dry-run", false, "show what would change, write nothing · 只看不写")
	cmd.Flags().BoolVarP(&i.yes, "yes", "y", false, "write without asking · 不再询问")
	cmd.MarkFlagsMutuallyExclusive("dry-run", "yes")
	return cmd
}

func (i importing) run(ctx context.Context, path string) (err error) {
	cfg, err := loadConfig(i.config, forData, i.env)
	if err != nil {
		return err
	}
	req := importRequest{}
	if req.Lang, err = chosenLang(i.lang, cfg); err != nil {
		return err
	}
	if req.File, err = readLimited(path, sheet.MaxFile); err != nil {
		return err
	}
	ops, done, err := openOperator(ctx, cfg, i.terminal, readWrite)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, done()) }()
	plan, err := ops.Import(ctx, req)
	if err != nil {
		return err
	}
	i.show(plan)
	switch {
	case i.dry || plan.Changes == 0:
		return refusedRows(plan)
	case !i.yes && !i.confirmed(plan.Changes):
		return errors.New("nothing was written")
	}
	req.Plan = plan.Plan
	result, err := ops.Import(ctx, req)
	if err != nil {
		return err
	}
	i.show(result)
	return refusedRows(result)
}

func (i importing) show(r importReport) {
	for _, line := range r.Lines {
		say(i.out, "%s\n", line)
	}
}

// confirmed asks for a yes. The end of the input is a no.
func (i importing) confirmed(rows int) bool {
	say(i.out, "Import %d row(s)? 导入 %d 行? [y/N] ", rows, rows)
	answer, _ := bufio.NewReader(i.in).ReadString('\n')
	say(i.out, "\n")
	switch strings.ToLower(strings.TrimSpace(answer)) {
	case "y", "yes", "是":
		return true
	}
	return false
}

// refusedRows makes rows that were left out the command's failure.
func refusedRows(r importReport) error {
	if r.Refused == 0 {
		return nil
	}
	return fmt.Errorf("%d row(s) cannot be imported (%d 行不能导入)", r.Refused, r.Refused)
}

func linksCommand(t terminal) *cobra.Command {
	var path, out, lang, place string
	var again bool
	cmd := &cobra.Command{
		Use:   "links --out FILE.xlsx",
		Short: "Issue personal enrolment links with QR codes · 生成个人登记链接",
		Long: `Issue a one-time enrolment link to everybody who holds a post and is not
enrolled yet, and write them with their QR codes to a workbook, a sheet for each
township. A link that was issued before and not used is void from then on.

The links contain the bot's name. While the bot does not run, it is taken from
telegram.username, or else Telegram is asked.

The workbook opens accounts: hand the sheets out, then delete it.`,
		Example: `  headgoose roster links --out links.xlsx --config config.yaml
  headgoose roster links --out bayan.xlsx --place 630224100`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			cfg, err := loadConfig(path, forData, t.env)
			if err != nil {
				return err
			}
			req := linksRequest{Place: record.Code(place), Again: again}
			if req.Lang, err = chosenLang(lang, cfg); err != nil {
				return err
			}
			ops, done, err := openOperator(cmd.Context(), cfg, t, readWrite)
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, done()) }()
			report, err := ops.Links(cmd.Context(), req)
			if err != nil {
				return err
			}
			return writeLinks(t, cfg, out, report)
		},
	}
	configFlag(cmd, &path)
	langFlag(cmd, &lang)
	cmd.Flags().StringVarP(&out, "out", "o", "", "workbook `file` to write · 输出文件")
	cmd.Flags().StringVar(&place, "place", "", "statistical `code` of a township or village; the county if not given · 区划代码")
	cmd.Flags().BoolVar(&again, "again", false, "also to people who are enrolled: the link binds a new account · 含已登记者")
	mustMark(cmd.MarkFlagRequired("out"))
	mustMark(cmd.MarkFlagFilename("out", "xlsx"))
	return cmd
}

func writeLinks(t terminal, cfg *config, out string, r linksReport) error {
	if r.People == 0 {
		say(t.out, "Everybody who holds a post is enrolled (%d): there is nothing to issue. (均已登记)\n", r.Enrolled)
		return nil
	}
	err := boltkv.WriteFile(out, func(f *os.File) error {
		_, err := f.Write(r.Workbook)
		return err
	}, nil)
	if err != nil {
		return fmt.Errorf("links: %w", err)
	}
	say(t.out, "%s: %d link(s), valid until %s; %d already enrolled (已生成)\n", out, r.People, localTime(r.Expires, cfg.Zone), r.Enrolled)
	return nil
}
