"""A tiny cremad in its native layout, with the faults of its kind."""

from __future__ import annotations

from pathlib import Path

from tests.pipelines.sources.fixture import Fixture, tone, write

POINTER = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'0' * 64}\nsize 71000\n"


def corpus(folder: Path) -> Fixture:
    root = folder / "CREMA-D"
    for clip in ("1001_DFA_ANG_XX", "1002_IEO_HAP_HI", "1003_TIE_NEU_XX", "1001_DFA_BOR_XX", "1001_DFA_ANG"):
        tone(root / f"AudioWAV/{clip}.wav")
    write(root / "AudioWAV/1002_ITS_SAD_XX.wav", POINTER)
    write(root / "AudioWAV/1076_MTI_SAD_XX.wav", "")
    write(root / "AudioMP3/1001_DFA_ANG_XX.mp3", POINTER)
    write(root / "AudioWAV/._1001_DFA_ANG_XX.wav", "litter")
    people = [
        '"ActorID","Age","Sex","Race","Ethnicity"',
        '1001,51,"Male","","Not Hispanic"',
        '1002,9,"Female","",""',
        '1003,20',
        "",
    ]  # fmt: skip
    write(root / "VideoDemographics.csv", "\r\n".join(people))
    votes = [
        '"","FileName","VoiceVote","VoiceLevel","FaceVote","FaceLevel","MultiModalVote","MultiModalLevel"',
        '"1","1001_DFA_ANG_XX","A:N","60.5","A","70","A","50"',
        '"2","1004_WSI_FEA_XX","F","60.5","F","70","F","50"',
        '"3","../1001_DFA_ANG_XX","A","60.5","A","70","A","50"',
        "",
    ]
    write(root / "processedResults/summaryTable.csv", "\n".join(votes))
    return Fixture(
        root,
        {"all": ["1001_DFA_ANG_XX", "1002_IEO_HAP_HI", "1002_ITS_SAD_XX", "1003_TIE_NEU_XX", "1076_MTI_SAD_XX"]},
        {
            "all": {
                ("1001_DFA_BOR_XX", "unknown_label"),
                ("1001_DFA_ANG", "unknown_label"),
                ("1004_WSI_FEA_XX", "audio_missing"),
                ("../1001_DFA_ANG_XX", "unsafe_path"),
            }
        },
        refused={"all": {("1002_ITS_SAD_XX", "undecodable"), ("1076_MTI_SAD_XX", "empty_audio")}},
    )
