"""What is peculiar to the corpora of music, with the faults their releases are known for."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines import catalogue
from pipelines.source import Entities, Label, Record, Reject, SourceError
from tests.pipelines.corpora import shards_of
from tests.pipelines.sources.corpora import gtzan, medley_solos_db, mtg_jamendo
from tests.pipelines.sources.fixture import Fixture
from tests.pipelines.sources.fixtures import FIXTURES

SHARED = Path(__file__).resolve().parents[3].parent / "shared" / "data"


def records(fixture: Fixture, name: str, split: str) -> dict[str, Record]:
    items = catalogue.find(name)(fixture.source, fixture.roots).records(split)
    return {item.id: item for item in items if isinstance(item, Record)}


def labels(record: Record) -> dict[str, tuple[str, ...]]:
    return {a.kind: a.values for a in record.annotations if isinstance(a, Label)}


def entities(record: Record) -> dict[str, str]:
    return {kind: value for a in record.annotations if isinstance(a, Entities) for kind, value in a.entities}


def responses(sample: dict[str, object]) -> dict[str, str]:
    return {target["task"]: target["response"] for target in sample["targets"]}  # type: ignore[attr-defined]


def test_gtzan_re_upload(tmp_path: Path) -> None:
    fixture = gtzan.corpus(tmp_path, "Data/genres_original")
    (tmp_path / "Data/images_original/blues").mkdir(parents=True)
    (tmp_path / "Data/images_original/blues/blues00000.png").touch()
    with pytest.raises(SourceError, match=f"Pass SOURCE={fixture.source}"):
        catalogue.find("gtzan")(tmp_path / "Data")
    built = shards_of(catalogue.find("gtzan")(fixture.source), "all", tmp_path / "out")
    assert responses(built.samples["hiphop.00099"]) == {"mgr": "hip hop"}


def test_medley_solos_db_is_found_however_it_is_sorted(tmp_path: Path) -> None:
    fixture = medley_solos_db.corpus(tmp_path, tables="")
    found = records(fixture, "medley_solos_db", "training")
    assert list(found) == fixture.records["training"]
    assert [labels(record) for record in found.values()] == [{"mic": ("piano",)}, {"mic": ("female singer",)}]


def test_irmas_labels(tmp_path: Path) -> None:
    fixture = FIXTURES["irmas"](tmp_path)
    training, testing = (records(fixture, "irmas", split) for split in ("training", "testing"))
    sax = training["[sax][nod][jaz_blu]1623__2"]
    assert labels(sax) == {"mic": ("sax",)} and sax.original == {"drums": "nod", "style": "jaz_blu"}
    assert labels(testing["02 - A Song-8"]) == {"mic": ("gel", "voi")}
    built = shards_of(catalogue.find("irmas")(fixture.source), "testing", tmp_path / "out")
    assert responses(built.samples["02 - A Song-8"]) == {"mic": "electric guitar<|delim|>voice"}


@pytest.mark.parametrize("audio", ["audio/", "audio-low/", "audios/", ""])
def test_mtg_jamendo_tags_titles_and_licences(tmp_path: Path, audio: str) -> None:
    fixture = mtg_jamendo.corpus(tmp_path, audio)
    track = records(fixture, "mtg_jamendo", "train")["track_0000123"]
    assert labels(track) == {"mgr": ("rock", "hiphop"), "mic": ("electricguitar",), "smer": ("dark",)}
    assert entities(track) == {"title": 'The "Rain', "artist": "The Clouds", "album": "Weather"}
    assert track.licence == "CC-BY-NC-SA-4.0 AND CC-BY-NC-SA-3.0" and track.origin == "jamendo:123"
    assert track.audio[0].path == f"{audio}23/123.mp3" and track.audio[0].seconds == 201.5
    both = records(fixture, "mtg_jamendo", "validation")[
        "track_0000224"
    ]  # trained on in one table, held out in another
    assert labels(both) == {"mgr": ("drumnbass",), "mic": ("drums",)}
    assert both.licence == "CC-BY-NC-SA-4.0 AND LicenseRef-Art-Libre"
    assert entities(records(fixture, "mtg_jamendo", "test")["track_0000948"])["artist"] == "The Clouds"


def test_mtg_jamendo_table_of_all_tags(tmp_path: Path) -> None:
    fixture = mtg_jamendo.corpus(tmp_path)
    whole = [mtg_jamendo.HEADER, mtg_jamendo.row(123, "genre---jazz", "mood/theme---sad"), ""]
    (fixture.source / "data/splits/split-0/autotagging-train.tsv").write_text("\n".join(whole))
    (track,) = records(fixture, "mtg_jamendo", "train").values()
    assert labels(track) == {"mgr": ("jazz",), "smer": ("sad",)}


def test_mtg_jamendo_without_audio_says_what_fetches_it(tmp_path: Path) -> None:
    fixture = mtg_jamendo.corpus(tmp_path)
    (fixture.source / "audio").rename(tmp_path / "away")
    with pytest.raises(SourceError, match=r"no audio in .*: expected .*audio/00/ to 99/.*download\.py"):
        records(fixture, "mtg_jamendo", "train")


REAL = {
    "medley_solos_db": ("medley_solos_db", "validation", {"d07b1fc0-567d-52c2-fef4-239f31c9d40e": {"mic": "flute"}}),
    "mtg_jamendo": ("mtg_jamendo_moodtheme", "train", {"track_0000948": {"smer": "background"}}),
}


@pytest.mark.parametrize("name", REAL)
def test_real_recordings(name: str, tmp_path: Path) -> None:
    folder, split, wanted = REAL[name]
    if not (SHARED / folder).is_dir():
        pytest.skip(f"the real recordings are not here: {SHARED / folder}")
    source = catalogue.find(name)(SHARED / folder)
    assert not [item for item in source.records(split) if isinstance(item, Reject)]
    built = shards_of(source, split, tmp_path)
    assert {key: responses(sample) for key, sample in built.samples.items()} == wanted
    for clips in built.waveforms.values():
        assert all(abs(clip.astype(int)).max() > 500 for clip in clips)  # it sounds
