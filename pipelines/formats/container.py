"""How an audio file is refused: shared by the container readers of this folder and `pipelines/decoding/audio.py`."""

from __future__ import annotations

from pipelines.record import REJECT_REASONS


class AudioReject(Exception):  # noqa: N818 - an outcome that is counted, not an error
    """Audio that no clip can be made of, by its content: `reason` is a key of `REJECT_REASONS`, `detail` says more.

    Never raised for what may pass (a disk that fails, a path that is gone): that stays an OSError.
    """

    def __init__(self, reason: str, detail: str) -> None:
        assert reason in REJECT_REASONS, reason
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


def truncated(promised: int, present: int, unit: str) -> AudioReject:
    """The reject of a file that holds less than its header promises."""
    return AudioReject("truncated", f"the header promises {promised} {unit}, the file holds {present}")
