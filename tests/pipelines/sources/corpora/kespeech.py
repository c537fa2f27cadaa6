"""A tiny kespeech in its native layout, with the faults of its kind."""

from __future__ import annotations

from pathlib import Path

from tests.pipelines.sources.fixture import Fixture, tone, write


def corpus(folder: Path) -> Fixture:
    root = folder / "KeSpeech"
    task = root / "Tasks/ASR/train_phase1"

    def audio(number: int) -> str:
        return f"Audio/100000{number % 2 + 1}/phase1/u{number:02}.wav"

    paths = {number: f"u{number:02} {audio(number)}" for number in range(1, 12)}
    paths[8] = "u08 ../../etc/passwd"
    paths[9] = "u09"
    write(task / "wav.scp", "\ufeff" + "\r\n".join([*paths.values(), ""]))
    for number in (1, 2, 3, 4, 5, 7, 11):
        tone(root / audio(number))
    tone(root / "Audio/1000001/phase2/other_task.wav")
    texts = {
        1: "我们\u2028明天 去", 2: "<SPOKEN_NOISE> 好的<NOISE>", 3: "<SPOKEN_NOISE>", 4: "天气 不错", 5: "再见",
        6: "没有 声音", 7: "坏 \udcff 字", 8: "路径", 9: "没有 路径", 11: "你好", 12: "没有 行",
    }  # fmt: skip
    order = [4, 1, 2, 12, 3, 5, 11, 6, 7, 8, 9]  # not that of wav.scp
    write(task / "text", "\n".join(f"u{number:02} {texts[number]}" for number in order))
    labels = {1: "Mandarin", 2: "Ji-Lu", 4: "Klingon", 5: "Zhongyuan", 11: "Beijing"}
    write(task / "utt2subdialect", "\n".join(f"u{n:02} {labels.get(n, 'Mandarin')}" for n in range(1, 12) if n != 11))
    write(task / "utt2spk", "\n".join(f"u{n:02} 100000{n % 2 + 1}" for n in (11, *range(1, 11))))
    write(root / "Metadata/spk2gender", "1000001 Female\n1000002 Male\n")
    write(root / "Metadata/spk2age", "1000001 34\n1000002 0\n")
    name = "Tasks/ASR/test"
    write(root / name / "wav.scp", "v1 Audio/1000003/phase2/v1.wav\n")
    write(root / name / "text", "v1 测试\n")
    write(root / name / "utt2spk", "v1 1000003\n")
    write(root / name / "utt2subdialect", "v1 Mandarin\n")
    tone(root / "Audio/1000003/phase2/v1.wav")
    rejects = {
        ("u03", "no_transcript"), ("u04", "unknown_label"), ("u06", "audio_missing"), ("u07", "wrong_encoding"),
        ("u08", "unsafe_path"), ("u09", "too_few_columns"), ("u10", "audio_missing"), ("u11", "too_few_columns"),
        ("u12", "audio_missing"),
    }  # fmt: skip
    return Fixture(root, {"train_phase1": ["u01", "u02", "u05"], "test": ["v1"]}, {"train_phase1": rejects})
