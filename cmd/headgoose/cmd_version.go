package main

import (
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"headgoose/storage"
)

// version is set when a release is built: -ldflags "-X main.version=1.2.3".
var version = ""

func versionCommand(t terminal) *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Show the version of the program and of its data · 版本",
		Args:  cobra.NoArgs,
		Run: func(*cobra.Command, []string) {
			say(t.out, "headgoose %s, %s %s/%s, data schema %d\n",
				programVersion(), runtime.Version(), runtime.GOOS, runtime.GOARCH, storage.SchemaVersion)
		},
	}
}

func programVersion() string {
	if version != "" {
		return version
	}
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" || info.Main.Version == "(devel)" {
		return "(development)"
	}
	return info.Main.Version
}
