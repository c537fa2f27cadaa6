"""The demo's speech, in the native layouts of LibriSpeech, TIMIT, Speech Commands, Common Voice and CoVoST 2.

Each `…_job` function writes one speaker, or one language, and can run in a process of its own; each `…_tables`
function writes the files that describe the whole corpus.
"""

from __future__ import annotations

import hashlib
import zlib
from pathlib import Path

import numpy as np

from pipelines.demo.clips import Take, record, to_int16, write_flac, write_mp3, write_sphere, write_wav
from pipelines.demo.content import (
    ENGLISH,
    PHRASEBOOKS,
    SPEAKERS,
    WORDS,
    DemoSpeaker,
    Part,
    Phrasebook,
    draw_sentence,
    phrases,
    speakers,
)
from pipelines.demo.speech import SAMPLE_RATE, Espeak, SpeechError, Utterance, resample

SENTENCES: dict[Part, int] = {"train": 160, "dev": 30, "test": 60}  # per speaker, in LibriSpeech's layout
TIMED_SENTENCES: dict[Part, int] = {"train": 320, "dev": 30, "test": 60}  # per speaker, in TIMIT's layout
KEYWORD_TAKES: dict[Part, int] = {"train": 5, "dev": 2, "test": 5}  # per speaker and word
PHRASE_SPEAKERS: dict[Part, int] = {"train": 4, "dev": 1, "test": 2}  # per language

LIBRISPEECH_SPLITS: dict[Part, str] = {"train": "train-clean-100", "dev": "dev-clean", "test": "test-clean"}
COMMON_VOICE_RATE = 48_000  # Hz
COVOST_LANGUAGES = ("de", "es", "fr", "it", "ja", "zh-CN")  # CoVoST 2 has no Korean


def generator(*names: object) -> np.random.Generator:
    """The random numbers of one job: a function of what it is called."""
    return np.random.default_rng(zlib.crc32("/".join(map(str, names)).encode()))


def english_take(espeak: Espeak, speaker: DemoSpeaker, rng: np.random.Generator, words: tuple[str, ...]) -> Take:
    """One English sentence by one speaker, with word times."""
    return record(espeak.say(" ".join(words), speaker.voice("en-us", rng)), rng)


def librispeech_job(folder: Path, number: int) -> float:
    """Write one speaker's chapter: FLAC files and their transcripts. Returns the seconds of audio."""
    speaker = SPEAKERS[number]
    rng, espeak = generator("librispeech", speaker.number), Espeak(speaker.number)
    chapter = folder / LIBRISPEECH_SPLITS[speaker.part] / str(speaker.number) / str(speaker.number + 100_000)
    chapter.mkdir(parents=True)
    name = f"{speaker.number}-{speaker.number + 100_000}"
    seconds, lines = 0.0, []
    for place in range(SENTENCES[speaker.part]):
        words = draw_sentence(speaker.part, rng)
        take = english_take(espeak, speaker, rng, words)
        write_flac(chapter / f"{name}-{place:04}.flac", take.waveform)
        lines.append(f"{name}-{place:04} {' '.join(words).upper()}\n")
        seconds += take.seconds
    _write(chapter / f"{name}.trans.txt", lines)
    return seconds


def librispeech_tables(folder: Path) -> None:
    """Write SPEAKERS.TXT."""
    rows = [";ID  |SEX| SUBSET           |MINUTES| NAME\n"]
    for speaker in SPEAKERS:
        sex, subset = speaker.gender[0].upper(), LIBRISPEECH_SPLITS[speaker.part]
        rows.append(f"{speaker.number:<5}| {sex} | {subset:<17}|  5.00 | espeak-ng {speaker.variant}\n")
    _write(folder / "SPEAKERS.TXT", rows)


def timit_job(folder: Path, number: int) -> float:
    """Write one speaker: SPHERE audio, text, and word times in waveform samples. Returns the seconds of audio."""
    speaker = SPEAKERS[number]
    rng, espeak = generator("timit", speaker.number), Espeak(speaker.number)
    tens, digit = divmod(speaker.number % 100, 10)
    name = f"{speaker.gender[0].upper()}ES{'ABCDEFGHIJ'[tens]}{digit}"
    place = folder / "TIMIT" / ("TRAIN" if speaker.part == "train" else "TEST") / "DR1" / name
    place.mkdir(parents=True)
    seconds = 0.0
    for count in range(1, TIMED_SENTENCES[speaker.part] + 1):
        words = draw_sentence(speaker.part, rng, timed=True)
        take = english_take(espeak, speaker, rng, words)
        stem = f"SX{count}"
        write_sphere(place / f"{stem}.WAV", take.waveform)
        _write(place / f"{stem}.TXT", [f"0 {len(take.waveform)} {' '.join(words)}\n"])
        _write(place / f"{stem}.WRD", [f"{word.start} {word.end} {word.word}\n" for word in take.words])
        seconds += take.seconds
    return seconds


