"""Sampled verification pairs: the same ones in any order, balanced, each utterance in one, memory by the speakers."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import pytest

from pipelines.catalogue import find
from pipelines.pairs import PER_SPEAKER, sampled_pairs
from pipelines.planning.plan import is_forgotten
from pipelines.record import AudioRef, Record, Reject, Speaker
from shards.forgotten import Forgotten, hidden
from tests.pipelines.corpora import shards_of
from tests.pipelines.memory import traced
from tests.pipelines.real import real


def corpus(speakers: int, utterances: int, sessions: int = 3) -> Iterator[Record]:
    """Speakers in turn men and women, by name; their sessions are folders."""
    for speaker in range(speakers):
        who = Speaker(f"s{speaker}", ("male", "female")[speaker % 2])
        for number in range(utterances):
            path = f"{who.id}/{number % sessions}/{number}.wav"
            yield Record(f"{who.id}-{number}", (AudioRef(path, seconds=2.0),), (), who, origin=f"tape:{who.id}{number}")


def answer(pair: Record) -> str:
    return pair.annotations[0].values[0]  # type: ignore[union-attr]


@pytest.mark.parametrize(("speakers", "utterances"), [(2, 1), (3, 2), (40, 3), (25, 7), (6, PER_SPEAKER + 30)])
def test_pairs_are_balanced_and_each_utterance_is_in_one(speakers: int, utterances: int) -> None:
    records = {record.id: record for record in corpus(speakers, utterances)}
    pairs = list(sampled_pairs(records.values()))
    sides = [ref for pair in pairs for ref in pair.audio]
    assert len({ref.recording for ref in sides}) == len(sides) == 2 * len(pairs)
    assert len({pair.id for pair in pairs}) == len(pairs) and [pair.id for pair in pairs] == sorted(p.id for p in pairs)
    answers = Counter(map(answer, pairs))
    assert abs(answers["yes"] - answers["no"]) <= 1
    for pair in pairs:
        one, two = (records[str(ref.recording)] for ref in pair.audio)
        assert (one.speaker.id == two.speaker.id) == (answer(pair) == "yes")
        assert one.speaker.gender == two.speaker.gender
        assert (pair.audio[0].speaker, pair.audio[1].origin) == (one.speaker.id, two.origin)
        assert pair.speaker == Speaker(one.speaker.id if answer(pair) == "yes" else None)
    if utterances > 2 * 3:
        assert len(pairs) >= speakers * min(utterances, PER_SPEAKER) * 0.4


def test_pairs_do_not_depend_on_the_order_of_the_corpus() -> None:
    records = list(corpus(12, 90))
    mixed = [*records, *records[:50], Reject("s1-1", "undecodable", "")]  # some ids come twice
    random.Random(0).shuffle(mixed)
    assert list(sampled_pairs(mixed)) == list(sampled_pairs(records))


def test_one_speaker_is_heard_in_two_sessions_where_there_are_two() -> None:
    for sessions in (1, 2, 5):
        yes = [pair for pair in sampled_pairs(corpus(8, 20, sessions)) if answer(pair) == "yes"]
        apart = sum(len({ref.path.split("/")[1] for ref in pair.audio}) == 2 for pair in yes)
        assert yes and apart == (len(yes) if sessions > 1 else 0)


def test_unknown_speakers_and_records_of_two_clips_are_passed_over() -> None:
    known = list(corpus(4, 4))
    clips = (AudioRef("a.wav"), AudioRef("b.wav"))
    others = [Record("x", clips[:1], ()), Record("y", clips, (), Speaker("s1"))]
    assert list(sampled_pairs(chain(others, known))) == list(sampled_pairs(known))
    assert list(sampled_pairs(others)) == []


def test_memory_grows_with_the_speakers_alone() -> None:
    def peak(utterances: int) -> int:
        found, most = traced(lambda: sum(1 for _ in sampled_pairs(corpus(20, utterances))))
        assert found > 400
        return most

    assert peak(3_000) < 1.2 * peak(300)


def test_a_pair_is_forgotten_with_either_of_its_sides() -> None:
    pair = next(pair for pair in sampled_pairs(corpus(6, 6)) if answer(pair) == "no")
    for ref in pair.audio:
        for name in (f"speaker:{ref.speaker}", ref.origin, ref.recording, ref.path):
            assert is_forgotten(pair, Forgotten(frozenset({hidden(str(name))})), "tape")
    assert not is_forgotten(pair, Forgotten(frozenset({hidden("speaker:s99")})), "tape")


def test_pairs_of_real_speakers_become_samples(tmp_path: Path) -> None:
    built = shards_of(find("librispeech")(real("librispeech/LibriSpeech")), "dev-clean-pairs", tmp_path)
    ((pair_id, sample),) = built.samples.items()  # of one speaker there are two utterances, of the other one
    assert [audio["recording"] for audio in sample["audio"]] == pair_id.split("--")
    assert [len(clip) for clip in built.waveforms[pair_id]] == [
        round(audio["seconds"] * 16_000) for audio in sample["audio"]
    ]
    (target,) = sample["targets"]
    same = len({audio["recording"].split("-")[0] for audio in sample["audio"]}) == 1
    assert (target["task"], target["response"]) == ("sv", "yes" if same else "no")
