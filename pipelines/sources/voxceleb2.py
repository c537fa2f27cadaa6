"""VoxCeleb2: more celebrities in interviews on YouTube, for speaker verification.

Release   robots.ox.ac.uk/~vgg/data/voxceleb; Chung et al., Interspeech 2018
Licence   CC BY 4.0
Audio     one M4A (AAC) per utterance, 16 kHz mono; WAV where somebody converted it
Splits    `dev` and `test` by speaker; no trial lists: it is trained on, and VoxCeleb1 tells how well
Quirk     vox2_meta.csv is separated by commas, with blanks and tabs around them
"""

from __future__ import annotations

from pipelines.formats.voxceleb import VoxCeleb


class VoxCeleb2(VoxCeleb):
    name = "voxceleb2"
    title = "VoxCeleb2: voices of celebrities"
    home = "https://www.robots.ox.ac.uk/~vgg/data/voxceleb/vox2.html"
    licence = "CC-BY-4.0"
    commercial = True
    attribution = "J. S. Chung, A. Nagrani, A. Zisserman: VoxCeleb2: Deep Speaker Recognition. Interspeech 2018"
    tasks = ("sv", "sgc")
    languages = ()
    splits = {"dev": 1_092_009, "test": 36_237}
    default_splits = ("dev", "test")
    evaluation_splits = ("test",)
    mean_seconds = 7.8
    hours = 2_442.0
    origin_namespace = "voxceleb2"
    audio = "M4A (AAC), 16 kHz mono, one file per utterance"
    obtain = (
        "Join the parts of vox2_dev_aac.zip (cat vox2_dev_aac_part* > vox2_dev_aac.zip), unpack it in dev/ and "
        "vox2_test_aac.zip in test/, and put vox2_meta.csv beside them."
    )
    expects = "the folder that holds dev/aac/id00012/…, test/aac/ and vox2_meta.csv"
    archives = ("vox2_*_aac.zip", "dev/vox2_dev_aac.zip", "test/vox2_test_aac.zip")
    layout = """
voxceleb2/                          <- SOURCE
  dev/aac/id00012/21Uxsk56VDQ/00001.m4a     speaker/video/utterance (.wav is read too)
  test/aac/id00017/…
  vox2_meta.csv                             id, name, gender, set
"""
    meta = "vox2_meta.csv"
    separator = ","
