"""Speaker verification pairs, sampled from the speakers of any corpus: two clips each, of one speaker or of two.

Of each speaker the utterances with the smallest hashes of their ids are kept, so that memory grows with the speakers
and not with the corpus, and the pairs depend on which utterances there are, not on their order. No utterance is in
two pairs. Half of the pairs are of one speaker, from two sessions where there are two; half are of two speakers of
the same gender, as far as genders are known: telling a man from a woman is another task.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from pipelines.record import AudioRef, Label, Record, Reject, Speaker

PER_SPEAKER = 64  # utterances that are kept of a speaker


@dataclass(frozen=True, slots=True, order=True)
class _Utterance:
    """What a pair needs of a record; in the order of hashes."""

    hash: int
    id: str
    speaker: str
    gender: str | None
    origin: str | None
    audio: AudioRef

    @property
    def session(self) -> str:
        """Where it was recorded: the folder of its file (a chapter, a video), or the file of which it is a segment."""
        return self.audio.path if self.audio.start is not None else self.audio.path.rpartition("/")[0]


_Pair = tuple[_Utterance, _Utterance]


def sampled_pairs(
    records: Iterable[Record | Reject], origin: Callable[[Record], str | None] = lambda record: record.origin
) -> Iterator[Record]:
    """Pairs of the utterances among `records` that tell their speaker, by id.

    As many of one speaker as of two, or one more of either. `origin` gives what a record comes from.
    """
    same: list[_Pair] = []
    different: list[_Pair] = []
    rest: dict[str | None, list[_Utterance]] = defaultdict(list)
    for speaker, utterances in sorted(_smallest(records, origin).items()):
        # A quarter, rounded up or down by the speaker's hash: so that also among speakers of two or three utterances
        # every second clip is left for pairs of two speakers.
        pairs, left = _of_one_speaker(utterances, (len(utterances) + _hash(speaker) % 4) // 4)
        same += pairs
        for utterance in left:
            rest[utterance.gender].append(utterance)
    for _, left in sorted(rest.items(), key=lambda item: item[0] or ""):
        pairs, alone = _of_two_speakers(left)
        different += pairs
        same += _of_one_speaker(alone, len(alone))[0]
    most = min(len(same), len(different)) + 1
    chosen = [(pair, answer) for pairs, answer in ((same, "yes"), (different, "no")) for pair in sorted(pairs)[:most]]
    for (first, second), answer in sorted(chosen, key=lambda item: item[0][0].id):
        yield _record(first, second, answer)


def _smallest(
    records: Iterable[Record | Reject], origin: Callable[[Record], str | None]
) -> dict[str, list[_Utterance]]:
    """By speaker the PER_SPEAKER utterances with the smallest hashes, in their order, each id once."""
    speakers: dict[str, list[_Utterance]] = defaultdict(list)
    for record in records:
        if isinstance(record, Reject) or record.speaker.id is None or len(record.audio) != 1:
            continue
        kept, hashed = speakers[record.speaker.id], _hash(record.id)
        if len(kept) == PER_SPEAKER and hashed > kept[-1].hash:
            continue
        place = bisect_left(kept, (hashed, record.id), key=lambda other: (other.hash, other.id))
        if place == len(kept) or kept[place].id != record.id:
            whose = record.speaker.id, record.speaker.gender
            kept.insert(place, _Utterance(hashed, record.id, *whose, origin(record), record.audio[0]))
            del kept[PER_SPEAKER:]
    return speakers


def _of_one_speaker(utterances: list[_Utterance], most: int) -> tuple[list[_Pair], list[_Utterance]]:
    """At most so many pairs of a speaker's utterances, and those that are left."""
    pairs: list[_Pair] = []
    left = list(utterances)
    while len(pairs) < most and len(left) > 1:
        first = left.pop(0)
        elsewhere = (place for place, other in enumerate(left) if other.session != first.session)
        pairs.append((first, left.pop(next(elsewhere, 0))))
    return pairs, left


def _of_two_speakers(utterances: list[_Utterance]) -> tuple[list[_Pair], list[_Utterance]]:
    """Pairs of neighbours in the order of hashes, and those that found no partner, which are all of one speaker."""
    pairs: list[_Pair] = []
    waiting: list[_Utterance] = []  # all of one speaker, else they would be a pair
    for utterance in sorted(utterances):
        if waiting and waiting[-1].speaker != utterance.speaker:
            pairs.append((waiting.pop(), utterance))
        else:
            waiting.append(utterance)
    return pairs, waiting


def _record(first: _Utterance, second: _Utterance, answer: str) -> Record:
    return pair(f"{first.id}--{second.id}", (_side(first), _side(second)), answer)


def _side(utterance: _Utterance) -> AudioRef:
    recording = utterance.audio.recording or utterance.id
    return replace(utterance.audio, recording=recording, speaker=utterance.speaker, origin=utterance.origin)


def pair(pair_id: str, sides: tuple[AudioRef, AudioRef], answer: str) -> Record:
    """The record of a pair of clips; `answer` is "yes" where one speaker says both."""
    first, second = sides
    speaker = Speaker(first.speaker if answer == "yes" and first.speaker == second.speaker else None)
    return Record(pair_id, sides, (Label("sv", (answer,)),), speaker)


def _hash(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode("utf-8", "surrogateescape"), digest_size=8).digest(), "big")
