"""Word and character error rates, and BLEU: how close the generated text is."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Sequence
from typing import Any

import jiwer
import sacrebleu

from tag_schema.grammar import DELIMITER
from tag_schema.languages import UNSPACED_LANGUAGES
from trainers.metrics.answer import Answer, Score, percent
from trainers.metrics.matching import assign

TAG = re.compile(r"<\|.*?\|>")
SPACE_BEFORE_PUNCTUATION = re.compile(r" ?([!,.?;:])")


def normalise_transcript(text: str, language: str | None) -> str:
    """The text as the published scripts compare it.

    Tags become spaces, runs of space one, space before `! , . ? ; :` goes, then all of it lower-cased; languages
    written without spaces lose all space (the published scripts know only `zh`). Punctuation, numbers and spelling
    stay: a released transcript without punctuation is only matched by a prediction without it.
    """
    text = re.sub(r"\s+", " ", TAG.sub(" ", text))
    text = SPACE_BEFORE_PUNCTUATION.sub(r"\1", text).strip()
    if language in UNSPACED_LANGUAGES:
        text = re.sub(r"\s+", "", text)
    return text.lower()


def _errors(reference: str, prediction: str, language: str | None) -> tuple[int, int]:
    """Edits and length of the reference, in words or characters, of two normalised texts."""
    measure = jiwer.process_characters if language in UNSPACED_LANGUAGES else jiwer.process_words
    result = measure(reference, prediction)
    wrong = result.substitutions + result.deletions
    return wrong + result.insertions, wrong + result.hits


def error_rate(answers: Sequence[Answer]) -> Score:
    """Total edits over total reference length, in percent: words, or characters for unspaced languages.

    Of several references the one with the lowest rate counts. All answers must be of one kind of language;
    mixing words and characters in one rate would mean neither.
    """
    kinds = {answer.language in UNSPACED_LANGUAGES for answer in answers}
    if len(kinds) > 1:
        raise ValueError("one error rate cannot count words and characters: score each language apart")
    edits = length = right = 0
    for answer in answers:
        prediction = normalise_transcript(answer.prediction, answer.language)
        counts = [
            _errors(normalise_transcript(reference, answer.language), prediction, answer.language)
            for reference in answer.references
        ]
        best = min(counts, key=lambda count: count[0] / max(count[1], 1))
        edits, length, right = edits + best[0], length + best[1], right + (best[0] == 0)
    characters = kinds == {True}
    details = {
        "edits": edits,
        "characters" if characters else "words": length,
        "sentences right %": percent(right, len(answers)),
    }
    return Score("CER" if characters else "WER", percent(edits, length), "%", "lower", len(answers), details)


def overlapped_error_rate(answers: Sequence[Answer]) -> Score:
    """Error rate of overlapped speech: the texts between `<|delim|>` in the order that gives the fewest edits.

    Which voice is written first means nothing (cpWER). A text too many or too few counts with all its words.
    """
    edits = length = speakers_right = 0
    language = answers[0].language if answers else None
    for answer in answers:
        predicted = _texts(answer.prediction, answer.language)
        options = []
        for reference in answer.references:
            wanted = _texts(reference, answer.language)
            size = max(len(wanted), len(predicted))
            rows = wanted + [""] * (size - len(wanted))
            columns = predicted + [""] * (size - len(predicted))
            costs = [[_errors(row, column, answer.language)[0] for column in columns] for row in rows]
            total = sum(costs[row][column] for row, column in assign(costs))
            options.append((total, sum(_errors(row, "", answer.language)[1] for row in wanted), len(wanted)))
        best = min(options, key=lambda option: option[0] / max(option[1], 1))
        edits, length, speakers_right = edits + best[0], length + best[1], speakers_right + (best[2] == len(predicted))
    metric = "cpCER" if language in UNSPACED_LANGUAGES else "cpWER"
    details = {"edits": edits, "length": length, "number of voices right %": percent(speakers_right, len(answers))}
    return Score(metric, percent(edits, length), "%", "lower", len(answers), details)


def _texts(text: str, language: str | None) -> list[str]:
    parts = (normalise_transcript(part, language) for part in text.split(DELIMITER))
    return [part for part in parts if part]


def bleu_tokenizer(language: str | None) -> str:
    """sacreBLEU's tokenizer for a target language: `zh`, `ja-mecab`, otherwise `13a`.

    Where MeCab is not installed, Japanese is scored by characters; such a number compares with no published one,
    and the tokenizer stands beside the score.
    """
    if language in ("zh", "zh_tr"):
        return "zh"
    if language == "ja":
        return "ja-mecab" if importlib.util.find_spec("MeCab") else "char"
    return "13a"


def _reference_streams(answers: Sequence[Answer]) -> list[list[Any]]:
    """sacreBLEU's transposed references; None where an answer has fewer than others."""
    most = max(len(answer.references) for answer in answers)
    return [
        [answer.references[place] if place < len(answer.references) else None for answer in answers]
        for place in range(most)
    ]


def bleu(answers: Sequence[Answer]) -> Score:
    """Corpus BLEU, cased, nothing stripped."""
    tokenizer = bleu_tokenizer(answers[0].language if answers else None)
    if not answers:
        return Score("BLEU", None, "", "higher", 0, {"tokenizer": tokenizer})
    result = sacrebleu.corpus_bleu(
        [answer.prediction for answer in answers], _reference_streams(answers), tokenize=tokenizer
    )
    details: dict[str, float | str] = {"tokenizer": tokenizer, "brevity penalty": result.bp}
    return Score("BLEU", result.score, "", "higher", len(answers), details)


def chrf(answers: Sequence[Answer]) -> Score:
    """chrF2 of captions, the closest reference of each.

    The paper reports CIDEr, SPICE and SPIDEr; SPICE and the tokenizer of all three are Java programs, which this
    project does not need otherwise. chrF ranks models, and compares with no number of the paper.
    """
    if not answers:
        return Score("chrF", None, "", "higher", 0)
    result = sacrebleu.corpus_chrf([answer.prediction for answer in answers], _reference_streams(answers))
    return Score("chrF", result.score, "", "higher", len(answers))
