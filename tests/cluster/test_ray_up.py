"""The files for `ray up`: valid for Ray's launcher, and for EC2 where they speak to it."""

from __future__ import annotations

import copy
import json
import re
from pathlib import Path
from typing import Any

import boto3
import botocore.session
import botocore.validate
import jsonschema
import pytest
import ray.autoscaler
import yaml
from ray.autoscaler._private.aws.config import bootstrap_aws
from ray.autoscaler._private.aws.node_provider import AWSNodeProvider
from ray.autoscaler._private.util import prepare_config, validate_config
from ray.autoscaler.tags import (
    NODE_KIND_WORKER,
    STATUS_UNINITIALIZED,
    TAG_RAY_LAUNCH_CONFIG,
    TAG_RAY_NODE_KIND,
    TAG_RAY_NODE_STATUS,
    TAG_RAY_USER_NODE_TYPE,
)

from tests.cluster.commands import CLUSTER, ROOT

SCHEMA = json.loads((Path(ray.autoscaler.__file__).parent / "ray-schema.json").read_text(encoding="utf-8"))
PROVIDER_KEYS = set(SCHEMA["properties"]["provider"]["properties"])  # Ray itself takes any


@pytest.fixture(params=["aws", "on_premise"])
def config(request) -> dict[str, Any]:
    return read(request.param)


def read(name: str) -> dict[str, Any]:
    return yaml.safe_load((CLUSTER / f"ray_up/{name}.yaml").read_text(encoding="utf-8"))


def check(config: dict[str, Any]) -> dict[str, Any]:
    """What the launcher makes of `config`; raises for what it, or the cloud, would not take."""
    prepared = prepare_config(copy.deepcopy(config))
    validate_config(prepared)
    unknown = set(config["provider"]) - PROVIDER_KEYS
    assert not unknown, f"provider: unknown keys {unknown}"
    for name, node in config.get("available_node_types", {}).items():
        report = botocore.validate.ParamValidator().validate(
            node["node_config"] | {"MinCount": 1, "MaxCount": 1}, ec2_instances()
        )
        assert not report.has_errors(), f"{name}: {report.generate_report()}"
    return prepared


def ec2_instances() -> Any:
    """What EC2 takes to start an instance, by the description that botocore carries."""
    return botocore.session.get_session().get_service_model("ec2").operation_model("RunInstances").input_shape


def test_the_launcher_takes_it(config) -> None:
    prepared = check(config)
    assert prepared["max_workers"] == sum(
        node.get("max_workers", 0) for name, node in prepared["available_node_types"].items() if name != "head"
    )


@pytest.mark.parametrize(
    "at",
    [
        ("idle_timeout_minutes",),
        ("head_start_ray_commands",),
        ("provider", "type"),
        ("provider", "region"),
        ("auth", "ssh_user"),
        ("docker", "run_options"),
        ("docker", "pull_before_run"),
        ("available_node_types", "cpu", "max_workers"),
        ("available_node_types", "cpu", "node_config"),
        ("available_node_types", "cpu", "node_config", "InstanceType"),
        ("available_node_types", "cpu", "node_config", "InstanceMarketOptions", "MarketType"),
        ("available_node_types", "head", "node_config", "BlockDeviceMappings", 0, "Ebs", "VolumeSize"),
        ("available_node_types", "gpu", "docker", "worker_image"),
    ],
    ids=lambda at: ".".join(map(str, at)),
)
def test_a_misspelt_key_is_refused(at) -> None:
    config = copy.deepcopy(read("aws"))
    parent: Any = config
    for step in at[:-1]:
        parent = parent[step]
    parent[f"{at[-1]}s"] = parent.pop(at[-1])
    with pytest.raises((AssertionError, KeyError, ValueError, jsonschema.ValidationError)):
        check(config)


def test_a_misspelt_key_is_refused_on_premise() -> None:
    for key in ("min_workers", "cluster_name", "worker_start_ray_commands"):
        config = read("on_premise")
        config[f"{key}s"] = config.pop(key)
        with pytest.raises((KeyError, ValueError, jsonschema.ValidationError)):
            check(config)


def test_every_node_asks_for_the_token(config) -> None:
    assert "--env=RAY_AUTH_MODE=token" in config["docker"]["run_options"]
    assert config["file_mounts"] == {"/home/ray/.ray/auth_token": "~/.ray/auth_token"}


def test_the_head_is_reached_through_ssh_only(config) -> None:
    (start,) = [line for line in config["head_start_ray_commands"] if "--head" in line]
    assert "--dashboard-host=127.0.0.1" in start
    assert "--autoscaling-config=" in start


def test_ray_knows_every_option(config) -> None:
    from ray.scripts.scripts import start

    known = {name for option in start.params for name in option.opts}
    for line in config["head_start_ray_commands"] + config["worker_start_ray_commands"]:
        assert {word.partition("=")[0] for word in line.split() if word.startswith("--")} <= known


def test_nothing_is_fetched_beside_the_image(config) -> None:
    prepared = prepare_config(copy.deepcopy(config))
    assert not prepared["setup_commands"] + prepared["head_setup_commands"] + prepared["worker_setup_commands"]
    # The launcher's own library for EC2 is in the image, because the head starts the workers.
    assert re.search(r"^boto3==", (ROOT / "requirements.lock").read_text(encoding="utf-8"), re.MULTILINE)


def test_gpu_nodes_run_the_gpu_image() -> None:
    config = read("aws")
    for node in config["available_node_types"].values():
        image = node.get("docker", {}).get("worker_image", config["docker"]["image"])
        assert image.endswith("-gpu" if "GPU" in node["resources"] else "-cpu")


def test_shard_nodes_are_of_the_heads_kind() -> None:
    nodes = read("aws")["available_node_types"]
    generation = [
        re.sub(r"^[a-z]+", "", nodes[name]["node_config"]["InstanceType"].partition(".")[0]) for name in ("head", "cpu")
    ]
    assert generation[0] == generation[1]


@pytest.mark.slow
def test_the_launcher_starts_every_kind_of_node(endpoint, tmp_path, monkeypatch) -> None:
    """On an imitation of EC2: keys, security group and network are found or made, and instances begin."""
    for name, value in {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_DEFAULT_REGION": "eu-central-1",
        "HOME": str(tmp_path),  # where the launcher puts the key pair that it makes
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)  # which would remember these credentials for other tests
    (tmp_path / ".ssh").mkdir()
    boto3.client("iam").create_instance_profile(InstanceProfileName="qwen-audio")
    machine_image = boto3.client("ec2").describe_images()["Images"][0]["ImageId"]
    config = prepare_config(read("aws"))
    for node in config["available_node_types"].values():
        node["node_config"]["ImageId"] = machine_image
    config = bootstrap_aws(config)
    provider = AWSNodeProvider(config["provider"], config["cluster_name"])
    for name, node in config["available_node_types"].items():
        tags = {
            TAG_RAY_NODE_KIND: NODE_KIND_WORKER,
            TAG_RAY_USER_NODE_TYPE: name,
            TAG_RAY_LAUNCH_CONFIG: "launch",
            TAG_RAY_NODE_STATUS: STATUS_UNINITIALIZED,
        }
        (instance,) = provider.create_node(copy.deepcopy(node["node_config"]), tags, 1).values()
        assert instance.instance_type == read("aws")["available_node_types"][name]["node_config"]["InstanceType"]
        assert (instance.instance_lifecycle == "spot") == (name == "cpu")
