"""The metrics of real jobs on a real Ray head, as it exports them and as Debian's Prometheus answers the dashboard."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from prometheus_client.parser import text_string_to_metric_families

from shards.dashboard import DashboardConfig, free_port, ray_head
from shards.record import read_records
from shards.storage import Storage
from shards.summary import read_split
from shards.totals import Totals
from tests.cluster.commands import CLUSTER, ROOT
from tests.cluster.test_monitoring import DASHBOARD

UTTERANCES = 24
SPLIT = ("librispeech", "dev-clean")
PATIENCE_SECONDS = 90.0
RANGE = "10m"  # what Grafana puts in the place of $__range

pytestmark = [pytest.mark.slow, pytest.mark.ray]
needs_prometheus = pytest.mark.skipif(
    not shutil.which("prometheus"), reason="no Prometheus here: apt-get install prometheus"
)


@dataclass
class Seen:
    """What a run left in OUT, and what was to be seen of it from outside."""

    shards: int = 0
    before: int = 0  # shards that were there when it began
    tar_bytes: int = 0
    totals: Totals = field(default_factory=Totals)
    exported: dict[str, list[tuple[dict[str, str], float]]] = field(default_factory=dict)
    answers: dict[tuple[str, int], list[tuple[dict[str, str], float]]] = field(default_factory=dict)
    over_time: dict[tuple[str, int], list[Any]] = field(default_factory=dict)
    said: str = ""

    @property
    def run(self) -> str:
        """The newest run that has gauges."""
        return max(labels["run"] for labels, _ in self.exported["ray_qwen_audio_split_shards"])

    def told(self, name: str, *keys: str) -> dict[tuple[str, ...] | str, float]:
        """The series of a metric of this run, by the values of `keys`."""
        assert all((labels["dataset"], labels["split"]) == SPLIT for labels, _ in self.exported.get(name, []))
        mine = [(labels, value) for labels, value in self.exported.get(name, []) if labels["run"] == self.run]
        found = {tuple(labels[key] for key in keys): value for labels, value in mine}
        assert len(found) == len(mine), f"{name}: two series for one figure"
        return found

    def one(self, name: str) -> float:
        """The only series of a metric of this run."""
        return self.told(name)[()]


@dataclass
class Place:
    """A head, with a Prometheus that scrapes it where there is one."""

    folder: Path
    config: DashboardConfig
    prometheus: str | None
    out: Path
    corpus: Path

    def environment(self, **more: str) -> dict[str, str]:
        """That of a command which uses the head."""
        return {key: value for key, value in os.environ.items() if not key.startswith("RAY_")} | {
            "RAY_AUTH_MODE": "disabled", **more,
        }  # fmt: skip

    def arguments(self, *more: str) -> list[str]:
        """Those of the job."""
        return [
            "pipelines/job.py", f"dataset={SPLIT[0]}", f"source={self.corpus}", f"out={self.out}", "shard_samples=1",
            "max_reject_ratio=1", *more,
        ]  # fmt: skip

    def start(self, *more: str) -> subprocess.Popen[str]:
        """A job on the head, as `make shards` starts it."""
        return subprocess.Popen(
            [sys.executable, *self.arguments(*more)], cwd=ROOT, text=True, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, env=self.environment(RAY_ADDRESS=f"127.0.0.1:{self.config.ray_port}"),
        )  # fmt: skip

    def records(self) -> int:
        """How many shards are committed."""
        return len(read_records(Storage(self.out), *SPLIT))

    def get(self, path: str) -> Any:
        """An answer of Ray's dashboard."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.config.port}{path}", timeout=30) as answer:
            return json.load(answer)

    def look(self, before: int, said: str) -> Seen:
        """What is to be seen once the agent has all that a run, which has just ended, told it."""
        records = read_records(Storage(self.out), *SPLIT)
        seen = Seen(len(records), before, sum(record.tar.bytes for record in records.values()), said=said)
        summary = read_split(Storage(self.out), *SPLIT)
        assert summary is not None
        seen.totals = summary.totals
        seen.exported = exported(self.folder)
        if self.prometheus:
            self.wait_for(seen.run)
            for panel in DASHBOARD["panels"]:
                for number, target in enumerate(panel["targets"]):
                    seen.answers[panel["title"], number] = ask(self.prometheus, filled(target["expr"]))
            now = time.time()
            for number, target in enumerate(panel_of("Time left")["targets"]):
                query = {"query": filled(target["expr"]), "start": now - 120, "end": now, "step": 1}
                seen.over_time["Time left", number] = api(self.prometheus, "query_range", query)["result"]
        return seen

    def wait_for(self, run: str) -> None:
        """Wait until Prometheus has scraped the last of a run."""
        assert self.prometheus
        deadline = time.monotonic() + PATIENCE_SECONDS
        query = f'ray_qwen_audio_split_shards_planned{{run="{run}"}} - ray_qwen_audio_split_shards{{run="{run}"}} == 0'
        while not ask(self.prometheus, f"last_over_time(({query})[{RANGE}:1s])"):
            assert time.monotonic() < deadline, f"Prometheus does not see the end of {run}"
            time.sleep(0.3)


