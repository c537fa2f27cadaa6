"""LibriMix: two or three LibriSpeech utterances said at once.

Release   github.com/JorisCos/LibriMix; Cosentino et al. 2020; its scripts make the audio of LibriSpeech and WHAM
Licence   `mix_clean` CC BY 4.0 (LibriSpeech); `mix_both` has noise of WHAM and with it CC BY-NC 4.0
Audio     one WAV per mixture, 16 kHz (or 8 kHz) mono
Splits    by number of speakers, part of LibriSpeech (named as the scripts do: `train-360`, `dev`) and kind of mixture.
          `mix_single`, one speaker in noise, is left out
Quirk     only `max` is read: `min` cuts the longer utterances, and their texts with them. Both begin at 0. Paths in the
          tables are those of the machine that made them, so files are found by `mixture_ID`, which is the utterances'
          ids joined by `_`; their texts come from LibriSpeech. How long each speaks is in no table of the mixtures, but
          in those from which they were made: turns are told where ROOTS names these
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from pipelines.formats.tables import read_csv, read_lines
from pipelines.places.corpus_path import CorpusPath
from pipelines.record import AudioRef, Overlap, Record, Reject, Turns
from pipelines.source import Source, SourceError

PARTS = {"train-360": "train-clean-360", "train-100": "train-clean-100", "dev": "dev-clean", "test": "test-clean"}
KINDS = {"mix_clean": "CC-BY-4.0", "mix_both": "CC-BY-NC-4.0"}
COUNTS = {
    2: {"train-360": 50_800, "train-100": 13_900, "dev": 3_000, "test": 3_000},
    3: {"train-360": 33_900, "train-100": 9_300, "dev": 3_000, "test": 3_000},
}
RATES = {"wav16k": 16_000, "wav8k": 8_000}  # Hz, by folder, the best first
LIBRISPEECH_RATE = 16_000  # Hz


class LibriMix(Source):
    name = "librimix"
    title = "LibriMix: utterances said at once"
    home = "https://github.com/JorisCos/LibriMix"
    licence = "CC-BY-NC-4.0"
    commercial = False
    attribution = (
        "J. Cosentino, M. Pariente, S. Cornell, A. Deleforge, E. Vincent: LibriMix: An Open-Source Dataset for "
        "Generalizable Speech Separation. arXiv:2005.11262, 2020"
    )
    tasks = ("osr", "sd")
    languages = ("en",)
    splits = {
        f"libri{number}mix-{part}-{kind}": count
        for number, counts in COUNTS.items() for kind in KINDS for part, count in counts.items()
    }  # fmt: skip
    default_splits = tuple(split for split in splits if split.endswith("mix_clean"))
    evaluation_splits = tuple(split for split in splits if "-dev-" in split or "-test-" in split)
    text_form = "unpunctuated"
    mean_seconds = 14.5
    origin_namespace = "librimix"
    audio = "WAV, 16 kHz (or 8 kHz) mono, one file per mixture"
    obtain = (
        "Run generate_librimix.sh of github.com/JorisCos/LibriMix with --modes max, and pass LibriSpeech, of which it "
        "made the mixtures, as ROOTS=librispeech=/path."
    )
    expects = "the folder that holds Libri2Mix/wav16k/max/ or Libri3Mix/wav16k/max/ (or one of these two)"
    extra_roots = {
        "librispeech": "the folder LibriSpeech/, for the texts; needed",
        "metadata": "LibriMix/metadata of the scripts, for the lengths of the utterances and with them task sd",
    }
    layout = """
librimix/                           <- SOURCE (or Libri2Mix/)
  Libri2Mix/wav16k/max/
    metadata/mixture_train-360_mix_clean.csv        mixture_ID, …, length in waveform samples
    train-360/mix_clean/4077-13751-0001_8555-284447-0007.wav
