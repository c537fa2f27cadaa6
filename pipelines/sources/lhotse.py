"""Lhotse's manifests: cuts, or supervisions with the recordings that they belong to.

Format    github.com/lhotse-speech/lhotse, 0.8 or newer: cuts.jsonl.gz (.jsonl, .json); or supervisions.jsonl.gz, and a
          file beside it that has "recordings" for "supervisions" in its name
Records   a MonoCut with one supervision is one; with several, or of a MultiCut, each of these is one, in its channel.
          Custom fields count as columns
Words     of the alignment "word", whose times are those of the recording, not of the cut
Quirk     what is not a stretch of a file is refused: MixedCut, PaddingCut, recordings that are a command, are in memory
          or in Shar archives, or were perturbed (but resampling is done here anyway); features are not read. A cut that
          ends within its only supervision bears more text than is heard, and is refused
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from pipelines.formats.json_lines import read_json_lines
from pipelines.formats.json_stream import read_list
from pipelines.own.data import safe_name
from pipelines.own.row_values import RowError, seconds, text_of
from pipelines.own.rows import Row
from pipelines.own.source import OwnSource
from pipelines.places.corpus_path import CorpusPath
from pipelines.record import Reject
from pipelines.source import SourceError

_LISTS = re.compile(r"[_.-]*(cuts|supervisions)[_.-]*", re.IGNORECASE)
_SAME = 0.001  # seconds by which a cut may differ from its recording and still be all of it
_OVER = 0.1  # seconds by which a supervision may reach out of its cut: lists round in their own ways
_HEARD_HZ = 16_000  # what is resampled to less than this sounds otherwise


class Lhotse(OwnSource):
    name = "lhotse"
    title = "Your own data in Lhotse's manifests"
    home = "https://lhotse.readthedocs.io"
    suffixes = (".jsonl.gz", ".jsonl", ".json")
    audio = "any that can be decoded"
    obtain = (
        "Write cuts that hold no mixtures: CutSet.from_manifests(recordings, supervisions).to_file('cuts.jsonl.gz')"
    )
    expects = "cuts.jsonl.gz, supervisions.jsonl.gz with recordings.jsonl.gz beside it, or the folder of these"
    layout = """
manifests/                          <- SOURCE, or one of its files
  cuts_train.jsonl.gz  cuts_dev.jsonl.gz           a split each
  supervisions_train.jsonl.gz  recordings_train.jsonl.gz       (where there are no cuts)
