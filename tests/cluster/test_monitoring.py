"""Prometheus and Grafana: files that they take, and queries of metrics that there are."""

from __future__ import annotations

import inspect
import json
import re
import shutil
import subprocess
from itertools import combinations
from typing import Any

import pytest
import yaml

from pipelines import job, metrics
from shards.pages.server import DASHBOARD_UID
from tests.cluster.commands import CLUSTER
from tests.cluster.test_kuberay import NAMES, container, groups

DASHBOARD = json.loads((CLUSTER / "grafana/shards.json").read_text(encoding="utf-8"))
# Of Ray 2.60 itself, as a Prometheus that scraped a shard job has listed them, and the job's own.
METRICS = {
    "ray_node_cpu_utilization", "ray_node_disk_free", "ray_node_mem_total", "ray_node_mem_used",
    "ray_node_network_receive_speed", "ray_node_network_send_speed", "ray_resources", "ray_tasks",
} | {f"ray_{name}" for name in (*metrics.GAUGES, *metrics.COUNTERS, f"{metrics.WALL[0]}_bucket")}  # fmt: skip
LABELS = {"Name", "State", "IsRetry", "dataset", "run"}
promtool = pytest.mark.skipif(not shutil.which("promtool"), reason="promtool, of Prometheus, is not installed")


def queries() -> list[str]:
    return [target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]]


def monitoring(name: str) -> dict[str, Any]:
    return yaml.safe_load((CLUSTER / f"prometheus/{name}").read_text(encoding="utf-8"))


def test_queries_ask_for_what_ray_tells() -> None:
    for query in queries():
        assert set(re.findall(r"\bray_\w+", query)) <= METRICS
        assert set(re.findall(r"(\w+)=~?\"", query)) <= LABELS


def test_queries_find_the_tasks_of_the_shard_job() -> None:
    named = re.search(r'name=lambda task: f"\{task\.shard\.dataset\}(: [a-z ]+)"', inspect.getsource(job.build))
    assert named is not None
    asked = set(re.findall(r'Name=~"\(\$dataset\)(.*?)"', " ".join(queries())))
    assert asked == {named[1]}


def test_what_can_be_chosen_is_what_the_job_tells() -> None:
    source, *variables = DASHBOARD["templating"]["list"]
    assert (source["type"], source["query"]) == ("datasource", "prometheus")
    assert [variable["name"] for variable in variables] == ["dataset", "run"]
    for variable in variables:
        asked = re.fullmatch(r"label_values\(ray_(\w+?)(\{.*})?, (\w+)\)", variable["query"]["query"])
        assert asked is not None and asked[1] in metrics.GAUGES and asked[3] == variable["name"] in metrics.TAGS
        assert variable["includeAll"] and variable["allValue"] == ".+"
        assert any(f'{variable["name"]}=~"${variable["name"]}"' in query for query in queries())


def test_the_dashboard_is_one_that_grafana_lays_out() -> None:
    panels = DASHBOARD["panels"]
    assert DASHBOARD["uid"] == "qwen-audio-shards"  # what RAY_GRAFANA_DATA_DASHBOARD_UID names
    assert len({panel["id"] for panel in panels}) == len(panels)
    assert {panel["type"] for panel in panels} <= {"bargauge", "stat", "table", "timeseries"}
    places = [panel["gridPos"] for panel in panels]
    assert all(place["x"] + place["w"] <= 24 for place in places)
    for one, other in combinations(places, 2):
        beside = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
        below = one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]
        assert beside or below
    assert {panel["datasource"]["uid"] for panel in panels} == {"${datasource}"}
    (table,) = [panel for panel in panels if panel["type"] == "table"]
    renamed = {change["id"]: change["options"] for change in table["transformations"]}["organize"]["renameByName"]
    assert set(renamed) == {"dataset", "split"} | {f"Value #{target['refId']}" for target in table["targets"]}


@promtool
def test_prometheus_takes_the_queries(tmp_path) -> None:
    rules = [
        {"record": f"shards:query{number}", "expr": query.replace("$dataset", ".+").replace("$__range", "3h")}
        for number, query in enumerate(queries())
    ]
    path = tmp_path / "rules.yml"
    path.write_text(yaml.safe_dump({"groups": [{"name": "shards", "rules": rules}]}), encoding="utf-8")
    checked = subprocess.run(["promtool", "check", "rules", path], capture_output=True, text=True)
    assert checked.returncode == 0, checked.stderr
    path.write_text(path.read_text(encoding="utf-8").replace("sum by", "summ by"), encoding="utf-8")
    assert subprocess.run(["promtool", "check", "rules", path], capture_output=True).returncode != 0


@promtool
def test_prometheus_takes_its_configuration(tmp_path) -> None:
    text = (CLUSTER / "prometheus/prometheus.yml").read_text(encoding="utf-8")
    path = tmp_path / "prometheus.yml"
    for written, good in ((text, True), (text.replace("file_sd_configs", "file_sd_config"), False)):
        path.write_text(written, encoding="utf-8")
        checked = subprocess.run(["promtool", "check", "config", path], capture_output=True, text=True)
        assert (checked.returncode == 0) == good, checked.stdout + checked.stderr


def test_the_configuration_finds_rays_own_list_of_nodes() -> None:
    from ray._private.ray_constants import PROMETHEUS_SERVICE_DISCOVERY_FILE

    (scrape,) = monitoring("prometheus.yml")["scrape_configs"]
    (found,) = scrape["file_sd_configs"]
    assert found["files"] == [f"/tmp/ray/{PROMETHEUS_SERVICE_DISCOVERY_FILE}"]


def test_the_pod_monitor_asks_at_the_port_that_every_pod_names() -> None:
    (endpoint,) = monitoring("pod_monitor.yaml")["spec"]["podMetricsEndpoints"]
    for name in NAMES:
        for group in groups(name).values():
            assert endpoint["port"] in {port["name"] for port in container(group)["ports"]}


def test_the_heads_of_shard_jobs_name_the_dashboard() -> None:
    assert DASHBOARD["uid"] == DASHBOARD_UID
    for name in ("cluster", "shards"):
        told = {variable["name"]: variable["value"] for variable in container(groups(name)["head"])["env"]}
        assert told["RAY_GRAFANA_DATA_DASHBOARD_UID"] == DASHBOARD["uid"]
        for host in ("RAY_PROMETHEUS_HOST", "RAY_GRAFANA_HOST", "RAY_GRAFANA_IFRAME_HOST"):
            assert re.fullmatch(r"http://[\w.-]+:\d+", told[host])


def test_grafana_is_given_the_dashboard_and_the_source_that_ray_asks_for() -> None:
    from ray.dashboard.modules.metrics.metrics_head import DEFAULT_PROMETHEUS_NAME

    folder = CLUSTER / "grafana/provisioning"
    (provider,) = yaml.safe_load((folder / "dashboards/shards.yaml").read_text(encoding="utf-8"))["providers"]
    (source,) = yaml.safe_load((folder / "datasources/prometheus.yaml").read_text(encoding="utf-8"))["datasources"]
    assert (source["name"], source["type"]) == (DEFAULT_PROMETHEUS_NAME, "prometheus")
    readme = (CLUSTER / "grafana/README.md").read_text(encoding="utf-8")
    assert f"cluster/grafana/shards.json:{provider['options']['path']}/shards.json:ro" in readme
    assert f"--web.listen-address={source['url'].removeprefix('http://')}" in readme