"""

    @classmethod
    def recognises(cls, folder: CorpusPath) -> bool:
        return bool(_mixes(folder))

    @cached_property
    def mixes(self) -> dict[int, str]:
        """Number of speakers -> folder of the mixtures below SOURCE, such as `Libri2Mix/wav16k/max`."""
        return _mixes(self.root)

    def has_split(self, split: str) -> bool:
        number, part, kind = _parted(split)
        return number in self.mixes and self.has_file(self.root / _table(self.mixes[number], part, kind))

    def read(self, split: str) -> Iterator[Record | Reject]:
        number, part, kind = _parted(split)
        folder = self.mixes[number]
        rate = next(rate for name, rate in RATES.items() if name in folder.split("/"))
        table, place = _table(folder, part, kind), f"{folder}/{part}/{kind}"
        listing = self.listing(place)
        texts, lengths = self.texts(PARTS[part]), self.lengths(PARTS[part])
        named: set[str] = set()
        for row in read_csv(self.root, table, ("mixture_ID", "length")):
            mixture, where = (row.id, row.where) if isinstance(row, Reject) else (row[1][0], f"{table}:{row[0]}")
            named.add(f"{mixture}.wav")
            utterances = mixture.split("_")
            if isinstance(row, Reject):
                yield row
            elif problem := listing.problem(mixture, f"{mixture}.wav", where, table):
                yield problem
            elif len(utterances) != number or not row[1][1].strip().isdecimal():
                yield Reject(mixture, "bad_row", where)
            elif not all(texts.get(utterance) for utterance in utterances):
                yield Reject(mixture, "no_transcript", where)
            else:
                seconds = int(row[1][1]) / rate
                known = [lengths.get(utterance) for utterance in utterances]
                turns = [
                    (utterance.split("-")[0], 0.0, min(length, seconds))
                    for utterance, length in zip(utterances, known, strict=True) if length is not None
                ]  # fmt: skip
                overlap = Overlap(tuple(texts[utterance] for utterance in utterances), "en")
                yield Record(
                    id=mixture,
                    audio=(AudioRef(f"{place}/{mixture}.wav", seconds=seconds),),
                    annotations=(overlap, Turns(tuple(turns))) if len(turns) == number else (overlap,),
                    licence=KINDS[kind],
                )
        yield from listing.unnamed(named, ".wav")

    def texts(self, part: str) -> dict[str, str]:
        """Utterance -> text of a part of LibriSpeech.

        Raises:
            SourceError: ROOTS does not name LibriSpeech, or the part is not in it.
        """
        if "librispeech" not in self.roots:
            raise SourceError(f"{self.name}: has no texts of its own: pass ROOTS=librispeech=/path/to/LibriSpeech")
        base = self.roots["librispeech"]
        places = (base / part, base / "LibriSpeech" / part)
        transcripts = [path for place in places for path in place.glob("*/*/*.trans.txt")]
        if not transcripts:
            raise SourceError(
                f"{self.name}: no transcripts in {base / part}: ROOTS=librispeech names the folder with {part}/"
            )
        found: dict[str, str] = {}
        for path in transcripts:
            lines = (item for item in read_lines(path.parent, path.name) if not isinstance(item, Reject))
            found.update((utterance, text) for utterance, _, text in (line.partition(" ") for _, line in lines))
        return found

    def lengths(self, part: str) -> dict[str, float]:
        """Utterance -> seconds, from the tables that the mixtures were made of; {} where ROOTS does not name them."""
        base = self.roots.get("metadata")
        if base is None:
            return {}
        tables = [f"{folder}/{part}.csv" for folder in ("LibriSpeech", "librispeech_metadata")]
        table = next((table for table in tables if (base / table).is_file()), None)
        if table is None:
            raise SourceError(f"{self.name}: {base / tables[0]} is missing: ROOTS=metadata names LibriMix/metadata")
        rows = (row[1] for row in read_csv(base, table, ("origin_path", "length")) if not isinstance(row, Reject))
        stems = ((path.rpartition("/")[2].removesuffix(".flac"), length.strip()) for path, length in rows)
        return {stem: int(length) / LIBRISPEECH_RATE for stem, length in stems if length.isdecimal()}


def _table(folder: str, part: str, kind: str) -> str:
    return f"{folder}/metadata/mixture_{part}_{kind}.csv"


def _parted(split: str) -> tuple[int, str, str]:
    """`libri2mix-train-360-mix_clean`: 2, train-360, mix_clean."""
    mix, _, rest = split.partition("-")
    part, _, kind = rest.rpartition("-")
    return int(mix.removeprefix("libri").removesuffix("mix")), part, kind


def _mixes(root: CorpusPath) -> dict[int, str]:
    """Number of speakers -> folder below `root`; a `root` that is one of them tells it by its name or the folder s3."""
    found: dict[int, str] = {}
    for rate in RATES:
        for number in COUNTS:
            if (root / f"Libri{number}Mix/{rate}/max/metadata").is_dir():
                found.setdefault(number, f"Libri{number}Mix/{rate}/max")
        if not found and (root / f"{rate}/max/metadata").is_dir():
            three = "3" in root.name or any((root / f"{rate}/max/{part}/s3").is_dir() for part in PARTS)
            found[3 if three else 2] = f"{rate}/max"
    return found