def timit_tables(folder: Path) -> None:
    """TIMIT's layout has no file that a source has to read besides the utterances themselves."""
    (folder / "TIMIT" / "DOC").mkdir()
    _write(folder / "TIMIT" / "DOC" / "SPKRINFO.TXT", ["; made by espeak-ng; every speaker is filed under DR1\n"])


def speechcommands_job(folder: Path, number: int) -> float:
    """Write one speaker's keywords, each clip at most 1 s. Returns the seconds of audio."""
    speaker = SPEAKERS[number]
    rng, espeak = generator("speechcommands", speaker.number), Espeak(speaker.number)
    seconds = 0.0
    for word in WORDS:
        (folder / word).mkdir(exist_ok=True)
        for count in range(KEYWORD_TAKES[speaker.part]):
            take = record(espeak.say(word, speaker.voice("en-us", rng)), rng, longest=1.0)
            write_wav(folder / _keyword_path(word, speaker, count), take.waveform)
            seconds += take.seconds
    return seconds


def speechcommands_tables(folder: Path) -> None:
    """Write the two lists that say what is not for training."""
    parts: tuple[tuple[str, Part], ...] = (("validation_list.txt", "dev"), ("testing_list.txt", "test"))
    for name, part in parts:
        paths = [
            _keyword_path(word, speaker, count)
            for word in sorted(WORDS)
            for speaker in speakers(part)
            for count in range(KEYWORD_TAKES[part])
        ]
        _write(folder / name, [f"{path}\n" for path in paths])


def _keyword_path(word: str, speaker: DemoSpeaker, count: int) -> str:
    return f"{word}/{hashlib.sha256(str(speaker.number).encode()).hexdigest()[:8]}_nohash_{count}.wav"


def commonvoice_job(folder: Path, number: int) -> float:
    """Write one language of Common Voice: clips, tables, and CoVoST 2's translations. Returns the seconds of audio."""
    language = list(PHRASEBOOKS)[number]
    book = PHRASEBOOKS[language]
    rng, espeak = generator("commonvoice", language), Espeak(number)
    (folder / language / "clips").mkdir(parents=True)
    tables: dict[Part, list[str]] = {"train": [], "dev": [], "test": []}
    translations = []
    seconds, count = 0.0, 0
    for part, rows in tables.items():
        for speaker in speakers(part)[: PHRASE_SPEAKERS[part]]:
            client = hashlib.sha256(f"{language}{speaker.number}".encode()).hexdigest()
            for thing, colour in phrases(part):
                count += 1
                clip = f"common_voice_{language}_{90_000_000 + 1000 * number + count}.mp3"
                take = record(_said(espeak, book, thing, colour, speaker, rng), rng)
                wave = resample(take.waveform.astype(np.float32) / np.float32(32768), SAMPLE_RATE, COMMON_VOICE_RATE)
                write_mp3(folder / language / "clips" / clip, to_int16(wave), COMMON_VOICE_RATE)
                rows.append("\t".join((client, clip, book.written(thing, colour), "2", "0", "", speaker.gender, "")))
                translations.append("\t".join((clip, ENGLISH.written(thing, colour), part)))
                seconds += take.seconds
    header = "client_id\tpath\tsentence\tup_votes\tdown_votes\tage\tgender\taccent"
    everything = [row for rows in tables.values() for row in rows]
    for name, rows in (*tables.items(), ("validated", everything)):
        _write(folder / language / f"{name}.tsv", [f"{row}\n" for row in (header, *rows)])
    if language in COVOST_LANGUAGES:
        rows = ["path\ttranslation\tsplit", *translations]
        _write(folder / language / f"covost_v2.{language}_en.tsv", [f"{row}\n" for row in rows])
    return seconds


def commonvoice_tables(folder: Path) -> None:
    """Common Voice has its tables by language."""


def _said(
    espeak: Espeak, book: Phrasebook, thing: int, colour: int, speaker: DemoSpeaker, rng: np.random.Generator
) -> Utterance:
    voice = speaker.voice(book.espeak, rng)
    waveform = espeak.waveform(book.said(thing, colour), voice)
    if not len(waveform):
        raise SpeechError(f"espeak-ng says nothing for {book.said(thing, colour)!r} with {voice.name}")
    return Utterance(waveform, ())


def _write(path: Path, lines: list[str]) -> None:
    path.write_text("".join(lines), encoding="utf-8", newline="\n")
