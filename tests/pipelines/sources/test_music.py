"""What is peculiar to the corpora of music, with the faults their releases are known for."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines import catalogue
from pipelines.record import Entities, Label, Record, Reject
from pipelines.source import SourceError
from tests.pipelines.corpora import shards_of
from tests.pipelines.real import real
from tests.pipelines.sources.corpora import (
    deam,
    emopia,
    fma,
    gtzan,
    m4singer,
    magnatagatune,
    medley_solos_db,
    mtg_jamendo,
    musicnet,
)
from tests.pipelines.sources.fixture import tone
from tests.pipelines.sources.fixtures import FIXTURES, records


def labels(record: Record) -> dict[str, tuple[str, ...]]:
    return {a.kind: a.values for a in record.annotations if isinstance(a, Label)}


def entities(record: Record) -> dict[str, str]:
    return {kind: value for a in record.annotations if isinstance(a, Entities) for kind, value in a.entities}


def responses(sample: dict[str, object]) -> dict[str, list[str]]:
    """What a sample's targets say, labels in the order of the alphabet."""
    return {t["task"]: sorted(t["response"].split("<|delim|>")) for t in sample["targets"]}  # type: ignore[attr-defined]


def test_gtzan_re_upload(tmp_path: Path) -> None:
    fixture = gtzan.corpus(tmp_path, "Data/genres_original")
    (tmp_path / "Data/images_original/blues").mkdir(parents=True)
    (tmp_path / "Data/images_original/blues/blues00000.png").touch()
    with pytest.raises(SourceError, match=f"Pass SOURCE={fixture.source}"):
        catalogue.find("gtzan")(tmp_path / "Data")
    tone(fixture.source / "hiphop/hiphop.00099.wav", 22_050, seconds=661_794 / 22_050)  # the length of most
    built = shards_of(catalogue.find("gtzan")(fixture.source), "all", tmp_path / "out")
    assert responses(built.samples["hiphop.00099"]) == {"mgr": ["hip hop"]}
    assert [clip["seconds"] for clip in built.samples["hiphop.00099"]["audio"]] == [30.0]
    assert built.summary.totals.samples == 3  # one each


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
    assert responses(built.samples["02 - A Song-8"]) == {"mic": ["electric guitar", "voice"]}


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


@pytest.mark.parametrize("last_header", ["track_id,,,,,,,,,,,", "track_id"])
def test_fma_genres_songs_and_licences(tmp_path: Path, last_header: str) -> None:
    fixture = fma.corpus(tmp_path, last_header=last_header)
    rain, snow = records(fixture, "fma", "training").values()
    assert labels(rain) == {"mgr": ("Hip-Hop",)} and rain.licence == "CC-BY-4.0 AND CC-BY-NC-SA-3.0"
    assert entities(rain) == {"title": "Rain", "artist": "The Clouds", "album": "Weather"}
    assert rain.audio[0].path == "fma_medium/000/000002.mp3" and rain.original == {"language": "en"}
    assert labels(snow) == {"mgr": ("Hip-Hop", "Pop")} and snow.licence is None
    (plain,) = records(fixture, "fma", "test").values()
    assert labels(plain) == {"mgr": ("Pop",)} and not entities(plain) and plain.licence is None
    assert catalogue.find("fma")(fixture.source).origin(rain) == "fma:2"


def test_fma_header_of_two_rows(tmp_path: Path) -> None:
    """As some tools write it again: the name of the first column in the second row, and no third."""
    fixture = fma.corpus(tmp_path)
    table = fixture.source / "fma_metadata/tracks.csv"
    groups, fields, _, *rows = table.read_bytes().split(b"\n")
    table.write_bytes(b"\n".join([groups, b"track_id" + fields, *rows]))
    assert list(records(fixture, "fma", "training")) == ["2", "3"]


def test_fma_unpacked_in_a_folder_of_its_own(tmp_path: Path) -> None:
    fixture = fma.corpus(tmp_path, audio="fma_medium/fma_medium")
    assert [record.audio[0].path for record in records(fixture, "fma", "training").values()] == [
        "fma_medium/fma_medium/000/000002.mp3",
        "fma_medium/fma_medium/000/000003.mp3",
    ]


