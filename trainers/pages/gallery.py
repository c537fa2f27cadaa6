"""Some samples of each split, to be seen and heard: clip, word times, prompts, references, predictions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from shards.index import read_index
from shards.pages.clip import caption, figure, player
from shards.pages.html import Html, element, join, table, tagged
from shards.sample import Sample, TaggedTarget
from shards.storage import Storage
from shards.stream.reader import Evaluand, decode_flac
from trainers.evaluation.predictions import Prediction
from trainers.metrics.answer import Answer
from trainers.metrics.events import read_spans
from trainers.metrics.timestamps import Unit, read_units, with_given_start


def read_samples(storage: Storage, split: str, keys: Sequence[str] | None = None, first: int = 0) -> list[Evaluand]:
    """The samples with these keys in their order; without keys, the `first` ones of the split's index.

    Raises:
        ShardError: no index, or the tars are not what it says.
    """
    dataset, name = split.split("/")
    index = read_index(storage, dataset, name, columns=["key", "shard", "audio", "json"])
    index = index.slice(0, first) if keys is None else index.filter(pc.is_in(index["key"], pa.array(keys, pa.string())))
    found: dict[str, Evaluand] = {}
    for row in index.to_pylist():
        tar = f"{split}/{row['shard']}.tar"
        where = f"{storage.full(tar)}: sample '{row['key']}'"
        clips = tuple(
            decode_flac(storage.read_range(tar, part["offset"], part["bytes"]), where) for part in row["audio"]
        )
        document = storage.read_range(tar, row["json"]["offset"], row["json"]["bytes"])
        found[row["key"]] = Evaluand(row["key"], Sample.from_json(document, where), clips)
    return [found[key] for key in (found if keys is None else keys) if key in found]


def gallery(split: str, evaluands: Iterable[Evaluand], predictions: Mapping[str, Sequence[Prediction]]) -> Html:
    """One split's samples; `predictions` by key."""
    figures = (_sample(one, predictions.get(one.key, ())) for one in evaluands)
    return join(element("h3", split), *figures)


def _sample(evaluand: Evaluand, predictions: Sequence[Prediction]) -> Html:
    sample = evaluand.sample
    gold, guessed = _times(sample, predictions)
    clips = [
        join(player(waveform), figure(waveform, gold if place == 0 else (), guessed if place == 0 else ()))
        for place, waveform in enumerate(evaluand.waveforms)
    ]
    rows = [_row(target, predictions) for target in _distinct(sample.targets)]
    answers = table(("asked", "reference", "prediction" if predictions else ""), rows)
    body = element("div", element("div", *clips), answers, class_="sides")
    return element("figure", element("figcaption", caption(sample)), body, class_="sample")


def _times(sample: Sample, predictions: Sequence[Prediction]) -> tuple[list[Unit], list[Unit]]:
    """Words, or else sound events, with their times: the right ones and the predicted ones."""
    gold = [Unit(word.word, word.start, word.end) for word in sample.words if word.audio == 0]
    for one in predictions:
        if one.task == "srwt":
            answer = Answer(one.references, one.text, one.prompt, one.language)
            return gold, read_units(with_given_start(answer, one.text), one.language)
    for target in () if gold else sample.targets:
        if target.task in ("sed", "sd"):
            made = [one.text for one in predictions if one.prompt == target.prompt]
            return _spans(target.response), _spans(made[0]) if made else []
    return gold, []


def _spans(text: str) -> list[Unit]:
    return [Unit(*span) for span in read_spans(text)]


def _distinct(targets: Sequence[TaggedTarget]) -> list[tuple[str, str, list[str]]]:
    """Task, prompt and all responses of each prompt."""
    by_prompt: dict[tuple[str, str], list[str]] = {}
    for target in targets:
        by_prompt.setdefault((target.task, target.prompt), []).append(target.response)
    return [(task, prompt, responses) for (task, prompt), responses in by_prompt.items()]


def _row(question: tuple[str, str, list[str]], predictions: Sequence[Prediction]) -> tuple[Html | str, ...]:
    task, prompt, responses = question
    made = next((one.text for one in predictions if one.prompt == prompt), None)
    references = join(*(element("div", tagged(response)) for response in responses))
    asked = join(task, element("div", tagged(prompt), class_="prompt"))
    if made is None:
        return asked, references, ""
    equal = element("span", " ✓", class_="met", title="equal to a reference") if made in responses else ""
    return asked, references, join(tagged(made), equal)
