"""What commands share: the arguments OUT [DATASET] [key=value …], and how a user's mistake ends."""

from __future__ import annotations

import difflib
import logging
import signal
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from shards.schema import ShardError


def tell_events() -> None:
    """Let a job's events be read on its standard error, and nothing of those libraries that tell every step."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    for talkative in ("botocore", "aiobotocore"):
        logging.getLogger(talkative).setLevel(logging.WARNING)


def unreadable_file(error: OSError) -> str:
    """What to say of a file that cannot be read or written."""
    return f"{error.filename or 'OUT'}: {error.strerror or error}"


def exit_status(
    action: Callable[[], int],
    user_errors: tuple[type[Exception], ...],
    unreadable: Callable[[OSError], str] = unreadable_file,
    interrupted: str = "interrupted; the same command goes on from here",
) -> int:
    """Run a command; its exit status. What a user can put right is told in a line, without a traceback.

    Args:
        unreadable: what to say of an OSError that is none of `user_errors`.
        interrupted: what to say when Ctrl-C, or SIGTERM of a scheduler, ends it.
    """
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, _terminate)
    try:
        return action()
    except user_errors as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"error: {unreadable(error)}", file=sys.stderr)
        return 1
    except (KeyboardInterrupt, SystemExit) as error:
        # While Ray starts, SIGTERM ends in its own handler, which exits with the signal's number.
        if isinstance(error, SystemExit) and error.code != signal.SIGTERM:
            raise
        print(interrupted, file=sys.stderr)
        return 128 + (signal.SIGINT if isinstance(error, KeyboardInterrupt) and not _came else signal.SIGTERM)


_came: list[int] = []  # SIGTERM, once it came; Ray raises a KeyboardInterrupt of its own for what a handler raises


def _terminate(number: int, frame: object) -> None:
    """Like Ctrl-C: end what is under way in order, so that Ray is shut down and scratch folders go."""
    _came.append(number)
    raise KeyboardInterrupt


def parse_arguments(
    arguments: Sequence[str], usage: str, defaults: Mapping[str, int | str]
) -> tuple[str, str | None, dict[str, Any]]:
    """OUT, DATASET or None, and the options with values of their defaults' types.

    `storage_options.<name>=<value>` is understood by every command. "--help" prints the usage and ends the program.

    Raises:
        ShardError: OUT is missing, there are too many arguments, or an option is unknown or no number.
    """
    if {"-h", "--help"} & set(arguments):
        print(usage.strip())
        sys.exit(0)
    names = [argument for argument in arguments if "=" not in argument.partition("://")[0]]
    options: dict[str, Any] = {**defaults, "storage_options": {}}
    for argument in arguments:
        if argument in names:
            continue
        key, _, value = argument.partition("=")
        if key.startswith("storage_options."):
            options["storage_options"][key.partition(".")[2]] = value
        elif key not in defaults:
            near = difflib.get_close_matches(key, [*defaults, "storage_options."], 1)
            hint = f"did you mean {near[0]}?" if near else f"there are: {', '.join([*defaults, 'storage_options.…'])}"
            raise ShardError(f"unknown option {key!r}; {hint}")
        elif isinstance(defaults[key], int):
            if not value.isdigit():
                raise ShardError(f"option {key}={value}: a whole number is needed")
            options[key] = int(value)
        else:
            options[key] = value
    if not 1 <= len(names) <= 2 or not all(names):
        raise ShardError("give OUT, the folder or URL of the shards, then perhaps a DATASET; see --help")
    return names[0], names[1] if len(names) == 2 else None, options
