"""Becomes another program under the unit's confinement: only the system calls named on standard input, no memory both
writable and executable, no new privileges. `python jail.py PROGRAM ARGUMENT…`; needs libseccomp, which systemd brings.
"""

import ctypes
import os
import sys

PR_SET_NO_NEW_PRIVS, PR_SET_MDWE, MDWE_REFUSE_EXEC_GAIN = 38, 65, 1  # prctl(2)
ALLOW, REFUSE = 0x7FFF0000, 0x00050000 | 1  # SCMP_ACT_ALLOW, SCMP_ACT_ERRNO(EPERM): SystemCallErrorNumber=EPERM
UNKNOWN = -1  # __NR_SCMP_ERROR: a call that this architecture does not have


def main() -> None:
    libc, seccomp = ctypes.CDLL(None, use_errno=True), ctypes.CDLL("libseccomp.so.2")
    seccomp.seccomp_init.restype = ctypes.c_void_p
    rules = ctypes.c_void_p(seccomp.seccomp_init(ctypes.c_uint32(REFUSE)))
    for name in sys.stdin.read().split():
        number = seccomp.seccomp_syscall_resolve_name(name.encode())
        if number != UNKNOWN:
            assert seccomp.seccomp_rule_add(rules, ctypes.c_uint32(ALLOW), number, 0) == 0, name
    libc.prctl(PR_SET_MDWE, MDWE_REFUSE_EXEC_GAIN, 0, 0, 0)  # kernels before 6.3 do without
    assert libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0
    assert seccomp.seccomp_load(rules) == 0
    os.execv(sys.argv[1], sys.argv[1:])


main()
