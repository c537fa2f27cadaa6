"""Building a shard: what becomes of records that give no sample though nothing is wrong with them."""

from __future__ import annotations

from pathlib import Path

from pipelines.sources.covost2 import CoVoST2
from tests.pipelines.corpora import put, shards_of
from tests.pipelines.recordings import chirp, mp3

CLIP = mp3(chirp(0.3, 48_000), 48_000)


def test_records_without_a_tag_for_their_language_are_no_rejects(tmp_path: Path) -> None:
    """They are counted apart, and are in neither list; a record with one translation that has a tag keeps that one."""
    root = tmp_path / "en"
    clips = {f"common_voice_en_{number}": f"Sentence {number}." for number in range(3)}
    for clip in clips:
        put(root / f"clips/{clip}.mp3", CLIP)
    sentences = "".join(f"c\t{clip}.mp3\t{sentence}\n" for clip, sentence in clips.items())
    put(root / "validated.tsv", f"client_id\tpath\tsentence\n{sentences}")
    for language, some in (("tr", clips), ("de", ["common_voice_en_1"])):
        rows = "".join(f"{clip}.mp3\tEvet.\ttrain\n" for clip in some)
        put(root / f"covost_v2.en_{language}.tsv", f"path\ttranslation\tsplit\n{rows}")
    built = shards_of(CoVoST2(root), "train", tmp_path / "out")
    assert (list(built.samples), built.rejects) == (["common_voice_en_1"], [])
    assert built.samples["common_voice_en_1"]["original"]["translations"] == {"de": "Evet.", "tr": "Evet."}
    assert built.summary.totals.rejects == {}
    assert built.summary.totals.left_out == {"language_not_in_vocabulary": 3}
