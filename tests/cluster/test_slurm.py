"""The Slurm scripts: correct shell, options that Slurm knows, numbers that fit the jobs."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest
from ray.scripts.scripts import start

from tests.cluster.commands import CLUSTER, ROOT, commands, pretrain_config, refusal

SCRIPTS = sorted((CLUSTER / "slurm").iterdir())
BATCH = [script for script in SCRIPTS if script.suffix == ".sbatch"]
OPTIONS = {
    "job-name", "nodes", "ntasks-per-node", "cpus-per-task", "gpus-per-node", "mem", "exclusive", "time", "requeue",
    "signal", "open-mode", "output",
}  # fmt: skip


def options(script: Path) -> dict[str, str]:
    """The #SBATCH lines."""
    lines = re.findall(r"^#SBATCH --([a-z-]+)(?:=(\S+))?$", script.read_text(encoding="utf-8"), re.MULTILINE)
    return dict(lines)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_the_shell_takes_it(script) -> None:
    subprocess.run(["bash", "-n", script], check=True)
    assert os.access(script, os.X_OK)


@pytest.mark.skipif(not shutil.which("shellcheck"), reason="shellcheck is not installed")
@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_shellcheck_finds_nothing(script) -> None:
    found = subprocess.run(["shellcheck", script], capture_output=True, text=True)
    assert found.returncode == 0, found.stdout


@pytest.mark.parametrize("script", BATCH, ids=lambda path: path.name)
def test_a_batch_script_comes_back_after_pre_emption(script) -> None:
    given = options(script)
    assert len(given) == script.read_text(encoding="utf-8").count("#SBATCH")
    assert set(given) <= OPTIONS
    assert "requeue" in given
    assert given["open-mode"] == "append"  # the second sitting writes on in the first one's log
    # To the batch shell, which is what with_ray.sh has become; ahead of the time limit.
    assert re.fullmatch(r"B:USR1@\d+", given["signal"])
    last = script.read_text(encoding="utf-8").splitlines()[-1]
    assert last.startswith("exec cluster/slurm/with_ray.sh .venv/bin/python ")
    assert (ROOT / last.split()[3]).is_file()


def test_the_training_run_fits_its_nodes() -> None:
    script = CLUSTER / "slurm/pretrain.sbatch"
    ((entry, arguments),) = commands(script.read_text(encoding="utf-8"))
    assert refusal(entry, arguments) == ""
    config, given = pretrain_config(arguments), options(script)
    assert config.workers.count == int(given["nodes"]) * int(given["gpus-per-node"])
    assert config.workers.cores * int(given["gpus-per-node"]) <= int(given["cpus-per-task"])


class Allocation:
    """A Slurm job on its first node; Slurm's and Ray's commands only write down that they were called."""

    def __init__(self, folder: Path, command: str, **more: str) -> None:
        self.folder = folder
        (folder / ".venv/bin").mkdir(parents=True)
        (folder / "bin").mkdir()
        self._program(".venv/bin/ray", 'echo "ray $*" >> calls; sleep 60 & trap "kill $!; exit 0" TERM; wait')
        self._program(".venv/bin/python", "exit 0")  # asked only whether all nodes are there
        self._program("bin/scontrol", 'echo "scontrol $*" >> calls')
        self._program("bin/srun", 'echo "srun $*" >> calls; sleep 60 & trap "kill $!; exit 0" TERM; wait')
        self._program("bin/getent", "echo '192.0.2.1 STREAM node'")
        self._program(
            "command", f'echo "command with $RAY_ADDRESS, $RAY_AUTH_MODE ${{#RAY_AUTH_TOKEN}}" >> calls\n{command}'
        )
        environment = {
            "PATH": f"{folder}/bin:{os.environ['PATH']}",
            "SLURM_JOB_ID": "12345",
            "SLURM_JOB_NUM_NODES": "1",
            "SLURM_CPUS_PER_TASK": "4",
            "SLURMD_NODENAME": "node",
        } | more
        self.process = subprocess.Popen(
            [CLUSTER / "slurm/with_ray.sh", "./command"], cwd=folder, env=environment, stdout=subprocess.DEVNULL
        )

    def _program(self, name: str, body: str) -> None:
        path = self.folder / name
        path.write_text(f"#!/bin/bash\n{body}\n", encoding="utf-8")
        path.chmod(0o755)

    def calls(self) -> str:
        path = self.folder / "calls"
        return path.read_text(encoding="utf-8") if path.exists() else ""

    def wait_for(self, text: str) -> None:
        for _ in range(300):
            if text in self.calls():
                return
            time.sleep(0.1)
        raise AssertionError(f"'{text}' is not in {self.calls()!r}")


def test_the_command_runs_in_a_cluster_with_a_token(tmp_path) -> None:
    job = Allocation(tmp_path, "exit 0")
    assert job.process.wait(30) == 0
    assert "ray start --head --node-ip-address=192.0.2.1 --port=22345 --num-cpus=4" in job.calls()
    assert "command with 192.0.2.1:22345, token 64" in job.calls()
    assert "scontrol" not in job.calls()


def test_every_other_node_joins_with_all_its_cores(tmp_path) -> None:
    job = Allocation(tmp_path, "exit 0", SLURM_JOB_NUM_NODES="3", SLURM_GPUS_ON_NODE="8")
    assert job.process.wait(30) == 0
    (step,) = [line for line in job.calls().splitlines() if line.startswith("srun")]
    assert "--nodes=2 --ntasks=2 --ntasks-per-node=1 --cpus-per-task=4 --exclude=node" in step
    assert "ray start --address=192.0.2.1:22345 --num-cpus=4" in step
    assert "--num-gpus=8" in step


def test_ray_knows_every_option() -> None:
    known = {name for option in start.params for name in option.opts}
    text = (CLUSTER / "slurm/with_ray.sh").read_text(encoding="utf-8")
    told = re.findall(r'(?:/ray" start |options\+?=\()(.*)', text)
    given = set(re.findall(r"--[a-z-]+", " ".join(told)))
    assert {"--head", "--address", "--num-cpus", "--num-gpus", "--temp-dir"} <= given <= known


def test_a_failed_command_fails_the_job_and_is_not_tried_again(tmp_path) -> None:
    job = Allocation(tmp_path, "exit 3")
    assert job.process.wait(30) == 3
    assert "scontrol" not in job.calls()


def test_a_warned_job_goes_back_into_the_queue(tmp_path) -> None:
    job = Allocation(tmp_path, "sleep 60 & trap 'kill $!; exit 143' TERM; wait")
    job.wait_for("command with")
    job.process.send_signal(signal.SIGUSR1)
    job.process.wait(30)
    assert "scontrol requeue 12345" in job.calls()


def test_a_job_that_ends_in_spite_of_the_warning_is_done(tmp_path) -> None:
    job = Allocation(tmp_path, "trap '' TERM; sleep 1; exit 0")
    job.wait_for("command with")
    job.process.send_signal(signal.SIGUSR1)
    assert job.process.wait(30) == 0
    assert "scontrol" not in job.calls()


def test_a_cancelled_job_stays_cancelled(tmp_path) -> None:
    job = Allocation(tmp_path, "sleep 60 & trap 'kill $!; exit 143' TERM; wait")
    job.wait_for("command with")
    job.process.send_signal(signal.SIGTERM)
    assert job.process.wait(30) == 143
    assert "scontrol" not in job.calls()
