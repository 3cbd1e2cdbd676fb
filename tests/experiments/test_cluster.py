"""A real cluster of two nodes on this machine: modules sent, nodes checked, one of them lost."""

from __future__ import annotations

import json
import socketserver
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from archgym.errors import ArchgymError, SettingError
from archgym.experiments.executors.cluster import Needs, check_reachable, missing_here
from archgym.experiments.executors.ray import RayExecutor
from archgym.experiments.experiment import run_experiment
from archgym.experiments.moved_files import moved
from archgym.experiments.resources import Resources
from archgym.experiments.worker_variables import variables
from archgym.results.files import write_json
from archgym.results.store import Store
from tests.experiments.launching import (
    ODD,
    ROOT,
    Silent,
    archgym,
    run_locally,
    start_archgym,
    stored,
    toy_plan,
    write_launch,
)
from tests.experiments.test_resume import SLOW, attempts, wait_for

SMALL = 100 * 2**20
MODULE = """
import os
from pathlib import Path
from tests.experiments.odd_agents import PlainAgent


class Mine(PlainAgent):
    def setup(self):
        super().setup()
        Path("{store}/worker-" + str(os.getpid())).write_text(os.getcwd())
"""
BAD_ADDRESSES = {
    "127.0.0.1:1": "no Ray cluster listens there",
    "no-such-host.invalid:6379": "no Ray cluster listens there",
    "ray://127.0.0.1:10001": "Ray's client is not supported",
    "127.0.0.1": "write it as host:port, or auto",
    "127.0.0.1:http": "write it as host:port, or auto",
    "127.0.0.1:99999": "no Ray cluster listens there",
}


