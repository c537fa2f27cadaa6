"""What holds for every source: order, ids, counts, paths, facts, rejects, and messages for wrong folders."""

from __future__ import annotations

import contextlib
import inspect
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines import catalogue
from pipelines.formats.audio_tree import AUDIO_SUFFIXES
from pipelines.own.source import OwnSource
from pipelines.record import REJECT_REASONS, Record, Reject
from pipelines.source import EmptySplitError, Source, SourceError
from pipelines.tagging import TagRules, tag
from tag_schema.target import Target
from tag_schema.vocabulary import EXTENDED
from tests.pipelines.corpora import shards_of
from tests.pipelines.sources.fixture import Fixture
from tests.pipelines.sources.fixtures import FIXTURES, class_of

NAMES = sorted(catalogue.sources())


@pytest.fixture(scope="module", params=NAMES)
def corpus(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[type[Source], Fixture]:
    """A source and a small corpus of it; not to be changed."""
    fixture = FIXTURES[request.param](tmp_path_factory.mktemp(request.param))
    return class_of(request.param, fixture), fixture


def read(source: Source, split: str) -> list[Record | Reject]:
    return list(source.records(split))


def pairs(source: Source) -> dict[str, list[Record | Reject]]:
    """The splits of sampled pairs that are not empty."""
    found = {}
    for split, base in source.pair_splits().items():
        if base in source.available_splits():
            with contextlib.suppress(EmptySplitError):
                found[split] = read(source, split)
    return found


def test_every_source_has_a_fixture() -> None:
    lacking = sorted(set(catalogue.sources()) - set(FIXTURES))
    assert not lacking, (
        f"write tests/pipelines/sources/corpora/<name>.py, with corpus(folder) -> Fixture, for {lacking}"
    )
    assert not set(FIXTURES) - set(catalogue.sources())


def test_gives_exactly_the_expected_records_and_rejects(corpus: tuple[type[Source], Fixture]) -> None:
    cls, fixture = corpus
    source = cls(fixture.source, fixture.roots)
    assert set(source.available_splits()) == set(fixture.records)
    for split, ids in fixture.records.items():
        items = read(source, split)
        assert [item.id for item in items if isinstance(item, Record)] == ids
        rejects = [(item.id, item.reason) for item in items if isinstance(item, Reject)]
        assert len(rejects) == len(set(rejects))
        assert set(rejects) == fixture.rejects.get(split, set())


def test_is_stable_lazy_and_unique(corpus: tuple[type[Source], Fixture]) -> None:
    cls, fixture = corpus
    for split in fixture.records:
        again = read(cls(fixture.source, fixture.roots), split)
        stream = cls(fixture.source, fixture.roots).records(split)
        assert isinstance(stream, Iterator) and inspect.isgenerator(stream)
        assert list(stream) == again
        ids = [item.id for item in again if isinstance(item, Record)]
        assert len(ids) == len(set(ids))


def test_audio_lies_in_the_corpus_under_relative_paths(corpus: tuple[type[Source], Fixture]) -> None:
    cls, fixture = corpus
    source = cls(fixture.source, fixture.roots)
    for split in fixture.records:
        for item in read(source, split):
            for ref in item.audio if isinstance(item, Record) else ():
                assert not Path(ref.path).is_absolute() and ".." not in Path(ref.path).parts
                assert source.path(ref).is_file()
                assert ref.start is None or 0 <= ref.start < (ref.end or float("inf"))


def test_targets_render_and_parse(corpus: tuple[type[Source], Fixture]) -> None:
    """Each record makes targets of the tasks that its source declares, in the tag language; together they make all."""
    cls, fixture = corpus
    source, rules, made = cls(fixture.source, fixture.roots), TagRules.of(cls, EXTENDED), set()
    for items in (*(read(source, split) for split in fixture.records), *pairs(source).values()):
        for record in (item for item in items if isinstance(item, Record)):
            tagging = tag(record, record.annotations, 0.1, rules)
            assert not isinstance(tagging, Reject) and not tagging.left_out, tagging
            for target in tagging.targets:
                parsed = Target.parse(target.prompt + target.response)
                assert parsed.task == target.task and parsed.render().text == target.prompt + target.response
                made.add(target.task)
    assert made == set(cls.tasks), f"tasks of which no record of the fixture has a target: {set(cls.tasks) - made}"


def test_builds_shards(corpus: tuple[type[Source], Fixture], tmp_path: Path) -> None:
    """Every record becomes a sample, its audio decoded; the shards are verified, the licences named."""
    cls, fixture = corpus
    source = cls(fixture.source, fixture.roots)
    for split, ids in fixture.records.items():
        built = shards_of(source, split, tmp_path)
        assert set(built.samples) == set(ids) - {name for name, _ in fixture.refused.get(split, set())}
        assert set(built.rejects) == fixture.rejects.get(split, set()) | fixture.refused.get(split, set())
        assert all(sample["licence"] for sample in built.samples.values())


def test_pairs_of_its_speakers_build_shards(corpus: tuple[type[Source], Fixture], tmp_path: Path) -> None:
    """A source with the task sv offers sampled pairs of each of its splits."""
    cls, fixture = corpus
    source = cls(fixture.source, fixture.roots)
    found = pairs(source)
    assert bool(found) == bool(cls.pair_splits())
    for split, items in found.items():
        assert read(source, split) == items
        built = shards_of(source, split, tmp_path)
        assert set(built.samples) == {item.id for item in items} and not built.rejects
        for sample in built.samples.values():
            assert len(sample["audio"]) == 2 and [target["task"] for target in sample["targets"]] == ["sv"]


def test_rejects_are_named(corpus: tuple[type[Source], Fixture]) -> None:
    cls, fixture = corpus
    source = cls(fixture.source, fixture.roots)
    for split in fixture.records:
        for item in read(source, split):
            if isinstance(item, Reject):
                assert item.reason in REJECT_REASONS
                where = item.where.partition(": ")[0]  # of rows of one's own data, what is wrong with them follows
                place, _, number = where.rpartition(":")
                assert (fixture.source / (place if number.isdigit() else where)).exists(), item


def test_records_without_audio_bytes_read_the_same(corpus: tuple[type[Source], Fixture], tmp_path: Path) -> None:
    """Metadata is all that is read: with every audio file emptied nothing changes."""
    cls, fixture = corpus
    copy = tmp_path / fixture.source.name
    shutil.copytree(fixture.source, copy)
    for path in copy.rglob("*"):
        if path.suffix.lower() in (*AUDIO_SUFFIXES, ".pcm"):
            path.write_bytes(b"")
    for split in fixture.records:
        assert read(cls(copy, fixture.roots), split) == read(cls(fixture.source, fixture.roots), split)


def test_facts_are_declared(corpus: tuple[type[Source], Fixture]) -> None:
    cls, fixture = corpus
    for fact in ("name", "title", "home", "licence", "audio", "obtain", "expects", "layout"):
        assert isinstance(getattr(cls, fact, None), str) and getattr(cls, fact).strip(), f"{cls.__name__} lacks {fact}"
    assert isinstance(cls.commercial, bool) and cls.tasks and cls.mean_seconds > 0
    assert cls.home.startswith("https://") and "SOURCE" in cls.layout
    page = catalogue.page(catalogue.find(cls.own.format if issubclass(cls, OwnSource) else cls.name))
    shown = " ".join(page.split())  # long lines are wrapped
    assert all(" ".join(fact.split()) in shown for fact in (cls.expects, cls.obtain)) and cls.layout.strip("\n") in page
    if issubclass(cls, OwnSource):  # nobody but its user knows its splits, can cite it, or tell it elsewhere
        return
    assert set(cls.default_splits) <= set(cls.splits) and set(cls.evaluation_splits) <= set(cls.splits)
    form = "A. Author, B. Author: Title. Venue, year"
    assert re.fullmatch(r"(\w\. )+\w+.*: .+[.,] .*(19|20)\d\d", cls.attribution), f"attribution: write it as {form}"
    assert all(fact in shown for fact in (cls.name, cls.attribution))
    source = cls(fixture.source, fixture.roots)
    origins = [
        source.origin(item) for split in fixture.records for item in read(source, split) if isinstance(item, Record)
    ]
    told = "origin_namespace, or each record's origin, says where else the recording may be: namespace:id"
    assert all(origin and ":" in origin for origin in origins), told


def test_one_level_too_high_names_the_path(corpus: tuple[type[Source], Fixture]) -> None:
    cls, fixture = corpus
    with pytest.raises(SourceError, match=f"Expected .*found .*SOURCE={fixture.source}\\.") as caught:
        cls(fixture.source.parent)
    assert "\n" not in str(caught.value)


def test_one_level_too_low_names_the_path(corpus: tuple[type[Source], Fixture]) -> None:
    cls, fixture = corpus
    source = cls(fixture.source, fixture.roots)
    split = next(iter(fixture.records))
    ref = next(item for item in source.records(split) if isinstance(item, Record)).audio[0]
    if ref.root or ref.inside:
        pytest.skip("audio of this corpus lies in another root, or in its metadata")
    low = source.path(ref).parent
    with pytest.raises(SourceError, match=r"Expected .*Pass SOURCE=") as caught:
        cls(low)
    cls(str(caught.value).rsplit("Pass SOURCE=", 1)[1].rstrip("."))  # what it says to pass is right


def test_missing_and_unrelated_folders_say_what_is_expected(
    corpus: tuple[type[Source], Fixture], tmp_path: Path
) -> None:
    cls, _ = corpus
    with pytest.raises(SourceError, match="does not exist; expected"):
        cls(tmp_path / "nowhere")
    (tmp_path / "here/holiday").mkdir(parents=True)
    (tmp_path / "here/photo.jpg").touch()
    with pytest.raises(SourceError, match=r"is not the corpus\. Expected .*found holiday, photo\.jpg"):
        cls(tmp_path / "here")


def test_unknown_split_lists_those_that_are_there(corpus: tuple[type[Source], Fixture]) -> None:
    cls, fixture = corpus
    source = cls(fixture.source, fixture.roots)
    with pytest.raises(SourceError, match=f"no split 'weekend'.*{', '.join(source.available_splits())}"):
        source.records("weekend")


def test_unknown_root_is_refused(corpus: tuple[type[Source], Fixture], tmp_path: Path) -> None:
    cls, fixture = corpus
    with pytest.raises(SourceError, match="ROOTS names 'typo'"):
        cls(fixture.source, {"typo": tmp_path})


def test_vanished_corpus_is_no_reject(corpus: tuple[type[Source], Fixture], tmp_path: Path) -> None:
    """A corpus that goes away while it is read stops the reading; its utterances are not `audio_missing`."""
    cls, fixture = corpus
    copy = tmp_path / fixture.source.name
    shutil.copytree(fixture.source, copy)
    for split, ids in fixture.records.items():
        if len(ids) < 2:
            continue
        source = cls(copy, fixture.roots)
        stream = source.records(split)
        first = next(item for item in stream if isinstance(item, Record))
        copy.rename(tmp_path / "away")
        seen: list[Record | Reject] = [first]
        with contextlib.suppress(SourceError, OSError):  # what was listed before may end in peace
            for item in stream:
                seen.append(item)
        lost = {item.id for item in seen if isinstance(item, Reject) and item.reason == "audio_missing"}
        assert lost <= {name for name, reason in fixture.rejects.get(split, set()) if reason == "audio_missing"}
        (tmp_path / "away").rename(copy)
