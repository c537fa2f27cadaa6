"""KubeRay's custom resource definitions as strict JSON schemas: what they do not name is refused.

They lie outside the repository (1 MB each); `SCHEMAS` names the folder. Where it is missing, manifests are held
against `kuberay_keys.txt`: the keys that were found valid when the definitions were at hand.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
SCHEMAS = Path(os.environ.get("KUBERAY_SCHEMAS", ROOT.parent / "shared/schemas"))
FILES = {"RayCluster": "ray.io_rayclusters.yaml", "RayJob": "ray.io_rayjobs.yaml"}


@cache
def schema(kind: str) -> dict[str, Any]:
    """The schema of a kind in version v1."""
    definition = yaml.load((SCHEMAS / FILES[kind]).read_text(encoding="utf-8"), yaml.CSafeLoader)
    (version,) = [version for version in definition["spec"]["versions"] if version["name"] == "v1"]
    made = strict(version["schema"]["openAPIV3Schema"])
    # What every object of Kubernetes has; the definition says no more than "object".
    names = {key: {"type": "string"} for key in ("name", "generateName", "namespace")}
    texts = {key: {"type": "object", "additionalProperties": {"type": "string"}} for key in ("labels", "annotations")}
    made["properties"]["metadata"] = {
        "type": "object",
        "properties": names | texts,
        "additionalProperties": False,
        "required": ["name"],
    }
    return made


def strict(node: Any) -> Any:
    """A JSON schema of an OpenAPI v3 one, with unknown fields forbidden wherever fields are named."""
    if isinstance(node, list):
        return [strict(item) for item in node]
    if not isinstance(node, dict):
        return node
    made = {key: value for key, value in node.items() if not key.startswith("x-kubernetes") and key != "format"}
    for key in ("properties", "patternProperties"):
        if key in made:  # names of fields, not words of the schema's language
            made[key] = {name: strict(value) for name, value in made[key].items()}
    for key in ("items", "additionalProperties", "not", "anyOf", "allOf", "oneOf"):
        if key in made:
            made[key] = strict(made[key])
    if node.get("x-kubernetes-int-or-string"):
        made.pop("type", None)
        made["anyOf"] = [{"type": "integer"}, {"type": "string"}]
    if "properties" in made and "additionalProperties" not in made:
        made["additionalProperties"] = bool(node.get("x-kubernetes-preserve-unknown-fields"))
    if made.pop("nullable", False):
        made = {"anyOf": [made, {"type": "null"}]}
    return made


def key_paths(value: Any, path: str = "") -> Iterator[str]:
    """Every path of keys in a manifest, list items as `[]`; where users choose the keys, they count as `*`."""
    if isinstance(value, dict):
        free = path.rpartition(".")[2] in (
            "labels",
            "annotations",
            "nodeSelector",
            "rayStartParams",
            "limits",
            "requests",
        )
        free = free or path == "RayJob.spec.metadata"
        for key, item in value.items():
            yield from key_paths(item, f"{path}.{'*' if free else key}")
    elif isinstance(value, list):
        for item in value:
            yield from key_paths(item, f"{path}[]")
    else:
        yield path