def test_fma_small_holds_its_own_tracks_only(tmp_path: Path) -> None:
    fixture = fma.corpus(tmp_path, audio="fma_small")
    assert list(records(fixture, "fma", "training")) == ["2"]


@pytest.mark.parametrize("audio", ["mp3/", ""])
def test_magnatagatune_merges_synonyms_and_drops_negatives(tmp_path: Path, audio: str) -> None:
    fixture = magnatagatune.corpus(tmp_path, audio)
    source = catalogue.find("magnatagatune")(fixture.source)
    singing = shards_of(source, "train", tmp_path / "out").samples["6"]
    assert responses(singing) == {"mic": ["female voice", "saxophone"]}
    assert singing["original"]["labels"] == {"mic": ["female vocal", "female vocals", "woman singing", "sax"]}
    guitar = records(fixture, "magnatagatune", "test")["2"]
    assert labels(guitar) == {"mgr": ("clasical", "classical"), "mic": ("guitars",)}
    assert entities(guitar) == {"title": 'C "live"', "artist": "A", "album": "B"}
    assert entities(records(fixture, "magnatagatune", "validation")["7"])["title"] == "E"  # no tag, but a song


def test_musicnet_windows_tell_the_instruments_that_sound_in_them(tmp_path: Path) -> None:
    fixture = FIXTURES["musicnet"](tmp_path)
    built = shards_of(catalogue.find("musicnet")(fixture.source), "test", tmp_path / "out")
    first, second = built.samples["2303-000"], built.samples["2303-001"]
    assert responses(first)["mic"] == ["horn", "piano"] and responses(second)["mic"] == ["cello", "horn"]
    (clip,) = second["audio"]
    assert (clip["start"], clip["end"], clip["seconds"], clip["recording"]) == (30.0, 40.0, 10.0, "2303")
    (record, _) = records(fixture, "musicnet", "test").values()
    assert entities(record) == {"composer": "Brahms", "title": "Sonata, in C", "movement": "2. Largo"}
    (duo, _) = records(fixture, "musicnet", "train").values()
    assert labels(duo) == {"mic": ("piano", "violin")} and not entities(duo) and duo.origin == "musicnet:1727"


@pytest.mark.parametrize(
    ("last", "windows"),
    [
        (0.4, [(0, 0.4)]),
        (30.0, [(0, 30)]),
        (30.5, [(0, 30)]),
        (31.0, [(0, 30), (30, 31)]),
        (61.5, [(0, 30), (30, 60), (60, 61.5)]),
    ],
)
def test_musicnet_windows(tmp_path: Path, last: float, windows: list[tuple[float, float]]) -> None:
    fixture = FIXTURES["musicnet"](tmp_path)
    table = fixture.source / "test_labels/2303.csv"
    table.write_text("\n".join([musicnet.HEADER, musicnet.note(0, last, 1)]))
    found = records(fixture, "musicnet", "test").values()
    assert [(record.audio[0].start, record.audio[0].end) for record in found] == windows


def test_musicnet_metadata_beside_the_corpus(tmp_path: Path) -> None:
    fixture = FIXTURES["musicnet"](tmp_path)
    (fixture.source / "musicnet_metadata.csv").rename(tmp_path / "musicnet_metadata.csv")
    assert entities(records(fixture, "musicnet", "test")["2303-000"])["composer"] == "Brahms"


@pytest.mark.parametrize("place", [deam.PLACE, f"DEAM_Annotations/{deam.PLACE}", "song_level", ""])
@pytest.mark.parametrize("audio", ["MEMD_audio", "DEAM_audio/MEMD_audio"])
def test_deam_moods_and_the_middle_of_the_scale(tmp_path: Path, place: str, audio: str) -> None:
    found = records(deam.corpus(tmp_path, place, audio), "deam", "all")
    assert {song: labels(record)["smer"] for song, record in found.items()} == {
        "2": ("low valence", "low arousal"),
        "3": ("high arousal",),
        "4": ("neutral",),
        "5": ("high valence", "low arousal"),
        "2001": ("high valence", "high arousal"),
    }
    assert found["2"].original == {"valence": "3.1", "arousal": "3.0"}
    assert found["2001"].audio[0].path == f"{audio}/2001.mp3"


