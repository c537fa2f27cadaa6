"""Prompts from the task table and back: which tags a target's prompt has, and what a prompt says.

The table's prefixes are compiled once into parts for rendering and into one tree of tags for parsing, in which
all languages are one branch: the task follows from the other tags alone.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from tag_schema.annotations import TargetError, check_text, tuple_of
from tag_schema.languages import SPOKEN_LANGUAGES, WRITTEN_LANGUAGES, written_language
from tag_schema.tasks import TASKS, Task
from tag_schema.vocabulary import UNKNOWN, find_token, split_tokens, tag

AUDIO_SLOTS: Final = frozenset({"heard", "spoken", "asked"})
TEXT_SLOTS: Final = frozenset({"same", "other", "written"})

_SLOT: Final = re.compile(r"\{([a-z]+)(?:=[a-z]+)?\}")
_ITN_TAGS: Final = {True: "<|itn|>", False: "<|wo_itn|>"}
_LANGUAGE_OF_TAG: Final[Mapping[str, str]] = {tag(code): code for code in sorted(WRITTEN_LANGUAGES)} | {
    tag(UNKNOWN): UNKNOWN
}
_TAG_OF_LANGUAGE: Final[Mapping[str | None, str]] = {code: token for token, code in _LANGUAGE_OF_TAG.items()} | {
    None: tag(UNKNOWN)
}
_PIECE: Final = re.compile(r"<\|[a-z0-9_.]+\|>")


@dataclass(frozen=True)
class PromptForm:
    """A task's prefix taken apart: its literal pieces and slots, and the rule for each field it carries."""

    task: Task
    parts: tuple[str, ...]  # tokens and literal text as they are, slots by name in braces
    audio: str | None  # the slot, or the literal tag's code
    text: str | None  # None: no text language in this prompt
    itn: bool
    itn_default: bool | None
    question: bool
    fields: frozenset[str]  # of Target, beyond the task itself, that this prompt can carry


def _form(task: Task) -> PromptForm:
    parts: list[str] = []
    position = 0
    for match in _SLOT.finditer(task.prefix):
        parts += split_tokens(task.prefix[position : match.start()])
        parts.append("{" + match[1] + "}")
        position = match.end()
    parts += split_tokens(task.prefix[position:])
    languages = [
        _LANGUAGE_OF_TAG.get(part, part.strip("{}"))
        for part in parts
        if part in _LANGUAGE_OF_TAG or part.strip("{}") in AUDIO_SLOTS | TEXT_SLOTS
    ]
    itn = "{itn}" in parts
    question = "{question}" in parts
    return PromptForm(
        task=task,
        parts=tuple(parts),
        audio=languages[0],
        text=languages[1] if len(languages) > 1 else None,
        itn=itn,
        itn_default=True if "{itn=true}" in task.prefix else None,
        question=question,
        fields=frozenset(
            ["audio_language", "text_language", "timestamps"]
            + ["itn"] * itn
            + ["style"] * ("{style}" in parts)
            + ["question", "choices"] * question
        ),
    )


FORMS: Final[Mapping[str, PromptForm]] = {name: _form(task) for name, task in TASKS.items()}


def settle_prompt(
    form: PromptForm,
    audio_language: str | None,
    text_language: str | None,
    itn: bool | None,
    style: str | None,
    question: str | None,
    choices: tuple[str, ...],
) -> tuple[str | None, str | None, bool | None, str | None, tuple[str, ...]]:
    """The canonical audio language, text language, itn, style and choices of a prompt.

    Raises:
        TargetError: a value that this task's prompt cannot carry.
    """
    audio = _settle_audio(form, audio_language)
    text = _settle_text(form, audio, text_language)
    if form.itn:
        itn = form.itn_default if itn is None else itn
        if itn is None:
            raise TargetError(f"{form.task.id} needs itn: True for written text, False for spoken or unpunctuated text")
    if form.task.styles:
        style = next(iter(form.task.styles)) if style is None else style
        if style not in form.task.styles:
            raise TargetError(f"style of {form.task.id} must be one of {', '.join(form.task.styles)}, not {style!r}")
    if form.question:
        check_text(question, "question")
        choices = tuple_of(str, choices, "choices")
        for choice in choices:
            check_text(choice, "a choice")
    return audio, text, itn, style, choices


def _settle_audio(form: PromptForm, given: str | None) -> str | None:
    name = form.task.id
    code = None if given == UNKNOWN else given
    if code is not None and code not in SPOKEN_LANGUAGES:
        raise TargetError(f"audio_language of {name}: {given!r} is no language with a tag", code="bad_language")
    if form.audio in AUDIO_SLOTS:
        if code is not None or form.audio == "heard":
            return code
        if form.audio == "asked" and given is None:
            return "en"
        raise TargetError(f"{name} needs the audio's language", code="bad_language")
    fixed = None if form.audio == UNKNOWN else form.audio
    if given is not None and code != fixed:
        raise TargetError(
            f"the audio language tag of {name} is always <|{form.audio}|>, not {given!r}", code="bad_language"
        )
    return fixed


def _settle_text(form: PromptForm, audio: str | None, given: str | None) -> str | None:
    name, rule = form.task.id, form.text
    if rule in TEXT_SLOTS:
        default = {"same": audio, "written": "en"}.get(rule)
        code = default if given is None else given
        if code is None:
            raise TargetError(f"{name} needs the text's language", code="bad_language")
        if code not in WRITTEN_LANGUAGES:
            raise TargetError(f"text_language of {name}: {code!r} is no language with a tag", code="bad_language")
        if rule != "written" and (written_language(code) == audio) != (rule == "same"):
            must = "be the audio's" if rule == "same" else "differ from the audio's"
            raise TargetError(f"text_language of {name} must {must}: {audio} and {code}", code="bad_language")
        return code
    fixed = None if rule in (None, UNKNOWN) else rule
    if given is not None and given != fixed:
        said = "has no text language" if rule is None else f"always has the text language tag <|{rule}|>"
        raise TargetError(f"{name} {said}, not {given!r}", code="bad_language")
    return fixed


