"""AMI: meetings of four or five people, with words, times and who speaks when.

Release   groups.inf.ed.ac.uk/ami, manual annotations 1.6.2; Carletta et al., MLMI 2005
Licence   CC BY 4.0
Audio     one WAV per microphone and meeting, 16 kHz mono 16 bit. Read are the headsets, for what one person says, and
          their mix, for who speaks when and what is said at once; not the arrays
Splits    full-corpus-asr as AMI publishes it, by meeting; IB4005 is in none of its lists
Quirk     the mix is cut into windows of at most 30 s, none of whose edges lies in a word of anybody. Segments of sounds
          alone, such as laughter, are no utterances. A meeting of whose people one lacks an annotation says nothing of
          its mix. Words with punctuation, numbers as they are spoken
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import NamedTuple

from pipelines.formats.audio_tree import AudioTree
from pipelines.formats.nxt import NxtError, Utterance, read_elements, read_utterances
from pipelines.labels.speakers import gender
from pipelines.listing import files, subfolders
from pipelines.places.corpus_path import CorpusPath, relative
from pipelines.record import AudioRef, Overlap, Record, Reject, Speaker, Transcript, Turns, Words
from pipelines.source import Source, SourceError
from pipelines.windows import Window, windows

MEETINGS = "corpusResources/meetings.xml"
HELD_OUT = {  # meetings by the beginning of their names; all others are train
    "dev": ("ES2011", "IS1008", "TS3004", "IB4001", "IB4002", "IB4003", "IB4004", "IB4010", "IB4011"),
    "test": ("ES2004", "IS1009", "TS3003", "EN2002"),
    "": ("IB4005",),
}


class Person(NamedTuple):
    """Who wears which headset in a meeting. `name` is the same in all meetings; its first letter is the gender."""

    name: str
    channel: str
    role: str


class AMI(Source):
    name = "ami"
    title = "AMI: meetings with words and speakers"
    home = "https://groups.inf.ed.ac.uk/ami/corpus/"
    licence = "CC-BY-4.0"
    commercial = True
    attribution = (
        "J. Carletta, S. Ashby, S. Bourban, M. Flynn, M. Guillemot, T. Hain, J. Kadlec, V. Karaiskos, W. Kraaij, M. "
        "Kronenthal, G. Lathoud, M. Lincoln, A. Lisowska, I. McCowan, W. Post, D. Reidsma, P. Wellner: The AMI Meeting "
        "Corpus: A Pre-Announcement. MLMI 2005"
    )
    tasks = ("asr", "srwt", "sd", "osr", "sgc")
    languages = ("en",)
    splits = dict.fromkeys(("train", "dev", "test"))
    default_splits = ("train", "dev", "test")
    evaluation_splits = ("dev", "test")
    text_form = "spoken"
    cut = "annotated"
    audio_may_be_missing = True  # many fetch the headsets alone, or their mix
    mean_seconds = 4.0
    hours = 100.0
    origin_namespace = "ami"
    audio = "WAV, 16 kHz mono 16 bit, one file per microphone and meeting, up to 90 min"
    obtain = (
        "From the download page of the home page take the individual headset recordings and their mix, and unpack "
        "ami_public_manual_1.6.2.zip beside amicorpus/."
    )
    expects = "the folder that holds ami_public_manual_1.6.2/ (words/, segments/, corpusResources/) and amicorpus/"
    archives = ("ami_public_manual_*.zip",)
    layout = """
ami/                                <- SOURCE
  ami_public_manual_1.6.2/          (or what is in it)
    corpusResources/meetings.xml
    words/ES2002a.A.words.xml  segments/ES2002a.A.segments.xml
  amicorpus/ES2002a/audio/          (or anywhere: files are found by name)
    ES2002a.Headset-0.wav  ES2002a.Mix-Headset.wav
