"""The KubeRay manifests: valid in every key, in agreement with the code, with each other and with the lock file.

`UPDATE_KEYS=1 pytest tests/cluster/test_kuberay.py` writes `kuberay_keys.txt`, once KubeRay's definitions are at hand.
"""

from __future__ import annotations

import copy
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from tests.cluster import crd
from tests.cluster.commands import CLUSTER, ROOT, commands, pretrain_config, refusal, shards_config

KEYS = Path(__file__).with_name("kuberay_keys.txt")
NAMES = ("cluster", "shards", "pretrain")
MEMORY = {"Mi": 2**20, "Gi": 2**30, "Ti": 2**40}

needs_definitions = pytest.mark.skipif(
    not crd.SCHEMAS.is_dir(),
    reason="KubeRay's definitions are not at hand; KUBERAY_SCHEMAS names the folder with the files of crd.FILES",
)


def manifest(name: str) -> dict[str, Any]:
    return yaml.safe_load((CLUSTER / f"kuberay/{name}.yaml").read_text(encoding="utf-8"))


def cluster_of(name: str) -> dict[str, Any]:
    spec = manifest(name)["spec"]
    return spec.get("rayClusterSpec", spec)


def groups(name: str) -> dict[str, dict[str, Any]]:
    """Head and worker groups by name."""
    spec = cluster_of(name)
    return {"head": spec["headGroupSpec"]} | {group["groupName"]: group for group in spec["workerGroupSpecs"]}


def container(group: dict[str, Any]) -> dict[str, Any]:
    (only,) = group["template"]["spec"]["containers"]
    return only


def quantity(text: str) -> float:
    return float(text[:-2]) * MEMORY[text[-2:]] if text[-2:] in MEMORY else float(text)


@pytest.fixture(params=NAMES)
def name(request) -> str:
    return request.param


