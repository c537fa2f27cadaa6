"""The number that tells which form samples, indexes and records have, and the error all of them share."""

from __future__ import annotations

SCHEMA = 1  # of sample, index and record; raised by any change but an added optional key


class ShardError(Exception):
    """Shards that are not what they should be: what is wrong, where, and what to do."""


def check_schema(number: object, where: str) -> int:
    """The schema number found in a file, if this version can read it.

    Raises:
        ShardError: it is no number, or that of a newer version.
    """
    if isinstance(number, bool) or not isinstance(number, int) or number < 1:
        raise ShardError(f"{where}: 'schema' is {number!r}, not a number from 1 up; the file is damaged or not ours")
    if number > SCHEMA:
        raise ShardError(
            f"{where}: has schema {number}, this version reads up to {SCHEMA}; "
            f"read it with a version of this project that knows schema {number}"
        )
    return number
