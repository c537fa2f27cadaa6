"""The image: from a pinned base, from the lock file, without root, with nothing that is not needed."""

from __future__ import annotations

import re

from tests.cluster.commands import CLUSTER, ROOT

DOCKERFILE = CLUSTER / "Dockerfile"
INSTRUCTIONS = {"ARG", "FROM", "RUN", "ENV", "WORKDIR", "COPY", "USER", "LABEL"}


def instructions() -> list[tuple[str, str]]:
    """Name and argument of every instruction, continued lines joined, comments left out."""
    text = re.sub(r"^\s*#.*\n", "", DOCKERFILE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    joined = re.sub(r"\\\n", " ", text)
    return [(line.split()[0], line.split(maxsplit=1)[1]) for line in joined.splitlines() if line.strip()]


def stages() -> dict[str, list[tuple[str, str]]]:
    """The instructions of each stage, those of the stages it is made from first."""
    found: dict[str, list[tuple[str, str]]] = {}
    for name, argument in instructions():
        if name == "FROM":
            parent, _, stage = argument.split()
            found[stage] = list(found.get(parent, []))
        elif found:
            found[stage].append((name, argument))
    return found


def test_only_known_instructions() -> None:
    assert {name for name, _ in instructions()} <= INSTRUCTIONS


def test_the_base_is_pinned() -> None:
    arguments = dict(argument.split("=", 1) for name, argument in instructions() if name == "ARG")
    assert re.fullmatch(r"python:3\.11\.\d+-slim-[a-z]+(@sha256:[0-9a-f]{64})?", arguments["PYTHON_IMAGE"])
    froms = [argument.split()[0] for name, argument in instructions() if name == "FROM"]
    assert froms[0] == "${PYTHON_IMAGE}"
    assert set(froms[1:]) == {"base"}


def test_nobody_is_root_in_the_end() -> None:
    for stage in ("cpu", "gpu"):
        users = [argument for name, argument in stages()[stage] if name == "USER"]
        assert users == ["ray"], stage
        assert any("useradd --uid 1000" in argument for name, argument in stages()[stage] if name == "RUN")


def test_packages_come_from_the_lock_file() -> None:
    for stage in ("cpu", "gpu"):
        installs = [line for name, line in stages()[stage] if name == "RUN" and "pip install" in line]
        assert installs
        for line in installs:
            assert "--requirement requirements.lock" in line
    # The builder's own pip settings say where packages come from; a second index could slip in another one.
    assert "index-url" not in DOCKERFILE.read_text(encoding="utf-8")


def test_the_python_is_the_projects() -> None:
    assert 'requires-python = ">=3.11,<3.12"' in (ROOT / "pyproject.toml").read_text(encoding="utf-8")


def test_the_image_holds_the_packages_and_no_data() -> None:
    ignored = (CLUSTER / "Dockerfile.dockerignore").read_text(encoding="utf-8").splitlines()
    patterns = [line for line in ignored if line and not line.startswith("#")]
    needed = {"cluster", "pipelines", "shards", "tag_schema", "trainers", "Makefile", "pyproject.toml", "README.md"}
    assert all((ROOT / name).exists() for name in needed)
    assert not {f"/{name}" for name in needed} & set(patterns)
    assert all(pattern.startswith(("/", "**/")) for pattern in patterns)
    assert {"/data", "/runs", "/tests", "/.*"} <= set(patterns)


def test_what_ray_up_and_kuberay_need_is_installed() -> None:
    for stage in ("cpu", "gpu"):
        (packages,) = [line for name, line in stages()[stage] if name == "RUN" and "apt-get install" in line]
        assert {"bash", "procps", "rsync", "wget"} <= set(packages.split())
