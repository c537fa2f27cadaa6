"""FLEURS: the same sentences read aloud in 102 languages.

Release   google/fleurs; Conneau et al., SLT 2022; SOURCE holds the languages that were downloaded
Licence   CC BY 4.0
Audio     one WAV per clip, 16 kHz mono
Splits    train, dev and test hold the same sentences in all languages
Quirk     tables have no header. Sentences have a number, and up to three speakers each; a clip is named by its file.
          Both the text as written and without case and marks are there. Translations are joined by the number: from
          every language to English, and from English to every language
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from pipelines.formats.audio_tree import AudioTree
from pipelines.formats.tables import read_tsv
from pipelines.labels.languages import language_code
from pipelines.labels.speakers import gender
from pipelines.listing import files, subfolders
from pipelines.places.corpus_path import CorpusPath, relative
from pipelines.record import Annotation, AudioRef, Record, Reject, Speaker, Transcript, Translation
from pipelines.source import Source, SourceError

RATE = 16_000  # Hz
ENGLISH = "en_us"
COLUMNS = ("id", "file_name", "raw_transcription", "transcription", "characters", "num_samples", "gender")
_CODES = """
af_za am_et ar_eg as_in ast_es az_az be_by bg_bg bn_in bs_ba ca_es ceb_ph ckb_iq cmn_hans_cn cs_cz cy_gb da_dk de_de
el_gr en_us es_419 et_ee fa_ir ff_sn fi_fi fil_ph fr_fr ga_ie gl_es gu_in ha_ng he_il hi_in hr_hr hu_hu hy_am id_id
ig_ng is_is it_it ja_jp jv_id ka_ge kam_ke kea_cv kk_kz km_kh kn_in ko_kr ky_kg lb_lu lg_ug ln_cd lo_la lt_lt luo_ke
lv_lv mi_nz mk_mk ml_in mn_mn mr_in ms_my mt_mt my_mm nb_no ne_np nl_nl nso_za ny_mw oc_fr om_et or_in pa_in pl_pl
ps_af pt_br ro_ro ru_ru sd_in sk_sk sl_si sn_zw so_so sr_rs sv_se sw_ke ta_in te_in tg_tj th_th tr_tr uk_ua umb_ao
ur_pk uz_uz vi_vn wo_sn xh_za yo_ng yue_hant_hk zu_za
"""
LANGUAGES = tuple(_CODES.split())
_LANGUAGE = re.compile(r"[a-z]{2,3}(_[a-z0-9]{2,4})+")


class Fleurs(Source):
    name = "fleurs"
    title = "FLEURS: the same sentences in 102 languages"
    home = "https://huggingface.co/datasets/google/fleurs"
    licence = "CC-BY-4.0"
    commercial = True
    attribution = (
        "A. Conneau, M. Ma, S. Khanuja, Y. Zhang, V. Axelrod, S. Dalmia, J. Riesa, C. Rivera, A. Bapna: FLEURS: "
        "Few-shot Learning Evaluation of Universal Representations of Speech. SLT 2022"
    )
    tasks = ("asr", "lid", "s2tt", "sgc")
    languages = tuple(code for code in map(language_code, LANGUAGES) if code)
    splits = dict.fromkeys(("train", "dev", "test"))
    default_splits = ("train", "dev", "test")
    evaluation_splits = ("dev", "test")
    mean_seconds = 12.0
    origin_namespace = "fleurs"
    audio = "WAV, 16 kHz mono, one file per clip"
    obtain = "Download data/<language> of google/fleurs and unpack its audio/*.tar.gz there. For s2tt take en_us too."
    expects = "the folder that holds data/en_us/, data/de_de/, … (or data/ itself)"
    archives = ("data/*/audio/*.tar.gz", "*/audio/*.tar.gz", "audio/*.tar.gz")
    layout = """