"""

    @classmethod
    def recognises(cls, folder: CorpusPath) -> bool:
        return _annotations(folder) is not None

    def has_split(self, split: str) -> bool:
        return any(_split_of(meeting) == split for meeting in self.agents)

    @cached_property
    def annotations(self) -> str:
        """The folder of the annotations below SOURCE, with "/" at its end; "" where it is SOURCE."""
        found = _annotations(self.root)
        return "" if found is None or found == self.root else f"{relative(found, self.root)}/"

    @cached_property
    def agents(self) -> dict[str, list[str]]:
        """Meeting -> the letters of those whose words or segments are there."""
        found: dict[str, set[str]] = {}
        for kind in ("words", "segments"):
            names = files(self.root / f"{self.annotations}{kind}", f".{kind}.xml")
            for meeting, agent, *_ in (name.split(".") for name in names if name.count(".") >= 3):
                found.setdefault(meeting, set()).add(agent)
        return {meeting: sorted(letters) for meeting, letters in sorted(found.items())}

    @cached_property
    def people(self) -> dict[str, dict[str, Person]]:
        """Meeting -> letter -> person, from meetings.xml.

        Raises:
            SourceError: it cannot be read.
        """
        try:
            meetings = read_elements(self.root, f"{self.annotations}{MEETINGS}")
        except NxtError as error:
            raise SourceError(f"{self.name}: {self.root / str(error)}; unpack the annotations again") from error
        found: dict[str, dict[str, Person]] = {}
        for meeting in meetings:
            here = found.setdefault(meeting.attributes.get("observation", ""), {})
            for told in (child.attributes for child in meeting.children if child.tag == "speaker"):
                person = Person(told.get("global_name", ""), told.get("channel", ""), told.get("role", ""))
                here[told.get("nxt_agent", "")] = person
        return found

    def read(self, split: str) -> Iterator[Record | Reject]:
        tree = AudioTree(self, suffixes=(".wav",))
        for meeting, agents in self.agents.items():
            if _split_of(meeting) == split:
                yield from self.meeting(meeting, agents, tree)

    def meeting(self, meeting: str, agents: list[str], tree: AudioTree) -> Iterator[Record | Reject]:
        """What each person says, by person and time; then the windows of the mix."""
        people = self.people.get(meeting, {})
        said: dict[str, list[Utterance]] = {}
        for agent in sorted({*agents, *people}):
            words, segments = (
                f"{self.annotations}{kind}/{meeting}.{agent}.{kind}.xml" for kind in ("words", "segments")
            )
            there = [path for path in (words, segments) if self.has_file(self.root / path)]
            known = there[0] if there else f"{self.annotations}{MEETINGS}"
            if len(there) < 2 or agent not in people:
                reason = "no_transcript" if len(there) < 2 else "unknown_label"
                yield Reject(f"{meeting}.{agent}", reason, known)
                continue
            try:
                said[agent] = read_utterances(self.root, words, segments)
            except NxtError as error:
                yield Reject(f"{meeting}.{agent}", "bad_row", error.where)
                continue
            yield from _utterances(meeting, agent, people[agent], said[agent], tree, segments)
        mix = f"{meeting}.Mix-Headset"
        path, where = tree.find(mix), f"{self.annotations}{MEETINGS}"
        if path is None:
            yield tree.problem(mix, mix, where, where)
        elif not said or len(said) < len({*agents, *people}):
            yield Reject(mix, "no_transcript", path)
        else:
            names = {agent: people[agent].name or agent for agent in said}
            yield from _mix(mix, path, {names[agent]: utterances for agent, utterances in said.items()})


def _utterances(
    meeting: str, agent: str, person: Person, utterances: list[Utterance], tree: AudioTree, table: str
) -> Iterator[Record | Reject]:
    headset = f"{meeting}.Headset-{person.channel}"
    path = tree.find(headset)
    if path is None:
        if utterances:
            yield tree.problem(headset, headset, utterances[0].where, table)
        return
    for utterance in utterances:
        text, timed = Transcript(utterance.text, "en"), utterance.timed
        # Words reach a little beyond some segments: none is to be cut.
        start = min([utterance.start, *(word.start for word in timed)])
        end = max([utterance.end, *(word.end for word in timed)])
        yield Record(
            id=f"{meeting}.{agent}.{utterance.id.removeprefix(f'{meeting}.')}",
            audio=(AudioRef(path, start=start, end=end),),
            annotations=(text, Words(timed)) if timed else (text,),
            speaker=Speaker(person.name or None, gender(person.name[:1])),
            origin=f"ami:{meeting}",
            original={"role": person.role} if person.role else {},
        )


def _mix(mix: str, path: str, said: dict[str, list[Utterance]]) -> Iterator[Record | Reject]:
    """The windows of a meeting: who speaks when, and what each says."""
    placed = [(who, *word) for who, utterances in said.items() for word in _placed(utterances)]
    spans = sorted((start, end) for _, _, start, end in placed)
    turns = sorted((u.start, u.end, who) for who, utterances in said.items() for u in utterances)
    last = max([end for _, end in spans] + [end for _, end, _ in turns], default=0.0)
    for window in windows(spans, last):
        name = f"{mix}.{round(window.start * 1000):07}"
        if not window.whole:
            yield Reject(name, "too_long", path)
            continue
        here = tuple(
            (who, max(start, window.start), min(end, window.end))
            for start, end, who in turns
            if start < window.end and end > window.start
        )
        texts = _texts(placed, window)
        annotations = (Turns(here), Overlap(texts, "en")) if texts else (Turns(here),)
        audio = AudioRef(path, start=window.start, end=window.end)
        yield Record(name, (audio,), annotations, origin=f"ami:{mix.partition('.')[0]}")


def _placed(utterances: list[Utterance]) -> Iterator[tuple[str, float, float]]:
    """The words as written, with their times; a word that has none is where the one before it ends."""
    for utterance in utterances:
        reach = utterance.start
        for word in utterance.words:
            start, end = (reach, reach) if word.start is None or word.end is None else (word.start, word.end)
            reach = end
            yield word.written, start, end


def _texts(placed: list[tuple[str, str, float, float]], window: Window) -> tuple[str, ...]:
    """What each person says in a window, in the order in which they begin."""
    texts: dict[str, list[str]] = {}
    begin: dict[str, float] = {}
    for who, written, start, _ in placed:
        if window.start <= start < window.end:
            texts.setdefault(who, []).append(written)
            begin[who] = min(start, begin.get(who, start))
    return tuple(" ".join(texts[who]) for who in sorted(texts, key=lambda who: begin[who]))


def _split_of(meeting: str) -> str:
    """The split of a meeting; "" for one in none."""
    return next((split for split, names in HELD_OUT.items() if meeting.startswith(names)), "train")


def _annotations(root: CorpusPath) -> CorpusPath | None:
    """The folder with the annotations: `root`, or one in it."""
    for folder in (root, *subfolders(root)):
        if (folder / MEETINGS).is_file() and all((folder / kind).is_dir() for kind in ("words", "segments")):
            return folder
    return None