def render_prompt(
    form: PromptForm,
    audio_language: str | None,
    text_language: str | None,
    itn: bool | None,
    style: str | None,
    question: str | None,
    choices: tuple[str, ...],
) -> str:
    """The prompt of settled values."""
    pieces = []
    for part in form.parts:
        if part[0] != "{":
            pieces.append(part)
        elif part in ("{heard}", "{spoken}", "{asked}"):
            pieces.append(_TAG_OF_LANGUAGE[audio_language])
        elif part in ("{same}", "{other}", "{written}"):
            pieces.append(_TAG_OF_LANGUAGE[text_language])
        elif part == "{itn}":
            pieces.append(_ITN_TAGS[bool(itn)])
        elif part == "{style}":
            pieces.append(form.task.styles[style or ""])
        elif part == "{question}":
            pieces.append(question or "")
        else:
            pieces += [f"<|choice|>{choice}" for choice in choices]
    return "".join(pieces)


@dataclass(slots=True)
class _Node:
    """What may follow in a prompt: one of the literal pieces, any language tag, or free text."""

    pieces: dict[str, _Node] = field(default_factory=dict)
    language: _Node | None = None
    text: _Node | None = None
    form: PromptForm | None = None  # the prompt ends here
    says: tuple[str, Any] | None = None  # a field and its value, told by the piece that leads here

    def follow(self, piece: str, says: tuple[str, Any] | None = None) -> _Node:
        return self.pieces.setdefault(piece, _Node(says=says))


def _tree() -> _Node:
    root = _Node()
    for form in FORMS.values():
        ends = [root]
        for part in form.parts:
            ends = [after for node in ends for after in _grow(node, part, form.task)]
        for node in ends:
            assert node.form is None and not _expected(node), f"two tasks share the prompt {form.task.prefix}"
            node.form = form
    return root


def _grow(node: _Node, part: str, task: Task) -> list[_Node]:
    """The nodes after one part of a prefix."""
    assert node.form is None, f"the prompt of {task.id} continues another one"
    name = part.strip("{}")
    if part in _LANGUAGE_OF_TAG or name in AUDIO_SLOTS | TEXT_SLOTS:
        node.language = node.language or _Node()
        return [node.language]
    if part == "{itn}":
        return [node.follow(token, ("itn", value)) for value, token in _ITN_TAGS.items()]
    if part == "{style}":
        return [node.follow(token, ("style", value)) for value, token in task.styles.items()]
    if part == "{question}":
        node.text = node.text or _Node(says=("question", None))
        return [node.text]
    if part == "{choices}":
        # After a choice comes what may come after the question: another choice or the end.
        node.follow("<|choice|>").text = _Node(pieces=node.pieces, says=("choice", None))
        return [node]
    return [node.follow(part)]


def _expected(node: _Node) -> str:
    """What may follow, in words; empty at the end of a prompt."""
    kinds = ["a language tag"] * (node.language is not None) + ["text"] * (node.text is not None)
    return " or ".join([*kinds, *sorted(node.pieces)])


_ROOT: Final = _tree()


@dataclass(slots=True)
class PromptReading:
    """What a prompt says, and where it ends in the string."""

    form: PromptForm
    end: int
    audio_language: str | None
    text_language: str | None
    fields: dict[str, Any]


def read_prompt(text: str) -> PromptReading:
    """Read the prompt at the beginning of a string.

    Raises:
        TargetError: no prompt of the table begins the string; at the position of the first piece that does not fit.
    """
    node, position = _ROOT, 0
    languages: list[tuple[str, int]] = []
    fields: dict[str, Any] = {}
    choices: list[str] = []
    while node.form is None:
        if node.text is not None:
            piece, node = _text_piece(text, position), node.text
            assert node.says is not None
            check_text(piece, f"the {node.says[0]}", position)
            if node.says[0] == "choice":
                choices.append(piece)
            else:
                fields["question"] = piece
        else:
            match = _PIECE.match(text, position)
            piece = match.group() if match else _text_piece(text, position)
            if piece in node.pieces:
                node = node.pieces[piece]
                if node.says is not None:
                    fields[node.says[0]] = node.says[1]
            elif node.language is not None and piece in _LANGUAGE_OF_TAG:
                node = node.language
                languages.append((_LANGUAGE_OF_TAG[piece], position))
            else:
                found = repr(piece if len(piece) <= 40 else piece[:40] + "…") if piece else "the end"
                raise TargetError(f"expected {_expected(node)}, found {found}", position)
        position += len(piece)
    form = node.form
    if form.question:
        fields["choices"] = tuple(choices)
    audio, text_language = _settle_read(form, languages)
    return PromptReading(form, position, audio, text_language, fields)


def _text_piece(text: str, position: int) -> str:
    found = find_token(text, position)
    return text[position:] if found is None else text[position : found[0]]


def _settle_read(form: PromptForm, languages: list[tuple[str, int]]) -> tuple[str | None, str | None]:
    """The languages of a prompt's tags; refuses those that the task's prompt would not render like this."""
    code, position = languages[0]
    try:
        audio = _settle_audio(form, code)
        if len(languages) == 1:
            return audio, None
        code, position = languages[1]
        return audio, _settle_text(form, audio, None if code == UNKNOWN == form.text else code)
    except TargetError as error:
        raise TargetError(error.reason, position, error.code) from None
