"""The command `onprem`: raises the walls, settles the process, then hands over to the command line.

Order: 1. the egress wall, for `onprem serve` with its door, 2. hygiene, 3. the command line is imported and parsed,
4. files are confined to what the command was given and its known answers are asked for (`onprem.cli.needs`), 5. the
command runs, 6. its failure becomes one line, a hint and an exit code; no message of a foreign exception is ever shown.
"""

from __future__ import annotations

import os
import sys


def main() -> None:
    """Run the command line; exit by `onprem.errors.EXIT_CODES`, 130 when interrupted, 141 on a closed pipe."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run one command under the walls; return its exit code."""
    from onprem.security import hygiene

    try:
        _raise_walls(arguments)
        hygiene.settle()
        return _command(arguments)
    except BrokenPipeError:
        return _close_quietly()
    except SystemExit as leaving:  # a library that leaves with a message would print it
        if isinstance(leaving.__context__, BrokenPipeError):
            return _close_quietly()
        return leaving.code if isinstance(leaving.code, int) else _tell(leaving)
    except (Exception, KeyboardInterrupt) as failure:  # noqa: BLE001 - the one place that turns a failure into a code
        return _tell(failure)


def _raise_walls(arguments: list[str]) -> None:
    """Raise the walls, after the two things that must come before them: a positive control, and a door."""
    from onprem.security import walls

    if arguments[:1] == ["doctor"]:
        from onprem.security import probes

        probes.try_without_walls()
    if arguments[:1] != ["serve"]:
        walls.raise_walls()
        return
    from onprem.security import door

    listening = None
    try:
        listening = door.open_by(arguments[1:])
    finally:  # a door that cannot be opened is told from behind the walls
        walls.raise_walls(listening=listening)


def _tell(failure: BaseException) -> int:
    """Say one line about a failure, without any value, and return its exit code."""
    from onprem.cli import render
    from onprem.errors import OnpremError
    from onprem.security import hygiene

    if isinstance(failure, OnpremError):
        render.error(failure)
        return failure.exit_code
    if isinstance(failure, KeyboardInterrupt):
        return 130
    if isinstance(failure, MemoryError):
        render.problem("memory ran out", "use fewer --jobs, or a machine with more memory")
        return 9
    render.problem(hygiene.describe(failure), "nothing was released; please report the place named above")
    return 70


def _command(arguments: list[str]) -> int:
    import typer

    from onprem import cli
    from onprem.cli import needs, render

    try:
        code = needs.guard(cli.root()).main(args=arguments, prog_name="onprem", standalone_mode=False)
        sys.stdout.flush()
    except typer.TyperException as failure:  # usage: the message names what the user typed
        if type(failure).__name__ == "NoArgsIsHelpError":
            render.line(failure.format_message())
            return 2
        hint = _usage_hint(failure)
        render.problem(_lower(failure.format_message()), hint)
        return 2
    except typer.Abort:
        return 130
    return code if isinstance(code, int) else 0


def _usage_hint(failure: Exception) -> str:
    context = getattr(failure, "ctx", None)
    return f"run: {context.command_path if context is not None else 'onprem'} --help"


def _lower(message: str) -> str:
    message = message.rstrip(".")
    return message[:1].lower() + message[1:]


def _close_quietly() -> int:
    """Point standard output nowhere, so that the flush at exit does not complain; return 128 + SIGPIPE."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    os.close(null)
    return 141


if __name__ == "__main__":
    main()
