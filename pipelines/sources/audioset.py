"""AudioSet: clips of YouTube labelled with the events of an ontology, and part of them with the events' times.

Release   research.google.com/audioset; Gemmeke et al., ICASSP 2017; strong labels: Hershey et al., ICASSP 2021
Licence   labels CC BY 4.0; the audio is YouTube's and its uploaders'
Audio     10 s of a video each, fetched by the user: see `formats/youtube_audio.py` for the names that are found
Splits    balanced_train, unbalanced_train and eval have no video in common. A clip that the strong tables name too has
          both targets. `strong_train` and `strong_eval` hold those clips again, for who has (or wants) only them
Quirk     the id of a segment ends in `_` and its start in milliseconds; ids of videos hold `_` too and begin with `-`
Quirk     where ontology.json is there, of the labels of one branch the most specific ones are kept; `original` has all
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pipelines.formats import audioset_tables as tables
from pipelines.formats.youtube_audio import EXTRA_ROOTS, LICENCE, YouTubeAudio, origin
from pipelines.labels.sound_families import most_specific
from pipelines.listing import is_safe
from pipelines.record import Annotation, Events, Label, Record, Reject
from pipelines.source import Source, SourceError

WEAK = {split: f"{split}_segments.csv" for split in ("balanced_train", "unbalanced_train", "eval")}
STRONG = {"strong_train": "audioset_train_strong.tsv", "strong_eval": "audioset_eval_strong.tsv"}
STRONG_OF = {"balanced_train": "strong_train", "unbalanced_train": "strong_train", "eval": "strong_eval"}

Item = tuple[tables.Segment, tuple[Annotation, ...]] | Reject


class AudioSet(Source):
    name = "audioset"
    title = "AudioSet: sound events on YouTube"
    home = "https://research.google.com/audioset/"
    licence = f"CC-BY-4.0 AND {LICENCE}"
    commercial = False
    attribution = (
        "J. F. Gemmeke, D. P. W. Ellis, D. Freedman, A. Jansen, W. Lawrence, R. C. Moore, M. Plakal, M. Ritter: "
        "Audio Set: An Ontology and Human-Labeled Dataset for Audio Events. ICASSP 2017"
    )
    tasks = ("sec", "sed")
    languages = ()
    splits = {
        "balanced_train": 22_160, "unbalanced_train": 2_041_789, "eval": 20_371,
        "strong_train": 103_463, "strong_eval": 16_996,
    }  # fmt: skip
    default_splits = ("balanced_train", "unbalanced_train", "eval")
    evaluation_splits = ("eval", "strong_eval")
    audio_may_be_missing = True
    mean_seconds = 9.9
    hours = 5_800.0
    audio = "any format; 10 s clips that the user fetched"
    obtain = "Download the tables of home/download.html and home/download_strong.html, and fetch the clips from YouTube"
    expects = (
        "the folder that holds balanced_train_segments.csv or another of the tables, with the clips anywhere in it"
    )
    split_tables = {split: (table,) for split, table in (WEAK | STRONG).items()}
    layout = """
audioset/                           <- SOURCE
  balanced_train_segments.csv       # YTID, start_seconds, end_seconds, positive_labels
  unbalanced_train_segments.csv     eval_segments.csv
  class_labels_indices.csv          index,mid,display_name
  audioset_train_strong.tsv         (optional) segment_id start_time_seconds end_time_seconds label
  audioset_eval_strong.tsv          (optional)
  mid_to_display_name.tsv           names of the strong labels
  ontology.json                     (optional) which class is a kind of which
  …/AbCdEfGhIjK_30_40.wav           clips: <id>, Y<id>, <id>_<start>, <id>_<start>_<end> in seconds or milliseconds
"""
    extra_roots = EXTRA_ROOTS

    def read(self, split: str) -> Iterator[Record | Reject]:
        names = self._names()
        audio = YouTubeAudio(self)
        for item in self._weak(split, names) if split in WEAK else self._strong(split, names):
            if isinstance(item, Reject):
                yield item
                continue
            segment, annotations = item
            if not is_safe(segment.video):
                yield Reject(segment.id, "unsafe_path", segment.where)
            elif (clip := audio.find(segment.video, segment.start, segment.end)) is None:
                yield Reject(segment.id, "audio_missing", segment.where, segment.where.rpartition(":")[0])
            else:
                original = {"labels": segment.labels} if segment.labels else {}
                yield Record(segment.id, (clip,), annotations, origin=origin(segment.video), original=original)

    def _weak(self, split: str, names: Mapping[str, str]) -> Iterator[Item]:
        """Segments with the labels of the whole clip, and with events where the strong table has them."""
        parents = tables.read_parents(self.root) if self.has_file(self.root / "ontology.json") else {}
        strong = STRONG[STRONG_OF[split]]
        events = tables.read_events(self.root, strong) if self.has_split(STRONG_OF[split]) else {}
        for segment in tables.read_segments(self.root, WEAK[split]):
            if isinstance(segment, Reject):
                yield segment
                continue
            mids = [mid for mid in segment.labels.split(",") if mid]
            if not mids or any(mid not in names for mid in mids):
                yield Reject(segment.id, "unknown_label" if mids else "no_transcript", segment.where)
                continue
            labels = tuple(names[mid] for mid in (most_specific(mids, parents) if parents else mids))
            annotations: tuple[Annotation, ...] = (Label("sec", labels, "audioset"),)
            if segment.id in events:
                found = tables.parse_events(events[segment.id], names)
                if found.reason:
                    yield Reject(segment.id, found.reason, f"{strong}:{found.row}")
                    continue
                annotations += (Events(found.events, "audioset"),)
            yield segment, annotations

    def _strong(self, split: str, names: Mapping[str, str]) -> Iterator[Item]:
        """Segments with the events of the strong table alone."""
        table = STRONG[split]
        events = tables.read_events(self.root, table)
        ends = self._ends(split)
        for segment_id, rows in events.items():
            found = tables.parse_events(rows, names)
            where = f"{table}:{found.row}"
            video = tables.video_of(segment_id)
            if video is None or found.reason:
                yield Reject(segment_id, found.reason or "bad_row", where)
                continue
            end = ends.get(segment_id, video[1] + tables.STRONG_SECONDS)
            segment = tables.Segment(segment_id, *video, end, "", where)
            yield segment, (Events(found.events, "audioset"),)

    def _ends(self, split: str) -> Mapping[str, float]:
        """Where segments end that are no 10 s long, as far as the weak tables are there to tell: files are named so."""
        weak = [WEAK[name] for name, strong in STRONG_OF.items() if strong == split and self.has_split(name)]
        return {
            segment.id: segment.end
            for table in weak
            for segment in tables.read_segments(self.root, table)
            if not isinstance(segment, Reject) and segment.end - segment.start != tables.STRONG_SECONDS
        }

    def _names(self) -> Mapping[str, str]:
        """The name of each class by its id.

        Raises:
            SourceError: none of the tables that tell them is there.
        """
        there = [table for table in tables.NAME_TABLES if self.has_file(self.root / table)]
        if not there:
            raise SourceError(
                f"{self.name}: {self.root} holds no names of classes; put one of {', '.join(tables.NAME_TABLES)} there "
                f"({self.home}download.html)"
            )
        return tables.read_names(self.root, there)
