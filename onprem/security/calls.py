"""System calls that the egress wall denies: what each group would open, and its numbers on each architecture.

Rules: a call stands here when it reaches beyond this process (a network, another process, another view of the file
system, memory that is shared by name) and no command needs it. Calls whose arguments decide (`socketpair`, `clone`,
`ioctl`, `prctl`; with a door, `accept`) are filtered in `walls`. A call that is newer than this table is absent: the C
library must do without it on older kernels anyway.

Numbers: arch/x86/entry/syscalls/syscall_64.tbl (asm/unistd_64.h) and include/uapi/asm-generic/unistd.h, which aarch64
uses; those from 424 on are the same everywhere. A test compares them with the headers of the machine.
"""

from __future__ import annotations

Pair = tuple[int, int | None]  # x86_64, aarch64; None: the architecture never had it

DENIED: dict[str, dict[str, Pair]] = {
    "sockets of any family": {
        "connect": (42, 203),
        "accept": (43, 202),
        "accept4": (288, 242),
        "bind": (49, 200),
        "listen": (50, 201),
    },
    "another process: its memory, its descriptors, what it may do": {
        "ptrace": (101, 117),
        "process_vm_readv": (310, 270),
        "process_vm_writev": (311, 271),
        "process_madvise": (440, 440),
        "process_mrelease": (448, 448),
        "pidfd_open": (434, 434),
        "pidfd_getfd": (438, 438),
        "pidfd_send_signal": (424, 424),
        "kcmp": (312, 272),
        "migrate_pages": (256, 238),
        "move_pages": (279, 239),
    },
    "another view of the system: namespaces, mounts": {
        "unshare": (272, 97),
        "setns": (308, 268),
        "mount": (165, 40),
        "umount2": (166, 39),
        "pivot_root": (155, 41),
        "chroot": (161, 51),
        "fsopen": (430, 430),
        "fsconfig": (431, 431),
        "fsmount": (432, 432),
        "fspick": (433, 433),
        "open_tree": (428, 428),
        "open_tree_attr": (467, 467),
        "move_mount": (429, 429),
        "mount_setattr": (442, 442),
    },
    "files by another way than their path, and what Landlock does not see of files": {
        "name_to_handle_at": (303, 264),
        "open_by_handle_at": (304, 265),
        "fanotify_init": (300, 262),
        "fanotify_mark": (301, 263),
        "lookup_dcookie": (212, 18),
        "setxattr": (188, 5),
        "lsetxattr": (189, 6),
        "fsetxattr": (190, 7),
        "setxattrat": (463, 463),
    },
    "programs that stand in no file": {
        "memfd_create": (319, 279),
        "memfd_secret": (447, 447),
        "execveat": (322, 281),
    },
    "memory, queues and keys that other processes share by name": {
        "shmget": (29, 194),
        "shmat": (30, 196),
        "shmctl": (31, 195),
        "semget": (64, 190),
        "semop": (65, 193),
        "semctl": (66, 191),
        "semtimedop": (220, 192),
        "msgget": (68, 186),
        "msgsnd": (69, 189),
        "msgrcv": (70, 188),
        "msgctl": (71, 187),
        "mq_open": (240, 180),
        "mq_unlink": (241, 181),
        "add_key": (248, 217),
        "request_key": (249, 218),
        "keyctl": (250, 219),
    },
    "parts of the kernel that only attacks on it need": {
        "bpf": (321, 280),
        "perf_event_open": (298, 241),
        "userfaultfd": (323, 282),
        "vmsplice": (278, 75),
        "personality": (135, 92),
        "modify_ldt": (154, None),
        "iopl": (172, None),
        "ioperm": (173, None),
        "uselib": (134, None),
        "_sysctl": (156, None),
        "nfsservctl": (180, 42),
        "sysfs": (139, None),
        "ustat": (136, None),
        "lsm_set_self_attr": (460, 460),
    },
    "administration of the machine, should a command run as root": {
        "kexec_load": (246, 104),
        "kexec_file_load": (320, 294),
        "init_module": (175, 105),
        "finit_module": (313, 273),
        "delete_module": (176, 106),
        "reboot": (169, 142),
        "swapon": (167, 224),
        "swapoff": (168, 225),
        "acct": (163, 89),
        "quotactl": (179, 60),
        "quotactl_fd": (443, 443),
        "syslog": (103, 116),
        "sethostname": (170, 161),
        "setdomainname": (171, 162),
        "settimeofday": (164, 170),
        "clock_settime": (227, 112),
        "adjtimex": (159, 171),
        "clock_adjtime": (305, 266),
        "vhangup": (153, 58),
    },
}

# ENOSYS: operations of io_uring are not seen by the filter; the flags of clone3 lie in memory, where it cannot look,
# and the C library falls back to clone
ABSENT: dict[str, tuple[int, int]] = {
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "clone3": (435, 435),
}

# denied beside the rest while a door is open: a connection must not bring in descriptors that somebody else opened
DENIED_WITH_DOOR: dict[str, tuple[int, int]] = {
    "recvmsg": (47, 212),
    "recvmmsg": (299, 243),
}

# whose arguments decide, what the walls' own probe tries, and seccomp itself
SINGLE: dict[str, tuple[int, int]] = {
    "socket": (41, 198),
    "socketpair": (53, 199),
    "clone": (56, 220),
    "ioctl": (16, 29),
    "prctl": (157, 167),
    "seccomp": (317, 277),
}

FIRST_UNKNOWN = 470  # the first number that Linux 6.18 did not have

# CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET; CLONE_NEWTIME is none of clone's (linux/sched.h)
CLONE_NAMESPACES = 0x7E020000
# TIOCSTI puts input into a terminal, TIOCLINUX pastes into one, TIOCSETD gives it another protocol (asm-generic/ioctls.h)
TERMINAL_REQUESTS = (0x5412, 0x541C, 0x5423)
# linux/prctl.h: to be read by others again; PR_SET_PTRACER lets a named process trace
PR_SET_DUMPABLE, PR_SET_PTRACER = 4, 0x59616D61
