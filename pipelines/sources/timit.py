"""TIMIT: phonetically rich American English with word times, from eight dialect regions.

Release   LDC93S1; the disc (`TIMIT/TRAIN`), or re-packs of it (`data/TRAIN`, small letters, RIFF copies `SA1.WAV.wav`)
Licence   LDC user agreement
Audio     one `.WAV` per utterance, which is NIST SPHERE inside, 16 kHz mono 16 bit
Splits    the release's own. All speakers read the two `SA` sentences, in train and in test: they are kept, as dialect
          is what they are for; recipes that score words leave them out
Quirk     word times are in waveform samples at 16 kHz; neighbouring words may overlap a little
"""

from __future__ import annotations

from collections.abc import Iterator

from pipelines.formats.sample_times import read_words, whole_number
from pipelines.formats.tables import read_lines
from pipelines.labels.speakers import gender
from pipelines.listing import files, subfolders
from pipelines.places.corpus_path import CorpusPath, relative
from pipelines.record import AudioRef, Label, Record, Reject, Speaker, Transcript, Word, Words
from pipelines.source import Source

RATE = 16_000  # Hz, of the times as of the audio
REGIONS = {f"DR{number}" for number in range(1, 9)}


class TIMIT(Source):
    name = "timit"
    title = "TIMIT: American English with word times"
    home = "https://catalog.ldc.upenn.edu/LDC93S1"
    licence = "LicenseRef-LDC-User-Agreement"
    commercial = False
    attribution = (
        "J. S. Garofolo, L. F. Lamel, W. M. Fisher, J. G. Fiscus, D. S. Pallett, N. L. Dahlgren, V. Zue: TIMIT "
        "Acoustic-Phonetic Continuous Speech Corpus. LDC93S1, Linguistic Data Consortium 1993"
    )
    tasks = ("srwt", "asr", "sgc", "did")
    languages = ("en",)
    splits = {"train": 4_620, "test": 1_680}
    default_splits = ("train", "test")
    evaluation_splits = ("test",)
    mean_seconds = 3.1
    hours = 5.4
    origin_namespace = "timit"
    audio = "NIST SPHERE named .WAV (or RIFF), 16 kHz mono 16 bit, one file per utterance"
    obtain = "Licensed by the LDC as LDC93S1: copy the disc."
    expects = "the folder that holds TIMIT/TRAIN/DR1/ (or data/TRAIN/, or TRAIN/ itself)"
    layout = """
timit/                              <- SOURCE (names in capital or small letters)
  TIMIT/TRAIN/DR1/FCJF0/            sex and initials of the speaker
    SA1.WAV  SA1.TXT  SA1.WRD
"""

    @classmethod
    def recognises(cls, folder: CorpusPath) -> bool:
        return any(_split_folder(folder, split) for split in cls.splits)

    def has_split(self, split: str) -> bool:
        return _split_folder(self.root, split) is not None

    def read(self, split: str) -> Iterator[Record | Reject]:
        top = _split_folder(self.root, split)
        for region in subfolders(top) if top else ():
            for speaker in subfolders(region):
                yield from self.speaker(speaker, region.name.upper())

    def speaker(self, folder: CorpusPath, region: str) -> Iterator[Record | Reject]:
        """The utterances of one speaker, by name. `x.WAV` goes before its copy `x.WAV.wav`."""
        place, speaker = relative(folder, self.root), folder.name.upper()
        found: dict[str, dict[str, str]] = {}
        for name in sorted(files(folder, ".wav", ".txt", ".wrd"), key=len, reverse=True):
            utterance, _, rest = name.upper().partition(".")
            found.setdefault(utterance, {})[rest.split(".")[0]] = f"{place}/{name}"
        for utterance, parts in sorted(found.items()):
            utterance_id = f"{speaker}-{utterance}"
            where = parts.get("TXT") or parts.get("WRD") or parts.get("WAV", place)
            if "WAV" not in parts:
                yield Reject(utterance_id, "audio_missing", f"{where}:1", metadata=where)
                continue
            if region not in REGIONS:
                yield Reject(utterance_id, "unknown_label", where)
                continue
            words = list(read_words(self.root, parts["WRD"], RATE)) if "WRD" in parts else []
            texts = list(read_lines(self.root, parts["TXT"])) if "TXT" in parts else []
            bad = next((item for item in (*texts, *words) if isinstance(item, Reject)), None)
            timed = tuple(word for word in words if isinstance(word, Word))
            cells = texts[0][1].split(maxsplit=2) if texts and not isinstance(texts[0], Reject) else []
            if bad is not None:
                yield Reject(utterance_id, bad.reason, bad.where)
            elif len(cells) < 3 and not timed:
                yield Reject(utterance_id, "no_transcript", where)
            else:
                spoken = Transcript(" ".join(word.word for word in timed), "en", "unpunctuated")
                text = Transcript(cells[2].strip(), "en") if len(cells) == 3 else spoken
                frames = whole_number(cells[1]) if len(cells) == 3 else None
                seconds = None if frames is None else frames / RATE
                yield Record(
                    id=utterance_id,
                    audio=(AudioRef(parts["WAV"], seconds=seconds),),
                    annotations=(text, *([Words(timed)] if timed else []), Label("did", (region,))),
                    speaker=Speaker(speaker, gender(speaker[0])),
                    original={"region": region},
                )


def _split_folder(root: CorpusPath, split: str) -> CorpusPath | None:
    """The folder of `split`: in `root`, or in the folder TIMIT or data of it; in any case of letters."""
    inside = [child for child in subfolders(root) if child.name.lower() in ("timit", "data")]
    for place in (root, *inside):
        for folder in subfolders(place):
            if folder.name.lower() == split and any(c.name.upper() in REGIONS for c in subfolders(folder)):
                return folder
    return None
