"""Typed configuration: a dataclass, a YAML file, then `key=value` overrides.

A wrong key or type stops the run before anything starts, with one line that says which and what was meant.
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar

from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError

T = TypeVar("T")


class ConfigError(Exception):
    """A configuration that cannot be used: which key, why, and what to write instead."""


def load_config(schema: type[T], path: str | Path | None = None, overrides: Sequence[str] = ()) -> T:
    """The dataclass `schema`, filled from the YAML file `path`, then from overrides such as `optim.lr=3e-4`.

    An override of a text field is taken literally (`source=/corpora/a, b`), so paths need no quoting; every other
    value is read as YAML.

    Raises:
        ConfigError: no such file, no YAML in it, no such key, a value of the wrong type, or an override without "=".
    """
    config = OmegaConf.structured(schema)
    where = "command line"
    try:
        if path is not None:
            where = str(path)
            if not Path(path).is_file():
                raise ConfigError(f"{path}: no such configuration file")
            layer = OmegaConf.load(path)
            if not isinstance(layer, DictConfig):
                raise ConfigError(f"{path}: expected `key: value` lines at the top level")
            config = OmegaConf.merge(config, layer)
        for override in overrides:
            key, equals, value = override.partition("=")
            where = f"override '{override}'"
            if not equals or not key:
                raise ConfigError(f"{where}: expected key=value")
            parent = OmegaConf.select(config, key.rpartition(".")[0]) if "." in key else config
            literal = isinstance(parent, DictConfig) and _is_text(parent, key.rpartition(".")[2])
            layer = OmegaConf.create() if literal else OmegaConf.from_dotlist([override])
            if literal:
                OmegaConf.update(layer, key, value or None if _is_optional(parent, key.rpartition(".")[2]) else value)
            config = OmegaConf.merge(config, layer)
        return OmegaConf.to_object(config)  # type: ignore[return-value]
    except OmegaConfBaseException as error:
        raise ConfigError(f"{where}: {_explain(error, config)}") from error
    except YAMLError as error:
        raise ConfigError(f"{where}: not YAML: {' '.join(str(error).split())}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{where}: not UTF-8 at byte {error.start}; save it as UTF-8") from error
    except (ValueError, TypeError) as error:  # how OmegaConf and the YAML reader refuse values of impossible kinds
        raise ConfigError(f"{where}: {error}") from error


def _is_text(parent: DictConfig, key: str) -> bool:
    node: Any = parent._get_node(key) if key in parent else None
    return node is not None and node._metadata.ref_type in (str, str | None)


def _is_optional(parent: DictConfig, key: str) -> bool:
    node: Any = parent._get_node(key)
    return bool(node._metadata.optional)


def _explain(error: OmegaConfBaseException, config: DictConfig) -> str:
    key = error.full_key or error.key
    if "not in" in str(error) and key:
        parent = OmegaConf.select(config, str(key).rpartition(".")[0]) if "." in str(key) else config
        known = [str(name) for name in parent] if isinstance(parent, DictConfig) else []
        close = difflib.get_close_matches(str(key).rpartition(".")[2], known, n=1)
        hint = f"did you mean '{close[0]}'?" if close else f"known keys: {', '.join(sorted(known))}"
        return f"unknown key '{key}'; {hint}"
    first_line = str(error).splitlines()[0]
    return f"{key}: {first_line}" if key else first_line