def test_deam_in_words(tmp_path: Path) -> None:
    built = shards_of(catalogue.find("deam")(deam.corpus(tmp_path).source), "all", tmp_path / "out")
    said = {song: responses(sample)["smer"] for song, sample in built.samples.items()}
    assert said["2"] == ["calm", "negative"] and said["2001"] == ["energetic", "positive"]
    assert said["3"] == ["energetic"] and said["4"] == ["neutral"]


def test_pmemo_annotations_are_not_the_corpus(tmp_path: Path) -> None:
    fixture = FIXTURES["pmemo"](tmp_path)
    with pytest.raises(SourceError, match=rf"Pass SOURCE={fixture.source}\.$"):
        catalogue.find("pmemo")(fixture.source / "annotations")


def test_pmemo_tells_arousal_before_valence(tmp_path: Path) -> None:
    rain, other = records(FIXTURES["pmemo"](tmp_path), "pmemo", "all").values()
    assert labels(rain) == {"smer": ("high valence", "low arousal")}
    assert labels(other) == {"smer": ("low valence", "high arousal")} and not entities(other)
    assert entities(rain) == {"title": "Rain, again", "artist": "The Clouds", "album": "Weather"}


def test_emopia_with_audio_of_the_user(tmp_path: Path) -> None:
    fixture = emopia.corpus(tmp_path)
    first, second, third = records(fixture, "emopia", "all").values()
    assert first.origin == "youtube:0vLPYiPN7qY" and second.origin == "youtube:-a_b-c_d-e_"
    assert [labels(record)["smer"] for record in (first, second, third)] == [
        ("high valence", "high arousal"), ("low valence", "low arousal"), ("high valence", "low arousal"),
    ]  # fmt: skip
    (fixture.source / "label.csv").unlink()  # an older version: the names of the MIDI files tell as much
    assert list(records(fixture, "emopia", "all").values()) == [first, second, third]


def test_opensinger_singers_of_one_number_are_two(tmp_path: Path) -> None:
    found = records(FIXTURES["opensinger"](tmp_path), "opensinger", "all")
    man, woman = found["ManRaw_1_凉凉_0"], found["WomanRaw_1_凉凉_0"]
    assert (man.speaker.id, man.speaker.gender) == ("Man1", "male") and labels(man) == {"sid": ("Man1",)}
    assert (woman.speaker.id, woman.speaker.gender) == ("Woman1", "female") and labels(woman) == {"sid": ("Woman1",)}
    assert found["WomanRaw_46_遇_见_12"].speaker.id == "Woman46"  # "_" in the title


@pytest.mark.parametrize("first", ["Alto-1#美错", "Alto-1##U7f8e#U9519", "Alto-1##U7F8E#U9519"])
def test_m4singer_folders_however_they_were_unpacked(tmp_path: Path, first: str) -> None:
    fixture = m4singer.corpus(tmp_path, first)
    found = records(fixture, "m4singer", "all")
    assert list(found) == list(m4singer.PHRASES)
    assert found["Alto-1#美错#0001"].audio[0].path == f"{first}/0001.wav"
    assert found["Tenor-2#Let it go#0000"].speaker.id == "Tenor-2" and found["Bass-1#海#0003"].speaker.gender is None
    assert found["Bass-1#海#0003"].audio[0].seconds == 0.1


REAL = {
    "medley_solos_db": ("medley_solos_db", "validation", {"d07b1fc0-567d-52c2-fef4-239f31c9d40e": {"mic": ["flute"]}}),
    "mtg_jamendo": ("mtg_jamendo_moodtheme", "train", {"track_0000948": {"smer": ["background"]}}),
}


@pytest.mark.parametrize("name", REAL)
def test_real_recordings(name: str, tmp_path: Path) -> None:
    folder, split, wanted = REAL[name]
    source = catalogue.find(name)(real(folder))
    assert not [item for item in source.records(split) if isinstance(item, Reject)]
    built = shards_of(source, split, tmp_path)
    assert {key: responses(sample) for key, sample in built.samples.items()} == wanted
    for clips in built.waveforms.values():
        assert all(abs(clip.astype(int)).max() > 500 for clip in clips)  # it sounds
