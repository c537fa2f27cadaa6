"""A Kaldi data folder: wav.scp with text, segments and the other tables beside it.

Format    kaldi-asr.org/doc/data_prep.html
Tables    wav.scp, segments, text, utt2spk, spk2gender, utt2lang, utt2dur, reco2file_and_channel
Splits    a folder is one, called as SPLIT says, or "test" for data/test; of the folder above each is called like it
Quirk     a value of wav.scp that is a command (`flac -dc a.flac |`) or lies in an ark is refused: nothing that metadata
          says is ever run. Where two recordings of reco2file_and_channel have one file, each is a channel of it; else
          the file was split when it was written. A speaker who is called like his utterance is not known
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace

from pipelines.formats.kaldi import Column, Entry, read_table
from pipelines.listing import subfolders
from pipelines.own.data import safe_name
from pipelines.own.patterns import expanded, is_pattern
from pipelines.own.rows import Row
from pipelines.own.source import OwnSource
from pipelines.places.corpus_path import CorpusPath
from pipelines.record import Reject
from pipelines.source import SourceError

_ARK = re.compile(r"\.(ark|scp):\d+(\[.*\])?$")
_CHANNELS = {"A": "0", "B": "1", "1": "0", "2": "1"}


class Kaldi(OwnSource):
    name = "kaldi"
    title = "Your own data in Kaldi's folders"
    home = "https://kaldi-asr.org/doc/data_prep.html"
    text_form = "unpunctuated"
    suffixes = ()
    audio = "any that can be decoded, one file per recording"
    has_columns = False
    obtain = "Where wav.scp has commands instead of paths, run each once with its output in a file, and name that."
    expects = "a Kaldi data folder (data/train, with wav.scp), or the folder that holds several"
    layout = """
data/train/                         <- SOURCE (or data/)
  wav.scp                           a path of audio for each recording: absolute, or from here or up to 3 folders above
  segments                          (optional) utterance recording start end, in seconds
  text  utt2spk  spk2gender  utt2lang  utt2dur  reco2file_and_channel        (as far as there are)
"""

    @classmethod
    def is_metadata(cls, path: CorpusPath) -> bool:
        return (path / "wav.scp").is_file()

    @classmethod
    def metadata_in(cls, folder: CorpusPath) -> list[CorpusPath]:
        return [path for path in subfolders(folder) if cls.is_metadata(path)] if folder.is_dir() else []

    def parts(self) -> Mapping[str, list[CorpusPath]]:
        if self.is_metadata(self.root):
            return {"": [self.root]}
        folders = expanded(self.root) if is_pattern(self.root) else self.metadata_in(self.root)
        return {safe_name(folder.name) or "train": [folder] for folder in folders}

    def rows(self, path: CorpusPath) -> Iterator[Row | Reject]:
        folder = self.inside(path)
        prefix = f"{folder}/" if folder else ""

        def column(name: str) -> Column:
            return Column(self.base(), f"{prefix}{name}", self.has_file(path / name))

        text, speakers, languages, lengths = map(column, ("text", "utt2spk", "utt2lang", "utt2dur"))
        genders = {entry.key: entry.value for entry in column("spk2gender").rest() if isinstance(entry, Entry)}
        for row in self._cut(prefix) if self.has_file(path / "segments") else self._whole(prefix):
            name = row.id if isinstance(row, Reject) else row.cells["id"]
            said = text.take(name)
            if isinstance(row, Reject):
                yield row
                continue
            if isinstance(said, Reject):
                yield said
                continue
            told = {"text": _value(said), "language": _value(languages.take(name))}
            told |= {"duration": _value(lengths.take(name))}
            speaker = _value(speakers.take(name))
            if speaker != name:
                told |= {"speaker": speaker, "gender": genders.get(speaker, "")}
            yield replace(
                row, folder=folder, cells={**row.cells, **{key: value for key, value in told.items() if value}}
            )
        for entry in text.rest():
            if isinstance(entry, Reject):
                yield entry
            else:
                yield Reject(entry.key, "audio_missing", f"{entry.where}: in no other table")

    def _whole(self, prefix: str) -> Iterator[Row | Reject]:
        """The recordings of wav.scp, each an utterance."""
        channels = self._channels(prefix)
        for entry in read_table(self.base(), f"{prefix}wav.scp"):
            if isinstance(entry, Reject):
                yield entry
            elif problem := _refused(entry):
                yield Reject(entry.key, "bad_row", f"{entry.where}: {problem}")
            else:
                cells = {"id": entry.key, "audio": entry.value, "recording": entry.key}
                yield Row(entry.where, cells | channels.get(entry.key, {}))

    def _cut(self, prefix: str) -> Iterator[Row | Reject]:
        """The utterances of segments, cut from the recordings of wav.scp."""
        recordings = {row.id if isinstance(row, Reject) else row.cells["id"]: row for row in self._whole(prefix)}
        for entry in read_table(self.base(), f"{prefix}segments"):
            if isinstance(entry, Reject):
                yield entry
                continue
            name, start, end, channel, *more = [*entry.value.split(), "", "", ""]
            recording = recordings.get(name)
            if not end or len(more) > 3:
                yield Reject(entry.key, "bad_row" if end else "too_few_columns", entry.where)
            elif isinstance(recording, Reject):
                yield replace(recording, id=entry.key)
            elif recording is None:
                yield Reject(entry.key, "audio_missing", f"{entry.where}: no recording {name} in wav.scp")
            else:
                cells = {**recording.cells, "id": entry.key, "start": start}
                cells |= {"end": end} if end != "-1" else {}  # to the end of the recording
                yield Row(entry.where, cells | ({"channel": _CHANNELS.get(channel, channel)} if channel else {}))

    def _channels(self, prefix: str) -> dict[str, dict[str, str]]:
        """The channels that recordings are which share a file with another one, as a cell each."""
        path = f"{prefix}reco2file_and_channel"
        if not self.has_file(self.base() / path):
            return {}
        found = [entry for entry in read_table(self.base(), path) if isinstance(entry, Entry)]
        files = {e.key: e.value for e in read_table(self.base(), f"{prefix}wav.scp") if isinstance(e, Entry)}
        shared = {file for file, count in Counter(files.values()).items() if count > 1}
        told = {entry.key: entry.value.split()[-1] for entry in found if entry.value}
        return {
            name: {"channel": _CHANNELS.get(channel, channel)}
            for name, channel in told.items()
            if files.get(name) in shared
        }

    def look_into(self, path: CorpusPath) -> None:
        for entry in read_table(path, "wav.scp"):
            if isinstance(entry, Entry) and (problem := _refused(entry)):
                raise SourceError(f"{self.name}: {path / 'wav.scp'}: {entry.key} {problem}")
            break
        super().look_into(path)


def _value(entry: Entry | Reject | None) -> str:
    """What a table says, "" where that is nothing that can be read."""
    return entry.value if isinstance(entry, Entry) else ""


def _refused(entry: Entry) -> str:
    """Why a value of wav.scp is no path of a file."""
    if entry.value.endswith("|") or entry.value.startswith("|") or entry.value == "-":
        return (
            f"is a command ({entry.value[:80]}), which is never run; write files first, and their paths into wav.scp: "
            "run each command once with its output in a file, such as `flac -dc a.flac > wav/a.wav`"
        )
    if _ARK.search(entry.value):
        return f"lies in an ark ({entry.value[:80]}); write a file for each recording, and their paths into wav.scp"
    return ""
