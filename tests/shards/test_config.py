"""Configuration: whatever stands in a file or after a key, it is used or refused in one line."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from shards.config import ConfigError, load_config


@dataclass(frozen=True)
class Inner:
    rate: float = 1.0
    name: str | None = None


@dataclass(frozen=True)
class Config:
    out: str = "here"
    shard_mb: float = 256.0
    workers: int | None = None
    options: dict[str, Any] = field(default_factory=dict)
    inner: Inner = field(default_factory=Inner)
    several: list[Inner] = field(default_factory=list)


def refusal(path: Path | None = None, overrides: tuple[str, ...] = ()) -> str:
    with pytest.raises(ConfigError) as caught:
        load_config(Config, path, overrides)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_overrides_win_and_text_is_taken_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text("out: there\ninner: {rate: 2}\n", encoding="utf-8")
    found = load_config(Config, tmp_path / "c.yaml", ["out=a, b: [c", "inner.rate=3e-4", "options.key=x", "workers=2"])
    assert found == Config("a, b: [c", 256.0, 2, {"key": "x"}, Inner(3e-4))


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"out: [1", "not YAML: "),
        (b"out:\n\tdeep: 1\n", "not YAML: "),
        (b"out: caf\xe9\n", "not UTF-8 at byte 8; save it as UTF-8"),
        (b"\xff\xfeo\0u\0t\0", "not UTF-8 at byte 0"),
        (b"a: b: c", "not YAML: "),
        (b"out: *nobody", "not YAML: "),
        (b"workers: !!int many", "invalid literal"),
        (b"workers: many", "workers: "),
        (b"wrokers: 2", "did you mean 'workers'?"),
        (b"- out", "at the top level"),
    ],
)
def test_files_that_are_no_configuration(tmp_path: Path, data: bytes, said: str) -> None:
    path = tmp_path / "c.yaml"
    path.write_bytes(data)
    told = refusal(path)
    assert told.startswith(f"{path}: ") and said in told


@pytest.mark.parametrize(
    "override",
    ["shard_mb=[1", "workers={", "options.key=@x", "options.key=a: b: c", "several.0=x", "several=[1]", "workers=1.5",
     "=1", "out", "inner.rat=1", "a..b=c", "workers=\0", "inner=3"],
)  # fmt: skip
def test_overrides_that_cannot_be_used(override: str) -> None:
    assert refusal(overrides=(override,)).startswith(f"override '{override}': ")


@given(st.sampled_from(["shard_mb", "workers", "options.key", "several", "inner.rate", "inner"]), st.text(max_size=8))
@example("shard_mb", "\ud800")
def test_any_value_is_used_or_refused(key: str, value: str) -> None:
    try:
        load_config(Config, None, [f"{key}={value}"])
    except ConfigError as error:
        assert str(error).startswith("override '")