@pytest.mark.parametrize("address", BAD_ADDRESSES)
def test_an_address_that_nobody_listens_at_is_refused_at_once(address: str) -> None:
    began = time.monotonic()
    with pytest.raises(ArchgymError, match=BAD_ADDRESSES[address]):
        check_reachable(address)
    assert time.monotonic() - began < 10.0


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n"])
def test_a_port_of_something_else_is_refused_soon(
    answer: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("archgym.experiments.executors.cluster.STATUS_SECONDS", 3.0)

    class Answer(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            self.request.recv(1000)
            self.request.sendall(answer)

    began = time.monotonic()
    with socketserver.TCPServer(("127.0.0.1", 0), Answer) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        with pytest.raises(ArchgymError, match="no Ray cluster listens there"):
            check_reachable(f"127.0.0.1:{server.server_address[1]}")
        server.shutdown()
    assert time.monotonic() - began < 20.0


def test_options_of_a_cluster_are_checked(tmp_path: Path) -> None:
    launch = write_launch(tmp_path)
    for options, says in [
        (("--address", "127.0.0.1:1"), "no Ray cluster listens"),
        (("--working-dir", "."), "give its --address"),
        (("--address", "127.0.0.1:1", "--working-dir", "absent"), "no such folder"),
    ]:
        ended = archgym("run", launch, "--store", "s", *options, cwd=tmp_path)
        assert ended.returncode == 2
        assert says in ended.stderr
        assert len(ended.stderr.splitlines()) == 1


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """A head with one core and a second node with one core and a license."""
    from ray.cluster_utils import Cluster

    # Workers find the modules of the tests as they would find installed ones.
    with variables({"PYTHONPATH": str(ROOT)}):
        head = {"num_cpus": 1, "include_dashboard": False, "object_store_memory": SMALL}
        made = Cluster(initialize_head=True, head_node_args=head)
        made.add_node(num_cpus=1, object_store_memory=SMALL, resources={"license": 1})
    yield made
    made.shutdown()


def join(cluster: Any, needs: Needs | None = None, **asked: Any) -> RayExecutor:
    return RayExecutor(None, cluster.address, [Resources(**asked)], needs=needs)


@pytest.mark.ray
@pytest.mark.slow
def test_modules_and_files_are_sent(cluster: Any, tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "my_agents.py").write_text(MODULE.replace("{store}", str(tmp_path)))
    (mine / "optimum.json").write_text(json.dumps({"policy": "adaptive"}))
    launch = write_launch(
        mine,
        problems=[{"env": "tests.toys:TOY", "workload": "optimum.json"}],
        agents=[{"name": "my_agents:Mine", "resources": {"custom": {"license": 1}}}],
    )
    command = ("run", launch, "--store", tmp_path / "s", "--address", cluster.address)
    ended = archgym(*command, "--working-dir", mine, cwd=tmp_path)
    assert ended.returncode == 0, ended.stderr
    assert "2 of 2 trials done" in ended.stdout
    summaries = [json.loads(path.read_text()) for path in tmp_path.glob("s/*/*/*/done.json")]
    assert {summary["spec"]["workload"] for summary in summaries} == {str(mine / "optimum.json")}
    folders = {path.read_text() for path in tmp_path.glob("worker-*")}
    assert str(tmp_path) in folders, "the planner's"
    assert any("runtime_resources" in folder for folder in folders), "the workers'"
    assert len(folders) >= 2


@pytest.mark.ray
@pytest.mark.slow
def test_a_cluster_that_cannot_run_the_trials_is_refused(cluster: Any, tmp_path: Path) -> None:
    trials = toy_plan().trials
    with pytest.raises(SettingError, match=r"no node has \{'CPU': 2\.0\} for one trial"):
        join(cluster, cores=2.0)
    with pytest.raises(SettingError, match=r"'gui': 1\.0"):
        join(cluster, custom={"gui": 1.0})
    lost = Needs.of(trials, (str(tmp_path / "absent.json"), "token"), "")
    with pytest.raises(ArchgymError, match=r"does not see .*absent\.json: --store must be a"):
        join(cluster, lost)
    result = run_experiment(
        toy_plan(seeds=1), Store.create(tmp_path / "s"), lambda _: join(cluster), Silent()
    )
    assert result.done == 2


@pytest.mark.ray
@pytest.mark.slow
def test_a_lost_node_costs_nothing(cluster: Any, tmp_path: Path) -> None:
    launch = write_launch(tmp_path, agents=[SLOW], budget=3000, seeds=1)
    command = ("run", launch, "--store", "cut", "--address", cluster.address)
    process = start_archgym(*command, cwd=tmp_path)
    wait_for(lambda: attempts(tmp_path / "cut") == 2)
    time.sleep(0.5)
    (node,) = cluster.worker_nodes
    cluster.remove_node(node, allow_graceful=False)
    output, _ = process.communicate(timeout=120)
    assert process.returncode == 0, output
    assert attempts(tmp_path / "cut") == 3
    run_locally(toy_plan(agents=[SLOW], budget=3000, seeds=1), tmp_path / "whole")
    assert stored(tmp_path / "cut") == stored(tmp_path / "whole")


# -- what a node says of itself, without a cluster ------------------------------------------------


def needs_of(tmp_path: Path, **changes: Any) -> Needs:
    mark = tmp_path / "mark.json"
    write_json(mark, {"token": "here"})
    return Needs.of(toy_plan(**changes).trials, (str(mark), "here"), "")


def test_a_node_with_another_file_of_an_agent_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "names.txt"
    file.write_text("mixed, other")
    agent = {"name": f"{ODD}:FiledAgent", "hyperparameters": {"names": str(file)}}
    needs = needs_of(tmp_path, agents=[agent])
    assert missing_here(needs) == ""
    file.write_text("other, mixed")
    assert "another content" in missing_here(needs)


def test_a_node_says_what_it_lacks(tmp_path: Path) -> None:
    file = tmp_path / "optimum.json"
    file.write_text("{}")
    needs = needs_of(tmp_path, problems=[{"env": "tests.toys:TOY", "workload": str(file)}])
    assert missing_here(needs) == ""
    assert len(needs.trials) == 1
    unknown = [{**needs.trials[0], "agent": "no_such_module:Agent"}]
    assert "no_such_module" in missing_here(replace(needs, trials=unknown))
    assert "archgym" in missing_here(replace(needs, version="0.0.0"))
    assert "does not see" in missing_here(replace(needs, mark=(needs.mark[0], "elsewhere")))
    file.write_text('{"policy": "adaptive"}')
    assert "another content" in missing_here(needs)
    file.unlink()
    assert "send it with --working-dir" in missing_here(needs)


def test_files_in_a_sent_folder_are_looked_for_in_the_current_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    spec = toy_plan().trials[0]
    asked = replace(
        spec,
        workload="/home/me/work/net.onnx/conv1",
        cost_model="table:/home/me/work/table",
        settings={"file": "/home/me/work", "files": ["/home/me/workload", "/home/me/work/a"]},
        hyperparameters={"policy": "/home/me/work/p.npz", "size": 3},
    )
    there = moved(asked, "/home/me/work")
    here = str(tmp_path)
    assert there.workload == f"{here}/net.onnx/conv1"
    assert there.cost_model == f"table:{here}/table"
    assert there.settings == {"file": here, "files": ["/home/me/workload", f"{here}/a"]}
    assert there.hyperparameters == {"policy": f"{here}/p.npz", "size": 3}
    assert moved(asked, "") is asked
