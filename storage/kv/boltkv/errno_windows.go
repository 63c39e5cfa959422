package boltkv

import "syscall"

// errQuota is ERROR_DISK_FULL, which the system reports where others have
// ENOSPC or EDQUOT.
const errQuota = syscall.Errno(112)
