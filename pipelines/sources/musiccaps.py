"""MusicCaps: clips of music from AudioSet, each with a caption by a musician.

Release   kaggle.com/datasets/googleai/musiccaps; Agostinelli et al., MusicLM, 2023
Licence   captions CC BY-SA 4.0; the audio is YouTube's and its uploaders'
Audio     10 s of a video each, fetched by the user: see `formats/youtube_audio.py` for the names that are found
Splits    as AudioSet has them: `is_audioset_eval` is test, the rest train
Quirk     captions hold line breaks: the table has more lines than rows
"""

from __future__ import annotations

from collections.abc import Iterator

from pipelines.formats.tables import read_csv
from pipelines.formats.youtube_audio import EXTRA_ROOTS, LICENCE, YouTubeAudio, as_seconds, origin
from pipelines.listing import is_safe
from pipelines.record import Caption, Record, Reject
from pipelines.source import Source

TABLE = "musiccaps-public.csv"
SPLITS = {"true": "test", "false": "train"}  # by is_audioset_eval, in small letters


class MusicCaps(Source):
    name = "musiccaps"
    title = "MusicCaps: captioned music of YouTube"
    home = "https://www.kaggle.com/datasets/googleai/musiccaps"
    licence = f"CC-BY-SA-4.0 AND {LICENCE}"
    commercial = False
    attribution = (
        "A. Agostinelli, T. I. Denk, Z. Borsos, J. Engel, M. Verzetti, A. Caillon, Q. Huang, A. Jansen, A. Roberts, "
        "M. Tagliasacchi, M. Sharifi, N. Zeghidour, C. Frank: MusicLM: Generating Music From Text. arXiv 2301.11325, "
        "2023"
    )
    tasks = ("mc",)
    languages = ()
    splits = {"train": 2_663, "test": 2_858}
    default_splits = ("train", "test")
    evaluation_splits = ("test",)
    audio_may_be_missing = True
    mean_seconds = 10.0
    hours = 15.3
    audio = "any format; 10 s clips that the user fetched"
    obtain = "Take musiccaps-public.csv of home, and fetch the clips from YouTube"
    expects = "the folder that holds musiccaps-public.csv, with the clips anywhere in it"
    split_tables = dict.fromkeys(splits, (TABLE,))
    layout = """
musiccaps/                          <- SOURCE
  musiccaps-public.csv              ytid,start_s,end_s,audioset_positive_labels,aspect_list,caption,…
  …/[AbCdEfGhIjK]-[30-40].wav       clips: also <id>, Y<id>, <id>_<start>, <id>_<start>_<end>
"""
    extra_roots = EXTRA_ROOTS

    def read(self, split: str) -> Iterator[Record | Reject]:
        audio = YouTubeAudio(self)
        columns = ("ytid", "start_s", "end_s", "caption", "is_audioset_eval"), ("aspect_list",)
        for row in read_csv(self.root, TABLE, *columns):
            # What tells no split is reported in the first one.
            if isinstance(row, Reject):
                if split == "train":
                    yield row
                continue
            number, (video, start, end, caption, is_eval, aspects) = row
            where, belongs = f"{TABLE}:{number}", SPLITS.get(is_eval.strip().lower())
            if belongs != split:
                if belongs is None and split == "train":
                    yield Reject(video or where, "bad_row", where)
            elif not is_safe(video):
                yield Reject(video or where, "unsafe_path", where)
            elif (begins := as_seconds(start)) is None or (ends := as_seconds(end)) is None or begins >= ends:
                yield Reject(video, "bad_times", where)
            elif not caption.strip():
                yield Reject(video, "no_transcript", where)
            elif (clip := audio.find(video, begins, ends)) is None:
                yield Reject(video, "audio_missing", where, TABLE)
            else:
                original = {"aspects": aspects} if aspects else {}
                yield Record(video, (clip,), (Caption(caption),), origin=origin(video), original=original)