"""

    @classmethod
    def metadata_in(cls, folder: CorpusPath) -> list[CorpusPath]:
        found = super().metadata_in(folder)
        cuts = [path for path in found if "cuts" in path.name.lower()]
        return cuts or [path for path in found if "supervisions" in path.name.lower()]

    @classmethod
    def split_of(cls, path: CorpusPath) -> str:
        name = path.name
        for suffix in cls.suffixes:
            name = name.removesuffix(suffix)
        return safe_name(_LISTS.sub("_", name).strip("_")) or "train"

    def rows(self, path: CorpusPath) -> Iterator[Row | Reject]:
        folder = self.inside(path.parent)
        recordings: dict[str, Any] | None = None
        for item in self._items(path):
            if isinstance(item, Reject):
                yield item
                continue
            where, told = item
            if "sources" in told:
                raise SourceError(
                    f"{self.name}: {path} lists recordings; pass the file of the supervisions, or of cuts"
                )
            if "type" not in told and recordings is None:
                recordings = self._recordings(path)
            name = text_of(told.get("id")) or where
            try:
                found = _of_cut(told) if recordings is None else [_of_supervision(told, recordings)]
                for cells in found:
                    yield Row(where, cells, folder)
            except RowError as error:
                yield Reject(name, error.reason, f"{where}: {error}")
            except (TypeError, ValueError, KeyError, AttributeError):
                yield Reject(name, "bad_row", f"{where}: not as Lhotse writes it")

    def _items(self, path: CorpusPath) -> Iterator[tuple[str, dict[str, Any]] | Reject]:
        where = self.inside(path)
        if path.name.lower().endswith(".json"):
            for number, value in enumerate(read_list(path), start=1):
                place = f"{where}:{number}"
                yield (place, value) if isinstance(value, dict) else Reject(place, "bad_row", f"{place}: no object")
            return
        for line in read_json_lines(path, where):
            yield line if isinstance(line, Reject) else (f"{where}:{line[0]}", line[1])

    def _recordings(self, path: CorpusPath) -> dict[str, Any]:
        """The recordings by their ids, of the file beside one of supervisions."""
        beside = path.parent / re.sub("supervisions", "recordings", path.name, flags=re.IGNORECASE)
        if beside == path or not self.has_file(beside):
            raise SourceError(f"{self.name}: {path} lists supervisions; their recordings are to be in {beside}")
        items = (item[1] for item in self._items(beside) if not isinstance(item, Reject))
        return {text_of(told.get("id")): told for told in items}


def _of_cut(cut: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """What a cut has to say, as rows.

    Raises:
        RowError: it is no stretch of a file, or nothing is said of it.
    """
    if cut["type"] not in ("MonoCut", "MultiCut", "Cut"):
        raise RowError("bad_row", f"a {cut['type']}; only a MonoCut or a MultiCut is a stretch of a file")
    recording, supervisions = cut.get("recording"), cut.get("supervisions") or []
    if not isinstance(recording, dict):
        raise RowError("bad_row", "a cut without its recording; features are not read")
    if not supervisions:
        raise RowError("no_transcript", "a cut without supervisions")
    start = float(cut["start"])
    if len(supervisions) == 1 and cut["type"] != "MultiCut":
        said, duration = supervisions[0], float(cut["duration"])
        begin, end = float(said["start"]), float(said["start"]) + float(said["duration"])
        if begin < -_OVER or end > duration + _OVER:
            raise RowError("bad_times", f"a supervision from {begin:g} to {end:g} s of a cut of {duration:g} s")
        channel = cut.get("channel", said.get("channel"))
        yield {**_audio(recording, channel, start, duration), **_said(cut), **_said(said), "id": cut["id"]}
        return
    for said in supervisions:  # their times are those of the cut
        channel = said.get("channel", cut.get("channel"))
        yield {**_audio(recording, channel, start + float(said["start"]), float(said["duration"])), **_said(said)}


def _of_supervision(said: Mapping[str, Any], recordings: Mapping[str, Any]) -> dict[str, Any]:
    recording = recordings.get(text_of(said.get("recording_id")))
    if recording is None:
        raise RowError("audio_missing", f"no recording {text_of(said.get('recording_id'))}")
    return {**_audio(recording, said.get("channel"), float(said["start"]), float(said["duration"])), **_said(said)}


def _audio(recording: Mapping[str, Any], channel: Any, start: float, duration: float) -> dict[str, Any]:
    """The fields of the audio of a stretch of a recording, `start` and `duration` in seconds."""
    if not all(map(_is_resampling, recording.get("transforms") or ())):
        raise RowError("bad_row", "a recording that Lhotse is to perturb; write it first: cuts.save_audios('folder')")
    if isinstance(channel, list):  # all of them are one sound, mixed
        every = sorted(number for source in recording["sources"] for number in source["channels"])
        if len(channel) > 1 and sorted(channel) != every:
            raise RowError("bad_row", f"the channels {channel} of {every}; only one is a sound, or all of them")
        channel = channel[0] if len(channel) == 1 else None
    sources = [s for s in recording["sources"] if channel is None or channel in s["channels"]]
    if len(sources) != 1:
        raise RowError("bad_row", f"channel {channel} is in {len(sources)} files of the recording")
    if sources[0]["type"] not in ("file", "url"):
        raise RowError(
            "bad_row", f"audio by a {sources[0]['type']}, which is not read; cuts.save_audios('folder') writes files"
        )
    channels = sources[0]["channels"]
    cells = {"audio": sources[0]["source"], "recording": recording["id"]}
    if channel is not None and len(channels) > 1:
        cells["channel"] = channels.index(channel)
    length = seconds(recording.get("duration"), "duration")
    if length is not None and abs(start) <= _SAME and abs(length - duration) <= _SAME:
        return cells | {"duration": length}
    # Times are sums of others: the noise of adding is not to show in the names of samples.
    return cells | {"start": round(start, 6), "end": round(start + duration, 6)}


def _is_resampling(transform: Mapping[str, Any]) -> bool:
    """Whether a transform leaves all that is heard at 16 kHz, and all times, as they are."""
    return transform["name"] == "Resample" and transform["kwargs"]["target_sampling_rate"] >= _HEARD_HZ


def _said(told: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a cut or a supervision that say something, the custom ones among them."""
    cells = {**(told.get("custom") or {}), "id": told["id"]}
    for field in ("text", "language", "speaker", "gender"):
        if told.get(field) is not None:
            cells[field] = told[field]
    aligned = (told.get("alignment") or {}).get("word")
    if aligned:
        # [symbol, start, duration, score]; a blank one is a pause.
        cells["words"] = [
            {"word": item[0], "start": item[1], "duration": item[2]} for item in aligned if text_of(item[0])
        ]
    return cells
