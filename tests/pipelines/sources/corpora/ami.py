"""A tiny ami in its native layout, with the faults of its kind."""

from __future__ import annotations

from pathlib import Path

from tests.pipelines.sources.fixture import Fixture, tone, write

HEAD = '<?xml version="1.0" encoding="ISO-8859-1" standalone="yes"?>\n'
NITE = 'xmlns:nite="http://nite.sourceforge.net/"'


def nxt(path: Path, *lines: str, head: str = HEAD) -> None:
    """Write an NXT file in ISO-8859-1, one element per line."""
    body = "\n".join(lines)
    write(path, f'{head}<nite:root nite:id="{path.stem}" {NITE}>\n{body}\n</nite:root>\n', "iso-8859-1")


def word(name: str, number: int, text: str, start: object = None, end: object = None, **more: str) -> str:
    times = "" if start is None else f' starttime="{start}" endtime="{end}"'
    extra = "".join(f' {key}="{value}"' for key, value in more.items())
    return f'  <w nite:id="{name}.words{number}"{times}{extra}>{text}</w>'


def segment(name: str, number: int, start: object, end: object, first: int | None, last: int | None = None) -> str:
    href = f"{name}.words.xml#id({name}.words{first})" + ("" if last is None else f"..id({name}.words{last})")
    child = "" if first is None else f'<nite:child href="{href}"/>'
    meeting = name.partition(".")[0]
    return (
        f'  <segment nite:id="{meeting}.sync.{number}" channel="0" transcriber_start="{start}" '
        f'transcriber_end="{end}">{child}</segment>'
    )


def corpus(folder: Path) -> Fixture:
    root = folder / "ami"
    notes, audio = root / "ami_public_manual_1.6.2", root / "amicorpus"

    def speaker(agent: str, channel: int, name: str) -> str:
        return f'<speaker nite:id="x" nxt_agent="{agent}" channel="{channel}" global_name="{name}" role="PM"/>'

    def meeting(name: str, *speakers: str) -> str:
        return f'<meeting nite:id="m" observation="{name}">{"".join(speakers)}</meeting>'

    nxt(
        notes / "corpusResources/meetings.xml",
        meeting("ES2002a", speaker("A", 1, "FEE005"), speaker("B", 0, "MÉO006")),
        meeting("ES2011a", speaker("A", 0, "FEE041"), speaker("B", 1, "MEE042")),
        meeting("IB4005", speaker("A", 0, "FIO1")),
        meeting("IS1009b", speaker("A", 0, "MIO1"), speaker("B", 2, "FIE2"), speaker("C", 3, "MIE3")),
    )
    a, b = "ES2002a.A", "ES2002a.B"
    nxt(
        notes / f"words/{a}.words.xml",
        word(a, 0, "Voilà", 0.01, 0.02),
        word(a, 1, ",", 0.02, 0.02, punc="true"),
        word(a, 2, "R&amp;D", 0.02, 0.03),
        f'  <vocalsound nite:id="{a}.words3" starttime="0.03" endtime="0.04" type="laugh"/>',
        word(a, 4, "sta", 0.04, 0.04, trunc="true"),
        word(a, 5, ".", 0.05, 0.05, punc="true"),
        word(a, 6, "Untimed"),
        word(a, 7, "end", 0.07, 0.08),
    )
    nxt(
        notes / f"segments/{a}.segments.xml",
        segment(a, 1, 0.015, 0.05, 0, 5),
        segment(a, 2, 0.05, 0.09, 6, 7),
        segment(a, 3, 0.03, 0.04, 3),
        segment(a, 4, 0.09, 0.1, None),
        segment(a, 5, 0.09, 0.09, 7),
    )
    nxt(notes / f"words/{b}.words.xml", word(b, 0, "Okay", 0.025, 0.045), word(b, 1, ".", punc="true"))
    nxt(notes / f"segments/{b}.segments.xml", segment(b, 6, 0.02, 0.05, 0, 1))
    for name in ("Headset-1", "Mix-Headset", "Array1-01"):
        tone(audio / f"ES2002a/audio/ES2002a.{name}.wav")

    a, b = "ES2011a.A", "ES2011a.B"
    nxt(notes / f"words/{a}.words.xml", word(a, 0, "Hi", 0.01, 0.03))
    nxt(notes / f"segments/{a}.segments.xml", segment(a, 1, 0.0, 0.05, 0))
    nxt(notes / f"words/{b}.words.xml", word(b, 0, "Hi", 0.01, 0.03))
    nxt(notes / f"segments/{b}.segments.xml", segment(b, 1, 0.0, 0.05, 0, 9))
    for name in ("Headset-0", "Headset-1", "Mix-Headset"):
        tone(root / f"wav_db/ES2011a/audio/ES2011a.{name}.wav")

    bomb = '<!DOCTYPE r [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]>\n'
    for agent in ("A", "C", "D"):
        name = f"IS1009b.{agent}"
        nxt(notes / f"words/{name}.words.xml", word(name, 0, "So", 0.01, 0.03), head=HEAD + bomb * (agent == "C"))
        nxt(notes / f"segments/{name}.segments.xml", segment(name, 1, 0.0, 0.05, 0))
    nxt(notes / "segments/IS1009b.B.segments.xml", segment("IS1009b.B", 1, 0.0, 0.05, 0))
    tone(audio / "IS1009b/audio/IS1009b.Headset-0.wav")
    nxt(notes / "words/IB4005.A.words.xml", word("IB4005.A", 0, "Nowhere", 0.01, 0.03))
    nxt(notes / "segments/IB4005.A.segments.xml", segment("IB4005.A", 1, 0.0, 0.05, 0))
    return Fixture(
        root,
        {
            "train": ["ES2002a.A.sync.1", "ES2002a.A.sync.2", "ES2002a.Mix-Headset.0000000"],
            "dev": ["ES2011a.A.sync.1"],
            "test": ["IS1009b.A.sync.1"],
        },
        {
            "train": {("ES2002a.Headset-0", "audio_missing")},
            "dev": {("ES2011a.B", "bad_row"), ("ES2011a.Mix-Headset", "no_transcript")},
            "test": {
                ("IS1009b.B", "no_transcript"), ("IS1009b.C", "bad_row"), ("IS1009b.D", "unknown_label"),
                ("IS1009b.Mix-Headset", "audio_missing"),
            },
        },
    )  # fmt: skip
