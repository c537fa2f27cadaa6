"""Whether memory is short, for decoders then report damage that is not there.

Seen is a limit of the address space (`ulimit -v`, strict overcommit), where an allocation is refused. Where memory is
promised and then lacks, as in a container, the worker is killed, which nobody takes for damage.
"""

from __future__ import annotations

HEADROOM_BYTES = 64 << 20  # more than any decoder asks for at a time


def check_memory() -> None:
    """See that there is memory, before a recording is called damaged that could not be decoded.

    Raises:
        MemoryError: there is little.
    """
    bytes(HEADROOM_BYTES)  # is given without being written to, so that it costs no time