fleurs/                             <- SOURCE (or data/)
  data/en_us/
    train.tsv  dev.tsv  test.tsv    number, file, text as written, text without marks, characters, samples, gender
    audio/train/10004088536354799741.wav
"""

    @classmethod
    def recognises(cls, folder: CorpusPath) -> bool:
        return bool(_languages(folder))

    def has_split(self, split: str) -> bool:
        return any((folder / f"{split}.tsv").is_file() for folder in _languages(self.root).values())

    def read(self, split: str) -> Iterator[Record | Reject]:
        places = {
            language: relative(folder, self.root)
            for language, folder in _languages(self.root).items()
            if self.has_file(folder / f"{split}.tsv")
        }
        texts = {language: self.sentences(f"{place}/{split}.tsv") for language, place in places.items()}
        for language, place in places.items():
            others = [ENGLISH] if language != ENGLISH else [other for other in texts if other != ENGLISH]
            others = [other for other in others if other in texts]
            yield from self.language(language, place, split, {other: texts[other] for other in others})

    def sentences(self, table: str) -> dict[str, str]:
        """Number -> the sentence as written, of any speaker's row."""
        rows = read_tsv(self.root, table, ("file_name", "id", "raw_transcription"), header=COLUMNS)
        return {row[1][1]: row[1][2] for row in rows if not isinstance(row, Reject) and row[1][2].strip()}

    def language(
        self, language: str, place: str, split: str, others: Mapping[str, Mapping[str, str]]
    ) -> Iterator[Record | Reject]:
        """The clips of one language by row, then those that no row names; `others` has sentences by their number."""
        table = f"{place}/{split}.tsv"
        tree = AudioTree(self, place, suffixes=(".wav",))
        if next(tree.paths(), None) is None:
            self.refuse_packed(f"{place}/audio")
        named: set[str] = set()
        wanted = ("file_name", "id", "raw_transcription", "transcription", "num_samples", "gender")
        for row in read_tsv(self.root, table, wanted, header=COLUMNS):
            if isinstance(row, Reject):
                clip = row.id.removesuffix(".wav")
                named.add(clip)
                yield Reject(clip, row.reason, row.where)
                continue
            number, (file, sentence, written, plain, samples, sex) = row
            clip, where = file.removesuffix(".wav"), f"{table}:{number}"
            named.add(clip)
            path = tree.find(file)
            if path is None:
                yield tree.problem(clip, file, where, table)
                continue
            texts: list[Annotation] = [Transcript(written, language)] if written.strip() else []
            texts += [Transcript(plain, language, "unpunctuated")] if plain.strip() else []
            if not texts:
                yield Reject(clip, "no_transcript", where)
                continue
            texts += [Translation(known[sentence], other) for other, known in others.items() if sentence in known]
            seconds = int(samples) / RATE if samples.isascii() and samples.isdigit() else None
            yield Record(
                id=clip,
                audio=(AudioRef(path, seconds=seconds),),
                annotations=tuple(texts),
                speaker=Speaker(None, gender(sex)),
                original={"sentence": sentence, "gender": sex},
            )
        yield from (reject for reject in tree.unnamed(named) if f"/{split}/" in reject.where.removeprefix(place))

    def refuse_packed(self, folder: str) -> None:
        """Raises: SourceError: the folder holds archives that were not unpacked."""
        place = self.root / folder
        if self.has_folder(place) and files(place, ".tar.gz"):
            raise SourceError(
                f"{self.name}: {place} is still packed; unpack it there: "
                f"cd {place} && for f in *.tar.gz; do tar xzf $f; done"
            )


def _languages(root: CorpusPath) -> dict[str, CorpusPath]:
    """Language -> its folder, in data/ or in `root` itself."""
    place = root / "data" if (root / "data").is_dir() else root
    return {
        folder.name: folder
        for folder in subfolders(place)
        if _LANGUAGE.fullmatch(folder.name) and any((folder / f"{split}.tsv").is_file() for split in Fleurs.splits)
    }
