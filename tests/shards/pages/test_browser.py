"""The pages in a real browser: alone, renewing themselves, and in the Metrics tab of a Ray head with a job on it."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

import numpy as np
import pytest
import soundfile

from shards.dashboard import descendants, lives
from shards.record import read_records
from shards.statistics import hours
from shards.storage import Storage
from shards.summary import read_split
from tests.shards.building import make_split
from tests.shards.pages.test_dashboard import ROOT, cells, command, free_port, serving, tiles

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
UTTERANCES = 12

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.skipif(BROWSER is None, reason="no Chromium here: apt-get install chromium"),
]


@pytest.fixture
def browse(tmp_path):
    """A page as the browser has it, scripts and all, `seconds` of its clock after it was opened."""

    def browse(address: str, seconds: int = 3) -> str:
        answer = subprocess.run(
            [
                BROWSER, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                f"--user-data-dir={tmp_path / 'browser'}", "--window-size=1366,768",
                f"--virtual-time-budget={1000 * seconds}", "--dump-dom", address,
            ],
            capture_output=True, text=True, timeout=180,
        )  # fmt: skip
        assert answer.returncode == 0, answer.stderr
        return answer.stdout

    return browse


def test_an_open_page_renews_itself(tmp_path, browse):
    (tmp_path / "scratch").mkdir()
    storage = Storage(tmp_path / "out")
    make_split(storage, tmp_path / "scratch", "train", shards=1)
    with serving(storage) as server:
        outs = server.watch.outs

        def then_more(patience_seconds: float = 5.0):
            seen = outs(patience_seconds)
            if not storage.folders("demo")[1:]:
                make_split(storage, tmp_path / "scratch", "test", shards=2)
                server.watch.look()
            return seen

        server.watch.outs = then_more
        page = browse(f"http://127.0.0.1:{server.port}/", seconds=10)
    assert [row[0] for row in cells(page)][1:4] == ["demo", "test", "train"] and tiles(page)["shards"] == "3"
    assert "does not answer" not in page


def test_a_page_that_lost_its_server_says_so(tmp_path, browse):
    (tmp_path / "scratch").mkdir()
    make_split(Storage(tmp_path / "out"), tmp_path / "scratch", shards=1)
    with serving(Storage(tmp_path / "out")) as server:
        outs, asked = server.watch.outs, []

        def once(patience_seconds: float = 5.0):
            asked.append(1)
            if len(asked) > 1:
                raise RuntimeError("as if it had gone")
            return outs(patience_seconds)

        server.watch.outs = once
        page = browse(f"http://127.0.0.1:{server.port}/", seconds=10)
    assert "The dashboard does not answer" in page and tiles(page)["samples"] == "3"


@pytest.mark.ray
def test_the_metrics_tab_shows_a_job_on_the_head(tmp_path, browse):
    corpus, out, ports = tones(tmp_path / "LibriSpeech"), tmp_path / "out", [free_port() for _ in range(3)]
    folder = tempfile.mkdtemp(prefix="ray", dir="/tmp")  # short: Ray's sockets lie below it
    dashboard = command(
        out, f"port={ports[0]}", f"page_port={ports[1]}", f"ray_port={ports[2]}", f"temp_dir={folder}",
        env=os.environ | {"RAY_AUTH_MODE": "disabled"},
    )  # fmt: skip
    try:
        lines = [dashboard.stdout.readline() for _ in range(4)]
        assert "Ctrl-C" in lines[-1], lines
        assert listening_elsewhere(ports) == set()
        job = subprocess.run(
            [
                sys.executable, "pipelines/job.py", "dataset=librispeech", f"source={corpus}", f"out={out}",
                "shard_samples=3",
            ],
            cwd=ROOT, capture_output=True, text=True, timeout=300,
            env=os.environ | {"RAY_ADDRESS": f"127.0.0.1:{ports[2]}", "RAY_AUTH_MODE": "disabled"},
        )  # fmt: skip
        assert job.returncode == 0, job.stdout + job.stderr
        with urllib.request.urlopen(f"http://127.0.0.1:{ports[0]}/api/grafana_health", timeout=30) as answer:
            assert json.load(answer)["data"]["dashboardUids"]["data"] == "qwen-audio-shards"
        metrics = browse(f"http://127.0.0.1:{ports[0]}/#/metrics", seconds=12)
        embedded = re.search(r'<iframe[^>]* src="([^"]+)"', metrics)[1].replace("&amp;", "&")
        assert embedded.startswith(f"http://127.0.0.1:{ports[1]}/d/qwen-audio-shards/")
        totals, records = read_split(Storage(out), "librispeech", "dev-clean").totals, committed(out)
        time.sleep(4)  # for the page's next look
        page = browse(embedded)
        row = next(row for row in cells(page) if row[0] == "librispeech / dev-clean")
        assert row[1:4] == [f"{len(records)}/{len(records)}", f"{UTTERANCES}", hours(totals.seconds)]
        assert row[-1] == "complete" and sum(record.totals.samples for record in records.values()) == UTTERANCES
        started = descendants(dashboard.pid)
        dashboard.terminate()
        assert dashboard.wait(60) == 0
        assert len(started) > 3 and [process for process in started if lives(process)] == []
    finally:
        dashboard.kill()
        dashboard.wait()
        dashboard.stdout.close()
        shutil.rmtree(folder, ignore_errors=True)


def tones(root: Path) -> Path:
    """A LibriSpeech of one chapter."""
    chapter = root / "dev-clean/84/121123"
    chapter.mkdir(parents=True)
    lines = []
    for number in range(UTTERANCES):
        tone = 0.2 * np.sin(2 * np.pi * (200 + 10 * number) * np.arange(8000 + 500 * number) / 16000)
        soundfile.write(chapter / f"84-121123-{number:04d}.flac", tone, 16000, subtype="PCM_16")
        lines.append(f"84-121123-{number:04d} TONE NUMBER {number}")
    (chapter / "84-121123.trans.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return root


def committed(out: Path):
    """The records of the split."""
    return read_records(Storage(out), "librispeech", "dev-clean")


def listening_elsewhere(ports: list[int]) -> set[int]:
    """Those of the ports on which something listens beyond loopback."""
    found = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        for line in Path(table).read_text().splitlines()[1:]:
            address, state = line.split()[1], line.split()[3]
            host, _, port = address.partition(":")
            if state == "0A" and int(port, 16) in ports and not host.endswith("0100007F"):
                found.add(int(port, 16))
    return found
