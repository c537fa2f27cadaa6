"""FSD50K: Freesound clips labelled with 200 classes of AudioSet's ontology.

Release   zenodo.org/record/4060432; Fonseca et al., IEEE/ACM TASLP 2022
Licence   CC BY 4.0 for the whole; each clip CC0, CC BY, CC BY-NC or Sampling+ (`*_clips_info_FSD50K.json`)
Audio     one WAV per clip, 44.1 kHz mono 16 bit, 0.3 to 30 s; the file name is the Freesound id
Splits    train and val are the two parts of the dev set; eval shares no uploader with them
Quirk     labels are propagated to their ancestors; the target keeps the most specific ones, `original` keeps all
Quirk     without FSD50K.metadata/ a clip has the licence of the whole
"""

from __future__ import annotations

from collections.abc import Iterator

from pipelines.formats.json_stream import read_object
from pipelines.formats.tables import read_csv
from pipelines.labels.licences import licence
from pipelines.labels.sound_families import FSD50K_PARENTS, most_specific
from pipelines.record import AudioRef, Label, Record, Reject
from pipelines.source import Source

COLLECTION_LICENCE = "CC-BY-4.0"
TRUTH = "FSD50K.ground_truth"


class FSD50K(Source):
    name = "fsd50k"
    title = "FSD50K: sound events of AudioSet's ontology"
    home = "https://zenodo.org/record/4060432"
    licence = COLLECTION_LICENCE
    commercial = False
    attribution = (
        "E. Fonseca, X. Favory, J. Pons, F. Font, X. Serra: FSD50K: An Open Dataset of Human-Labeled Sound Events. "
        "IEEE/ACM TASLP 2022"
    )
    tasks = ("sec",)
    languages = ()
    splits = {"train": 36_796, "val": 4_170, "eval": 10_231}
    default_splits = ("train", "val", "eval")
    evaluation_splits = ("val", "eval")
    mean_seconds = 7.6
    hours = 108.3
    origin_namespace = "freesound"
    audio = "WAV, 44.1 kHz mono 16 bit, 0.3-30 s"
    obtain = (
        "Download all parts of home, merge them (zip -s 0 FSD50K.dev_audio.zip --out dev.zip; the same for eval) and "
        "unpack them and the other archives side by side"
    )
    expects = "the folder that holds FSD50K.ground_truth/, FSD50K.dev_audio/, FSD50K.eval_audio/"
    archives = ("FSD50K.*.zip",)
    split_tables = {"train": (f"{TRUTH}/dev.csv",), "val": (f"{TRUTH}/dev.csv",), "eval": (f"{TRUTH}/eval.csv",)}
    layout = """
FSD50K/                             <- SOURCE
  FSD50K.dev_audio/64760.wav        FSD50K.eval_audio/37199.wav
  FSD50K.ground_truth/dev.csv       fname,labels,mids,split
  FSD50K.ground_truth/eval.csv      fname,labels,mids
  FSD50K.metadata/dev_clips_info_FSD50K.json   (optional: licence and uploader of each clip; the same for eval)
"""

    def read(self, split: str) -> Iterator[Record | Reject]:
        part = "eval" if split == "eval" else "dev"
        table = self.split_table(split)
        advice = f"merge and unpack FSD50K.{part}_audio.z* of {self.home}"
        folder = self.folder_of(f"the audio of '{split}'", f"FSD50K.{part}_audio", advice=advice)
        listing = self.listing(folder)
        clips = self._clips(part)
        # Of the dev set, what tells no split is reported in the one that comes first.
        first = split != "val"
        named: set[str] = set()
        for row in read_csv(self.root, table, ("fname", "labels"), ("mids", "split")):
            if isinstance(row, Reject):
                named.add(f"{row.id}.wav")
                if first:
                    yield row
                continue
            number, (clip_id, labels, _, told) = row
            where = f"{table}:{number}"
            named.add(f"{clip_id}.wav")
            classes = tuple(label for label in labels.split(",") if label.strip())
            if part == "dev" and told not in ("train", "val"):
                if first:
                    yield Reject(clip_id, "bad_row", where)
            elif part == "dev" and told != split:
                continue
            elif problem := listing.problem(clip_id, f"{clip_id}.wav", where, table):
                yield problem
            elif not classes:
                yield Reject(clip_id, "no_transcript", where)
            else:
                terms, uploader = clips.get(clip_id, ("", ""))
                yield Record(
                    id=clip_id,
                    audio=(AudioRef(f"{folder}/{clip_id}.wav"),),
                    annotations=(Label("sec", _leaves(classes), "audioset"),),
                    licence=f"{COLLECTION_LICENCE} AND {licence(terms)}" if terms.strip() else None,
                    original={"labels": labels} | ({"uploader": uploader} if uploader else {}),
                )
        if first:
            yield from listing.unnamed(named, ".wav")

    def _clips(self, part: str) -> dict[str, tuple[str, str]]:
        """Licence and uploader of each clip; the file also holds descriptions, which are not kept."""
        path = self.root / f"FSD50K.metadata/{part}_clips_info_FSD50K.json"
        if not self.has_file(path):
            return {}
        return {
            clip: (str(facts.get("license", "")), str(facts.get("uploader", "")))
            for clip, facts in read_object(path)
            if isinstance(facts, dict)
        }


def _leaves(classes: tuple[str, ...]) -> tuple[str, ...]:
    """The most specific classes, in the release's spelling and order."""
    kept = most_specific([name.lower() for name in classes], FSD50K_PARENTS)
    return tuple(name for name in classes if name.lower() in kept)
