"""AudioCaps: clips of AudioSet with captions.

Release   github.com/cdjkim/audiocaps; Kim et al., NAACL-HLT 2019; `dataset/`, or `dataset2.0/` of 2025 with more clips
Licence   captions MIT, "for academic purposes only"; the audio is YouTube's and its uploaders'
Audio     10 s of a video each, fetched by the user: see `formats/youtube_audio.py` for the names that are found; also
          by `audiocap_id`, as some fetchers name clips
Quirk     a clip of val and test has five rows, one for each caption, and not beside each other
"""

from __future__ import annotations

from collections.abc import Iterator

from pipelines.formats.tables import read_csv
from pipelines.formats.youtube_audio import EXTRA_ROOTS, LICENCE, YouTubeAudio, as_seconds, origin
from pipelines.listing import is_safe
from pipelines.record import AudioRef, Caption, Record, Reject
from pipelines.source import Source

CLIP_SECONDS = 10.0


class AudioCaps(Source):
    name = "audiocaps"
    title = "AudioCaps: captioned sounds of YouTube"
    home = "https://github.com/cdjkim/audiocaps"
    licence = f"MIT AND {LICENCE}"
    commercial = False
    attribution = (
        "C. D. Kim, B. Kim, H. Lee, G. Kim: AudioCaps: Generating Captions for Audios in The Wild. NAACL-HLT 2019"
    )
    tasks = ("aac",)
    languages = ()
    splits = {"train": 49_838, "val": 495, "test": 975}
    default_splits = ("train", "val", "test")
    evaluation_splits = ("val", "test")
    audio_may_be_missing = True
    mean_seconds = 9.9
    hours = 142.5
    audio = "any format; 10 s clips that the user fetched"
    obtain = "Take dataset/*.csv of home, and fetch the clips from YouTube"
    expects = "the folder that holds dataset/train.csv (or train.csv), with the clips anywhere in it"
    split_tables = {s: (f"dataset/{s}.csv", f"{s}.csv", f"dataset2.0/{s}.csv") for s in splits}
    layout = """
audiocaps/                          <- SOURCE
  dataset/train.csv val.csv test.csv    audiocap_id,youtube_id,start_time,caption
  …/AbCdEfGhIjK_30.wav              clips: <id>, Y<id>, <id>_<start>, <id>_<start>_<end>, <audiocap_id>
"""
    extra_roots = EXTRA_ROOTS

    def read(self, split: str) -> Iterator[Record | Reject]:
        table = self.split_table(split)
        audio = YouTubeAudio(self)
        clips: dict[tuple[str, str], list[tuple[int, str, str]]] = {}
        for row in read_csv(self.root, table, ("youtube_id", "start_time", "caption"), ("audiocap_id",)):
            if isinstance(row, Reject):
                yield row
            else:
                number, (video, start, caption, caption_id) = row
                clips.setdefault((video, start), []).append((number, caption, caption_id))
        for (video, start), captions in clips.items():
            clip_id, where = f"{video}_{start}", f"{table}:{captions[0][0]}"
            said = tuple(Caption(text, "audiocaps") for _, text, _ in captions if text.strip())
            names = (video, *(caption_id for _, _, caption_id in captions))
            if not is_safe(video):
                yield Reject(clip_id, "unsafe_path", where)
            elif (begins := as_seconds(start)) is None:
                yield Reject(clip_id, "bad_times", where)
            elif not said:
                yield Reject(clip_id, "no_transcript", where)
            elif (clip := _first(audio, names, begins)) is None:
                yield Reject(clip_id, "audio_missing", where, table)
            else:
                yield Record(clip_id, (clip,), said, origin=origin(video))


def _first(audio: YouTubeAudio, names: tuple[str, ...], start: float) -> AudioRef | None:
    """The clip under the first of its names that is there."""
    found = (audio.find(name, start, start + CLIP_SECONDS) for name in names if name)
    return next((clip for clip in found if clip is not None), None)
