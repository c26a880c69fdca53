"""One tree of errors: each knows its message, its exit code and a hint that repairs the user's command.

A message never holds a value of a record. It may name what the user typed on the command line or wrote in a policy.
"""

from __future__ import annotations

from typing import ClassVar

# One table of exit codes, printed by `onprem --help`. 0 and 1 are results, not errors.
EXIT_CODES: dict[int, str] = {
    0: "done",
    1: "done, but records are held or a gate failed",
    2: "usage",
    3: "an input cannot be read",
    4: "an output is refused or cannot be written",
    5: "the site is missing or unsound",
    6: "a policy or setting is invalid",
    7: "the audit log cannot be written or does not verify",
    8: "a wall cannot be raised",
    9: "a resource ran out (disk, memory, a worker)",
    10: "a model is missing or unsound",
    11: "not permitted by access.toml",
    70: "internal error (the record is held, nothing is written)",
}


class OnpremError(Exception):
    """Base of every error that a user may see: one clear line, a hint, an exit code."""

    exit_code: ClassVar[int] = 70

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __reduce__(self) -> tuple[object, ...]:
        # crosses process boundaries by message and hint alone: never the cause, which may quote a record
        return (_rebuild, (type(self), self.message, self.hint))


def _rebuild(kind: type[OnpremError], message: str, hint: str) -> OnpremError:
    return kind(message, hint=hint)


class UsageError(OnpremError):
    """The command line asks for something that cannot be."""

    exit_code = 2


class InputError(OnpremError):
    """An input cannot be read or understood."""

    exit_code = 3


class OutputError(OnpremError):
    """An output is refused (it would overwrite, or lies inside the input) or cannot be written."""

    exit_code = 4


class SiteError(OnpremError):
    """The site folder is missing, unsound or has wrong permissions."""

    exit_code = 5


class PolicyError(OnpremError):
    """A policy or setting is invalid."""

    exit_code = 6


class AuditError(OnpremError):
    """The audit log cannot be written or does not verify."""

    exit_code = 7


class WallError(OnpremError):
    """A wall cannot be raised, or does not hold."""

    exit_code = 8


class ResourceError(OnpremError):
    """Disk, memory or a worker ran out."""

    exit_code = 9


class ModelError(OnpremError):
    """A model is missing, has the wrong digest or cannot be loaded."""

    exit_code = 10


class AccessError(OnpremError):
    """The site's access.toml does not permit it to this person."""

    exit_code = 11
