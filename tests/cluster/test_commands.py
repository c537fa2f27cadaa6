"""Whatever a page or a file of `cluster/` tells to type exists: entry points, keys, targets, files, options."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess

import pytest
import yaml
from ray.dashboard.modules.job.cli import submit

from tests.cluster.commands import (
    CLUSTER,
    PATH,
    ROOT,
    commands,
    lines,
    make_commands,
    make_refusal,
    refusal,
    shards_config,
    told,
)

FILES = sorted(path for path in CLUSTER.rglob("*") if path.is_file())
README = (CLUSTER / "README.md").read_text(encoding="utf-8")


@pytest.fixture(params=FILES, ids=lambda path: str(path.relative_to(CLUSTER)))
def text(request) -> str:
    return request.param.read_text(encoding="utf-8")


def test_every_command_is_taken(text) -> None:
    for script, arguments in commands(text):
        assert refusal(script, arguments) == "", f"{script} {shlex.join(arguments)}"
    for target, variables in make_commands(text):
        assert make_refusal(target, variables) == ""


def test_every_path_exists(text) -> None:
    missing = {path for path in PATH.findall(text) if not (ROOT / path).exists()}
    assert not missing


def test_the_page_tells_every_job_on_every_kind_of_cluster() -> None:
    told_of = [script for script, _ in commands(README)]
    assert told_of.count("pipelines/job.py") >= 2
    assert told_of.count("trainers/pretrain.py") >= 3
    for path in FILES:
        name = str(path.relative_to(ROOT))
        helpers = ("cluster/README.md", "cluster/Dockerfile.dockerignore", "cluster/slurm/with_ray.sh")
        mounted = name.startswith("cluster/grafana/provisioning/")  # as one folder, which the page names
        assert name in README or name in helpers or mounted, f"{name} is not in cluster/README.md"
    assert {target for target, _ in make_commands(README)} >= {"setup", "source", "stats", "verify"}


def test_ray_job_submit_has_the_options_it_is_given() -> None:
    known = {name for option in submit.params for name in option.opts}
    given = [words for line in lines(README) if (words := told(line)).startswith("ray job submit")]
    assert len(given) >= 2
    for command in given:
        options, dashes, entrypoint = command.partition(" -- ")
        assert dashes
        assert set(re.findall(r"(?<!\S)--[a-z-]+", options)) <= known
        # Started by name, so executable, with a line that says by what.
        script = ROOT / entrypoint.split()[0]
        assert script.stat().st_mode & 0o111
        assert script.read_text(encoding="utf-8").startswith("#!/usr/bin/env python\n")


def test_no_example_is_left_after_the_page_has_put_in_the_users(tmp_path) -> None:
    shutil.copytree(CLUSTER, tmp_path / "cluster")
    (command,) = [line.strip() for line in lines(README) if line.strip().startswith("sed ")]
    subprocess.run(["bash", "-c", command], cwd=tmp_path, check=True)
    for path in tmp_path.rglob("*.yaml"):
        assert not re.findall(r"registry\.example\.org|s3://bucket", path.read_text(encoding="utf-8")), path.name


def test_the_page_asks_for_as_many_workers_as_the_cluster_may_grow_to() -> None:
    (arguments,) = [found for script, found in commands(README) if shards_job_on_ray_up(script, found)]
    nodes = yaml.safe_load((CLUSTER / "ray_up/aws.yaml").read_text(encoding="utf-8"))["available_node_types"]
    assert shards_config(arguments).workers == nodes["cpu"]["max_workers"] * nodes["cpu"]["resources"]["CPU"]


def shards_job_on_ray_up(script: str, arguments: list[str]) -> bool:
    return script == "pipelines/job.py" and any(word.startswith("workers=") for word in arguments)


def test_the_page_is_one_page() -> None:
    assert len(README.splitlines()) < 110


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("    pipelines/job.py dataset=librispeech source=/a sourse=/b", "unknown key 'sourse'"),
        ("    pipelines/job.py dataset=librespeech source=/a", "librespeech"),
        ("- pipelines/job.py dataset=librispeech source=/a workers=0", "workers=0"),
        ("#   sbatch cluster/slurm/shards.sbatch dataset=librispeech scource=/a", "unknown key 'scource'"),
        ("entrypoint: python trainers/pretrain.py trainers/configs/tiny.yaml worker.count=8", "unknown key 'worker'"),
        ("    trainers/pretrain.py trainers/configs/large.yaml steps=2", "no such configuration file"),
    ],
)
def test_a_command_that_would_fail_is_found(line, reason) -> None:
    ((script, arguments),) = commands(line)
    assert reason in refusal(script, arguments)


def test_a_target_that_is_not_there_is_found() -> None:
    assert make_commands("then `make shard OUT=s3://b`, and\n    make stats OUTS=s3://b") == [
        ("shard", ["OUT"]),
        ("stats", ["OUTS"]),
    ]
    assert "no such target" in make_refusal("shard", [])
    assert "does not use OUTS" in make_refusal("stats", ["OUTS"])