@pytest.fixture(scope="module")
def place() -> Iterator[Place]:
    folder = Path(tempfile.mkdtemp(prefix="ray", dir="/tmp"))  # short: Ray's sockets lie below it
    config = DashboardConfig(
        port=free_port(), ray_port=free_port(), agent_port=free_port(), temp_dir=str(folder / "ray")
    )
    try:
        with pytest.MonkeyPatch.context() as environment, prometheus(folder, config.port) as address:
            environment.delenv("RAY_AUTH_MODE", raising=False)
            if address:
                environment.setenv("RAY_PROMETHEUS_HOST", address)
            with ray_head(config, "http://127.0.0.1:9") as head:
                made = Place(folder, config, address, folder / "out", corpus(folder / "LibriSpeech"))
                wait_until(lambda: head.poll() is None and exported(folder), "the head exports nothing")
                yield made
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def resumed(place: Place) -> Seen:
    """A job submitted as the documentation says, after one that was killed."""
    killed = place.start()
    try:
        wait_until(lambda: place.records() >= 3, "no shard was built")
    finally:
        killed.kill()
        killed.communicate()
    quiet = lambda: place.records() == (time.sleep(1.5), place.records())[1]  # noqa: E731
    wait_until(quiet, "the workers of a killed job go on")
    before = place.records()
    assert 3 <= before < UTTERANCES - 2
    submit = [
        sys.executable, "-m", "ray.scripts.scripts", "job", "submit", "--working-dir", ".", "--metadata-json",
        '{"job_name": "shards: librispeech"}', "--", *place.arguments(),
    ]  # fmt: skip
    done = subprocess.run(
        submit, cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE_SECONDS * 2,
        env=place.environment(RAY_API_SERVER_ADDRESS=f"http://127.0.0.1:{place.config.port}"),
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return place.look(before, done.stdout)


@pytest.fixture(scope="module")
def rebuilt(place: Place, resumed: Seen) -> Seen:
    """A job that builds everything anew, on the head that has seen all this."""
    job = place.start("rebuild=true")
    try:
        said, _ = job.communicate(timeout=PATIENCE_SECONDS * 2)
    finally:
        job.kill()
    assert job.returncode == 0, said
    return place.look(0, said)


@pytest.fixture(params=["resumed", "rebuilt"])
def seen(request: pytest.FixtureRequest) -> Seen:
    return request.getfixturevalue(request.param)


def test_gauges_tell_what_out_holds(seen: Seen) -> None:
    totals = seen.totals
    assert seen.shards == UTTERANCES - 2 and totals.samples == UTTERANCES - 3
    assert seen.one("ray_qwen_audio_split_shards_planned") == seen.one("ray_qwen_audio_split_shards") == seen.shards
    assert seen.one("ray_qwen_audio_split_shards_in_flight") == seen.one("ray_qwen_audio_split_shards_waiting") == 0
    assert seen.one("ray_qwen_audio_split_samples") == totals.samples
    assert seen.one("ray_qwen_audio_split_audio_seconds") == pytest.approx(totals.seconds)
    assert seen.one("ray_qwen_audio_split_tar_bytes") == seen.tar_bytes
    assert len(totals.rejects) == 3
    assert seen.told("ray_qwen_audio_split_rejects", "reason") == {(name,): n for name, n in totals.rejects.items()}
    assert seen.told("ray_qwen_audio_split_task_audio_seconds", "task", "language") == {
        (task, language): pytest.approx(amount.seconds)
        for task, languages in totals.counts.items()
        for language, amount in languages.items()
    }


def test_counters_tell_what_the_run_committed(seen: Seen) -> None:
    found = seen.told("ray_qwen_audio_found_shards_total").get((), 0)
    assert seen.one("ray_qwen_audio_committed_shards_total") + found + seen.before == seen.shards
    assert seen.told("ray_qwen_audio_failed_shards_total", "error") == {}
    if seen.before:
        assert 0 < seen.one("ray_qwen_audio_committed_samples_total") < seen.totals.samples
    else:
        assert seen.one("ray_qwen_audio_committed_samples_total") == seen.totals.samples
        assert seen.one("ray_qwen_audio_committed_audio_seconds_total") == pytest.approx(seen.totals.seconds)
        assert seen.one("ray_qwen_audio_committed_tar_bytes_total") == seen.tar_bytes
        # Those of the plan are no run's.
        assert seen.told("ray_qwen_audio_committed_rejects_total", "reason") == {("truncated",): 1}
        assert seen.one("ray_qwen_audio_shard_build_seconds_count") == seen.shards


@needs_prometheus
def test_every_query_of_the_dashboard_is_answered(seen: Seen) -> None:
    for panel in DASHBOARD["panels"]:
        for number, target in enumerate(panel["targets"]):
            where = panel["title"], number
            answer = seen.answers[where] or seen.over_time.get(where)
            assert answer, f"{where}: nothing"
            named = set(re.findall(r"\{\{(\w+)}}", target.get("legendFormat", "")))
            for series in seen.answers[where]:
                assert named <= {label for label, value in series[0].items() if value}, where
            assert len({json.dumps(series[0], sort_keys=True) for series in seen.answers[where]}) == len(
                seen.answers[where]
            )


@needs_prometheus
def test_the_dashboard_shows_the_figures_of_the_records(seen: Seen) -> None:
    totals = seen.totals
    split = dict(zip(("dataset", "split"), SPLIT, strict=True))
    assert seen.answers["Shards done", 0] == [(split, 1.0)]
    figures = [seen.answers["What OUT holds", number] for number in range(6)]
    assert [[labels for labels, _ in one] for one in figures] == [[split]] * 6
    assert [value for ((_, value),) in figures] == [
        seen.shards, seen.shards, totals.samples, pytest.approx(totals.seconds / 3600), seen.tar_bytes,
        totals.rejects.total(),
    ]  # fmt: skip
    assert {labels["reason"]: value for labels, value in seen.answers["Rejects", 0]} == totals.rejects
    by_task = {labels["task"]: value for labels, value in seen.answers["Hours by task", 0]}
    assert by_task == {
        task: pytest.approx(sum(amount.seconds for amount in languages.values()) / 3600)
        for task, languages in totals.counts.items()
    }
    for nothing in ("In flight", "Waiting", "Failed, tried again", "Worker lost, begun again"):
        assert seen.answers[nothing, 0] == [({}, 0.0)], nothing
    left = [float(value) for series in seen.over_time["Time left", 0] for _, value in series["values"]]
    assert min(left) == 0 and max(left) < PATIENCE_SECONDS * 20


@needs_prometheus
def test_a_prometheus_serves_the_head_of_make_dashboard_too(place: Place) -> None:
    assert place.get("/api/prometheus_health")["result"]


def test_the_job_is_known_by_its_name_its_tasks_by_their_dataset(place: Place, resumed: Seen) -> None:
    jobs = [job for job in place.get("/api/jobs/") if job["type"] == "SUBMISSION"]
    assert [job["metadata"]["job_name"] for job in jobs] == ["shards: librispeech"]
    tasks = place.get("/api/v0/tasks?limit=1000")["data"]["result"]["result"]
    done = ("build shard", "plan split", "put plan in place", "delete draft")
    assert {task["name"] for task in tasks} == {"Planner.__init__", *(f"librispeech: {what}" for what in done)}
    log = place.get(f"/api/jobs/{jobs[0]['submission_id']}/logs")["logs"]
    row = next(line for line in log.splitlines() if line.startswith("librispeech/dev-clean  "))
    assert f"{resumed.shards}/{resumed.shards}" in row and row.endswith("done")


def corpus(root: Path) -> Path:
    """A LibriSpeech of one chapter; an utterance without text, one without audio, one that is broken."""
    chapter = root / "dev-clean/84/121123"
    chapter.mkdir(parents=True)
    lines = []
    for number in range(UTTERANCES):
        name = f"84-121123-{number:04d}"
        tone = 0.2 * np.sin(2 * np.pi * (200 + 10 * number) * np.arange(8000 + 500 * number) / 16000)
        soundfile.write(chapter / f"{name}.flac", tone, 16000, subtype="PCM_16")
        lines.append(name if number == 5 else f"{name} TONE NUMBER {number}")
    (chapter / "84-121123-0007.flac").unlink()
    (chapter / "84-121123-0009.flac").write_bytes(b"fLaC and no more")
    (chapter / "84-121123.trans.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return root


@contextmanager
def prometheus(folder: Path, head: int) -> Iterator[str | None]:
    """A Prometheus as `cluster/` has it that scrapes the head on port `head` every second; None: there is none."""
    if not shutil.which("prometheus"):
        yield None
        return
    text = (CLUSTER / "prometheus/prometheus.yml").read_text(encoding="utf-8")
    path = folder / "prometheus.yml"
    for written, here in {"/tmp/ray/": f"{folder}/ray/", ":8265/": f":{head}/", "15s": "1s", "30s": "1s"}.items():
        assert written in text
        text = text.replace(written, here)
    path.write_text(text, encoding="utf-8")
    (folder / "auth_token").write_text("of no use to a head that asks for none")
    port = free_port()
    server = subprocess.Popen(
        [
            "prometheus", f"--config.file={path}", f"--web.listen-address=127.0.0.1:{port}",
            f"--storage.tsdb.path={folder / 'tsdb'}",
        ],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(PATIENCE_SECONDS)


def exported(folder: Path) -> dict[str, list[tuple[dict[str, str], float]]]:
    """What the head's agents export now, by metric; empty before they do."""
    found: dict[str, list[tuple[dict[str, str], float]]] = {}
    listed = folder / "ray/prom_metrics_service_discovery.json"
    if not listed.exists():
        return found
    for target in {target for entry in json.loads(listed.read_text()) for target in entry["targets"]}:
        try:
            with urllib.request.urlopen(f"http://{target}/metrics", timeout=10) as answer:
                text = answer.read().decode()
        except OSError:
            continue  # the autoscaler's, which is not there on every head
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                found.setdefault(sample.name, []).append((sample.labels, sample.value))
    return found


def panel_of(title: str) -> dict[str, Any]:
    (panel,) = [panel for panel in DASHBOARD["panels"] if panel["title"] == title]
    return panel


def filled(query: str) -> str:
    """A query as Grafana sends it with everything chosen."""
    return query.replace("$dataset", ".+").replace("$run", ".+").replace("$__range", RANGE)


def ask(address: str, query: str) -> list[tuple[dict[str, str], float]]:
    """What Prometheus answers now: labels and value of each series."""
    answer = api(address, "query", {"query": query})
    assert answer["resultType"] == "vector", query
    return [(series["metric"], float(series["value"][1])) for series in answer["result"]]


def api(address: str, path: str, query: dict[str, Any]) -> Any:
    try:
        with urllib.request.urlopen(f"{address}/api/v1/{path}?{urllib.parse.urlencode(query)}", timeout=30) as answer:
            said = json.load(answer)
    except urllib.error.HTTPError as error:
        raise AssertionError(f"{query['query']}: {error.read().decode()}") from error
    assert said["status"] == "success" and not said.get("warnings"), said
    return said["data"]


def wait_until(there: Any, complaint: str) -> None:
    """Wait until `there()` holds."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not there():
        assert time.monotonic() < deadline, complaint
        time.sleep(0.1)
