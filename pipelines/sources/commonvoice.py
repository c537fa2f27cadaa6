"""Mozilla Common Voice: sentences read aloud by volunteers, in many languages.

Release   the TSV releases, corpus 1 to 25; SOURCE holds all languages that were downloaded, or is one of them
Licence   CC0
Audio     one MP3 per clip, mono, 48 or 32 kHz
Splits    `validated` holds what train, dev and test do not: in the release it contains them. `invalidated` was voted
          down, `other` was not yet voted on. A clip that no table names is reported once, in the widest split there is
Quirk     columns differ between releases and are found by name; quotation marks do not balance
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from pipelines.formats.tables import Row, read_tsv
from pipelines.labels.languages import language_code
from pipelines.labels.speakers import age, gender
from pipelines.listing import subfolders
from pipelines.places.corpus_path import CorpusPath
from pipelines.record import AudioRef, Record, Reject, Speaker, Transcript
from pipelines.source import Source

OPTIONAL = ("client_id", "locale", "gender", "age", "accents", "accent", "variant")


class CommonVoice(Source):
    name = "commonvoice"
    title = "Mozilla Common Voice: read sentences in many languages"
    home = "https://commonvoice.mozilla.org"
    licence = "CC0-1.0"
    commercial = True
    attribution = (
        "R. Ardila, M. Branson, K. Davis, M. Henretty, M. Kohler, J. Meyer, R. Morais, L. Saunders, F. M. Tyers, G. "
        "Weber: Common Voice: A Massively-Multilingual Speech Corpus. LREC 2020"
    )
    tasks = ("asr", "lid", "sgc", "sap")
    languages = ("en", "zh", "de", "es", "ko", "fr", "ja", "it")  # those of the released vocabulary, of up to 290
    splits = dict.fromkeys(("train", "dev", "test", "validated", "other", "invalidated"))
    default_splits = ("train", "dev", "test")
    evaluation_splits = ("dev", "test")
    mean_seconds = 5.0
    origin_namespace = "commonvoice"
    audio = "MP3 mono, 48 kHz (older) or 32 kHz, one file per clip"
    obtain = "Download languages from commonvoice.mozilla.org/datasets and unpack them side by side."
    expects = "the folder cv-corpus-…/ that holds one folder per language (de/clips/, de/train.tsv), or one of these"
    archives = ("cv-corpus-*.tar.gz", "??.tar.gz")  # the older releases name them by the language
    layout = """
cv-corpus-17.0-2024-03-15/          <- SOURCE (or the folder of one language)
  de/
    clips/common_voice_de_17298952.mp3
    train.tsv  dev.tsv  test.tsv  validated.tsv  other.tsv  invalidated.tsv
"""

    @classmethod
    def recognises(cls, folder: CorpusPath) -> bool:
        return next(_language_folders(folder), None) is not None

    def has_split(self, split: str) -> bool:
        return any((folder / f"{split}.tsv").is_file() for folder in _language_folders(self.root))

    def read(self, split: str) -> Iterator[Record | Reject]:
        for folder in _language_folders(self.root):
            if self.has_file(folder / f"{split}.tsv"):
                yield from self.language(folder, split)

    def language(self, folder: CorpusPath, split: str) -> Iterator[Record | Reject]:
        """The clips of one language by row; then, in the widest split, those that no table names."""
        inside = "" if folder == self.root else f"{folder.name}/"
        table = f"{inside}{split}.tsv"
        listing = self.listing(f"{inside}clips")
        widest = next(s for s in ("validated", *self.splits) if self.has_file(folder / f"{s}.tsv"))
        # Taken away one by one: the names of all tables together are as many as those of the folder once more.
        unnamed = set(listing.names if split == widest else ())
        elsewhere = frozenset(self.clips_of(inside, ("train", "dev", "test")) if split == "validated" else ())
        for row in read_tsv(self.root, table, ("path", "sentence"), OPTIONAL):
            clip = _clip_of(row)
            unnamed.discard(clip)
            if clip in elsewhere:
                continue
            if isinstance(row, Reject):
                yield replace(row, id=clip[:-4])
                continue
            number, (_, sentence, client, locale, sex, years, accents, accent, variant) = row
            clip_id, where = clip[:-4], f"{table}:{number}"
            raw_language = locale or _language_of(clip) or folder.name
            if problem := listing.problem(clip_id, clip, where, table):
                yield problem
            elif not sentence.strip():
                yield Reject(clip_id, "no_transcript", where)
            elif language_code(raw_language) is None:
                yield Reject(clip_id, "unknown_label", where)
            else:
                told = {"gender": sex, "age": years, "accents": accents or accent, "variant": variant}
                yield Record(
                    id=clip_id,
                    audio=(AudioRef(f"{inside}clips/{clip}"),),
                    annotations=(Transcript(sentence, raw_language),),
                    speaker=Speaker(client or None, gender(sex), age(years)),
                    original={key: value for key, value in told.items() if value},
                )
        if unnamed:
            unnamed.difference_update(self.clips_of(inside, (other for other in self.splits if other != split)))
            for clip in sorted(unnamed):
                if clip.endswith(".mp3"):
                    yield Reject(clip[:-4], "no_transcript", f"{inside}clips/{clip}")

    def clips_of(self, inside: str, splits: Iterable[str]) -> Iterator[str]:
        """The clips that the tables of `splits` name, as far as these are there."""
        tables = [f"{inside}{split}.tsv" for split in splits if self.has_file(self.root / f"{inside}{split}.tsv")]
        return (_clip_of(row) for table in tables for row in read_tsv(self.root, table, ("path",)))


def _clip_of(row: Row | Reject) -> str:
    """The file name of the clip that a row, or what can be read of it, is about; some releases leave out the ending."""
    path = row.id if isinstance(row, Reject) else row[1][0]
    return path if path.endswith((".mp3", ".wav")) else f"{path}.mp3"


def _language_folders(folder: CorpusPath) -> Iterator[CorpusPath]:
    """The folders of single languages: `folder` itself, or those in it."""
    inside = [folder] if (folder / "clips").is_dir() else subfolders(folder)
    for child in inside:
        if (child / "clips").is_dir() and any((child / f"{split}.tsv").is_file() for split in CommonVoice.splits):
            yield child


def _language_of(clip: str) -> str:
    """`de` of `common_voice_de_17298952.mp3`; "" where the name does not tell."""
    parts = clip.split("_")
    return parts[2] if len(parts) == 4 and clip.startswith("common_voice_") else ""
