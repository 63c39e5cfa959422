//go:build !windows

package boltkv

import "syscall"

const errQuota = syscall.EDQUOT
