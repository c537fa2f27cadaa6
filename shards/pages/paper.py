"""The hours that the paper pretrained on, to be set beside what there is.

Source: Chu et al., Qwen-Audio, arXiv 2311.07919, the table of the pretraining data. It names no corpora, and no hours
by language but for word times.
"""

from __future__ import annotations

from collections.abc import Mapping

_SMALL = "under 1,000 h"  # as far as the table tells

PAPER_HOURS: Mapping[str, str] = {
    "asr": "30,000 h",
    "s2tt": "3,700 h",
    "osr": _SMALL,
    "dialect_asr": "2,000 h",
    "srwt": "21,000 h",  # English 10,000, Mandarin 11,000
    "did": "2,000 h",
    "lid": "11,700 h",
    "sgc": "4,800 h",
    "er": _SMALL,
    "sv": "1,200 h",
    "sd": _SMALL,
    "ser": _SMALL,
    "ks": _SMALL,
    "ic": _SMALL,
    "sf": _SMALL,
    "sap": "4,800 h",
    "vsc": _SMALL,
    "aac": "8,400 h",
    "sec": "5,400 h",
    "asc": _SMALL,
    "sed": _SMALL,
    "aqa": _SMALL,
    "sid": _SMALL,
    "smer": _SMALL,
    "mc": "25,000 h",
    "mic": _SMALL,
    "mna": _SMALL,
    "mgr": "9,500 h",
    "mr": _SMALL,
    "mqa": _SMALL,
}
BY_LANGUAGE = "The paper tells hours by language for word times (srwt) only: English 10,000 h, Mandarin 11,000 h."
