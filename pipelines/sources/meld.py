"""MELD: utterances of a television series with the emotion of each.

Release   affective-meld.github.io, MELD.Raw.tar.gz, and the tables of its repository; Poria et al., ACL 2019
Licence   tables: GPL-3.0; the clips are cut from a television series and are for research alone
Audio     one MP4 per utterance, its sound AAC of two channels or more
Splits    the release's own. Ids begin anew in each of them
Quirk     the tables say what there is. The folder of test also holds `final_videos_test…` and AppleDouble twins, which
          are nothing of the corpus; `dia125_utt3` of train cannot be decoded, `dia110_utt7` of dev was never there.
          StartTime and EndTime are those of the episode: the clips are already cut. Transcripts are those of subtitles;
          until November 2020 the tables had Windows' quotes and dashes as control characters (see `text.normalise`)
"""

from __future__ import annotations

from collections.abc import Iterator

from pipelines.formats.audio_tree import AudioTree
from pipelines.formats.tables import read_csv
from pipelines.record import AudioRef, Label, Record, Reject, Speaker, Transcript
from pipelines.source import Source

EMOTIONS = {"neutral", "joy", "surprise", "anger", "sadness", "disgust", "fear"}
FOLDERS = {"train": "train_splits", "dev": "dev_splits_complete", "test": "output_repeated_splits_test"}
COLUMNS = ("Dialogue_ID", "Utterance_ID", "Utterance", "Emotion")


class MELD(Source):
    name = "meld"
    title = "MELD: emotions in a television series"
    home = "https://affective-meld.github.io"
    licence = "GPL-3.0-only AND LicenseRef-MELD-Research-Only"
    commercial = False
    attribution = (
        "S. Poria, D. Hazarika, N. Majumder, G. Naik, E. Cambria, R. Mihalcea: MELD: A Multimodal Multi-Party Dataset "
        "for Emotion Recognition in Conversations. ACL 2019"
    )
    tasks = ("er", "asr")
    languages = ("en",)
    splits = {"train": 9_989, "dev": 1_109, "test": 2_610}
    default_splits = ("train", "dev", "test")
    evaluation_splits = ("dev", "test")
    mean_seconds = 3.6
    hours = 13.7
    audio = "MP4 (AAC, 2 channels or more), one file per utterance"
    obtain = (
        "Unpack MELD.Raw.tar.gz of affective-meld.github.io, and in it train.tar.gz, dev.tar.gz and test.tar.gz; put "
        "the tables of github.com/declare-lab/MELD/tree/master/data/MELD beside them"
    )
    expects = (
        "the folder MELD.Raw/, which holds dev_sent_emo.csv and dev_splits_complete/ (or dev/dev_splits_complete/)"
    )
    archives = ("train.tar.gz", "dev.tar.gz", "test.tar.gz")
    # Tar files differ, and so do their users.
    split_tables = {
        split: (f"{split}_sent_emo.csv", f"{split}/{split}_sent_emo.csv", f"{folder}/{split}_sent_emo.csv")
        for split, folder in FOLDERS.items()
    }
    layout = """
MELD.Raw/                           <- SOURCE
  train_sent_emo.csv  dev_sent_emo.csv  test_sent_emo.csv      (or each in train/, dev/, test/)
  train_splits/dia0_utt0.mp4        (or train/train_splits/)
  dev_splits_complete/dia0_utt0.mp4
  output_repeated_splits_test/dia0_utt0.mp4
"""

    def read(self, split: str) -> Iterator[Record | Reject]:
        table = self.split_table(split)
        places = (FOLDERS[split], f"{split}/{FOLDERS[split]}")
        advice = f"unpack {split}.tar.gz of MELD.Raw.tar.gz ({self.home})"
        clips = AudioTree(self, self.folder_of(f"the clips of '{split}'", *places, advice=advice))
        optional = ("Speaker", "Sentiment", "Sr No.", "Season", "Episode")
        for row in read_csv(self.root, table, COLUMNS, optional):
            if isinstance(row, Reject):
                yield Reject(row.where, row.reason, row.where)  # a dialogue's number alone names no clip
                continue
            number, (dialogue, turn, text, feeling, speaker, sentiment, *_) = row
            clip, where = f"dia{dialogue.strip()}_utt{turn.strip()}", f"{table}:{number}"
            path = clips.find(clip)
            if path is None:
                yield clips.problem(clip, clip, where, table)
            elif feeling.strip().lower() not in EMOTIONS:
                yield Reject(clip, "unknown_label", where)
            elif not text.strip():
                yield Reject(clip, "no_transcript", where)
            else:
                yield Record(
                    id=clip,
                    audio=(AudioRef(path),),
                    annotations=(Transcript(text, "en"), Label("er", (feeling.strip(),))),
                    speaker=Speaker(speaker.strip() or None),
                    origin=f"meld:{split}/{clip}",
                    original={"sentiment": sentiment} if sentiment else {},
                )
