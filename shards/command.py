"""The arguments of this package's commands: OUT [DATASET] [key=value …]."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from shards.schema import ShardError


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
