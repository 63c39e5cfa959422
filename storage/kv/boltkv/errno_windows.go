package boltkv

import "syscall"

// errQuota is ERROR_DISK_FULL, which Windows reports besides ENOSPC's match.
const errQuota = syscall.Errno(112)