def mutants(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The places of all keys whose names are not the user's own."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield (*at, key)
            yield from mutants(item, (*at, key))
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from mutants(item, (*at, number))


def misspelt(document: Any, at: tuple[Any, ...]) -> Any:
    """`document` with the last letters of one key changed places."""
    changed = copy.deepcopy(document)
    parent = changed
    for step in at[:-1]:
        parent = parent[step]
    key = at[-1]
    parent[f"{key}s"] = parent.pop(key)
    return changed


def is_free(at: tuple[Any, ...], kind: str) -> bool:
    names = {"labels", "annotations", "nodeSelector", "rayStartParams", "limits", "requests"}
    return len(at) > 1 and (at[-2] in names or (kind == "RayJob" and at[:-1] == ("spec", "metadata")))


@needs_definitions
def test_a_manifest_is_valid(name) -> None:
    document = manifest(name)
    jsonschema.Draft202012Validator(crd.schema(document["kind"])).validate(document)


@needs_definitions
def test_every_misspelt_key_is_refused(name) -> None:
    document = manifest(name)
    validator = jsonschema.Draft202012Validator(crd.schema(document["kind"]))
    places = [at for at in mutants(document) if not is_free(at, document["kind"])]
    assert len(places) > 50
    taken = [at for at in places if validator.is_valid(misspelt(document, at))]
    assert not taken, f"taken although misspelt: {taken}"


@needs_definitions
@pytest.mark.parametrize(
    ("at", "value"),
    [
        (("spec", "authOptions", "mode"), "tokens"),
        (("spec", "autoscalerOptions", "version"), "v3"),
        (("spec", "headGroupSpec", "rayStartParams", "num-cpus"), 0),  # values are strings
        (("spec", "workerGroupSpecs", 0, "maxReplicas"), "10"),
    ],
)
def test_wrong_values_are_refused(at, value) -> None:
    document = manifest("cluster")
    parent = document
    for step in at[:-1]:
        parent = parent[step]
    parent[at[-1]] = value
    assert not jsonschema.Draft202012Validator(crd.schema("RayCluster")).is_valid(document)


def test_keys_are_those_that_were_valid(name) -> None:
    paths = sorted({path for each in NAMES for path in crd.key_paths(manifest(each), manifest(each)["kind"])})
    if os.environ.get("UPDATE_KEYS"):
        KEYS.write_text("\n".join(paths) + "\n", encoding="utf-8")
    known = set(KEYS.read_text(encoding="utf-8").split("\n"))
    document = manifest(name)
    assert set(crd.key_paths(document, document["kind"])) <= known
    assert set(paths) == known - {""}


def test_a_misspelt_key_is_found_without_the_definitions(name) -> None:
    known = set(KEYS.read_text(encoding="utf-8").split("\n"))
    document = manifest(name)
    kind = document["kind"]
    places = [at for at in mutants(document) if not is_free(at, kind)]
    assert not [at for at in places if set(crd.key_paths(misspelt(document, at), kind)) <= known]


@needs_definitions
def test_the_page_waits_for_what_a_job_tells() -> None:
    (path,) = re.findall(r"jsonpath='{\.status\.(\w+)}'=Running", (CLUSTER / "README.md").read_text(encoding="utf-8"))
    assert path in crd.schema("RayJob")["properties"]["status"]["properties"]


def test_versions_agree_with_the_lock_file(name) -> None:
    document = manifest(name)
    assert document["apiVersion"] == "ray.io/v1"
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    assert f"ray=={cluster_of(name)['rayVersion']}\n" in lock
    version = re.search(r'^version = "(.+)"', (ROOT / "pyproject.toml").read_text(encoding="utf-8"), re.MULTILINE)
    assert version is not None
    for group in groups(name).values():
        assert re.fullmatch(rf".*/qwen-audio-pretrain:{version[1]}-(cpu|gpu)", container(group)["image"])


def test_nodes_are_safe_and_large_enough(name) -> None:
    assert cluster_of(name)["authOptions"] == {"mode": "token"}
    assert cluster_of(name)["enableInTreeAutoscaling"]
    for group in groups(name).values():
        pod, node = group["template"]["spec"], container(group)
        assert pod["securityContext"]["runAsNonRoot"]
        assert not node["securityContext"]["allowPrivilegeEscalation"]
        volumes = {volume["name"]: volume for volume in pod["volumes"]}
        mounts = {mount["mountPath"]: volumes[mount["name"]] for mount in node["volumeMounts"]}
        shared = mounts["/dev/shm"]["emptyDir"]
        assert shared["medium"] == "Memory"
        # The object store lies in /dev/shm, which counts as the container's memory.
        assert float(group["rayStartParams"]["object-store-memory"]) < quantity(shared["sizeLimit"])
        assert quantity(shared["sizeLimit"]) < quantity(node["resources"]["limits"]["memory"])
        if "HF_HOME" in {variable["name"] for variable in node.get("env", [])}:
            assert "/models" in mounts
        gpus = node["resources"]["limits"].get("nvidia.com/gpu")
        assert gpus is None or node["image"].endswith("-gpu")
    assert groups(name)["head"]["rayStartParams"]["num-cpus"] == "0"


def test_the_shard_job_fills_the_cluster_it_asks_for() -> None:
    entrypoint = manifest("shards")["spec"]["entrypoint"]
    ((script, arguments),) = commands(entrypoint)
    assert refusal(script, arguments) == ""
    config = shards_config(arguments)
    workers = groups("shards")["cpu"]
    assert config.workers == workers["maxReplicas"] * int(container(workers)["resources"]["limits"]["cpu"])
    for group in groups("shards").values():  # the head reads the metadata, the workers the audio
        assert any(config.source.startswith(mount["mountPath"]) for mount in container(group)["volumeMounts"])


def test_the_training_run_fits_the_gpus_it_asks_for() -> None:
    ((script, arguments),) = commands(manifest("pretrain")["spec"]["entrypoint"])
    assert refusal(script, arguments) == ""
    config = pretrain_config(arguments)
    assert config.workers.gpus == 1
    assert "://" in config.output  # pods share no disk
    assert "://" in config.data.shards
    for name in ("pretrain", "cluster"):
        group = groups(name)["gpu"]
        limits = container(group)["resources"]["limits"]
        gpus = int(limits["nvidia.com/gpu"])
        largest = gpus * group["maxReplicas"]
        assert config.workers.count in range(gpus, largest + 1, gpus)
        assert config.workers.cores * gpus <= int(limits["cpu"])
        assert config.data.lanes % config.workers.count == config.data.lanes % largest == 0


def test_jobs_go_on_after_a_lost_head() -> None:
    for name in ("shards", "pretrain"):
        spec = manifest(name)["spec"]
        assert spec["backoffLimit"] > 0
        assert spec["shutdownAfterJobFinishes"]


def test_the_claim_of_the_corpora_is_the_one_that_pods_mount() -> None:
    volume, claim = yaml.safe_load_all((CLUSTER / "kuberay/corpora.yaml").read_text(encoding="utf-8"))
    assert (volume["kind"], claim["kind"]) == ("PersistentVolume", "PersistentVolumeClaim")
    assert claim["spec"]["volumeName"] == volume["metadata"]["name"]
    for name in ("cluster", "shards"):
        for group in groups(name).values():
            claims = [each.get("persistentVolumeClaim", {}) for each in group["template"]["spec"]["volumes"]]
            assert {"claimName": claim["metadata"]["name"], "readOnly": True} in claims
