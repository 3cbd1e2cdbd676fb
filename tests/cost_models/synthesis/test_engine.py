"""Finding ABC and keeping it alive."""

from __future__ import annotations

import gc
import os
import pickle
import signal
import subprocess
import sys

import pytest

from archgym.cost_models.synthesis import engine as engines
from archgym.cost_models.synthesis.abc_process import (
    AbcProcess,
    EngineError,
    EngineTimeoutError,
)
from archgym.cost_models.synthesis.engine import find_engine
from archgym.cost_models.synthesis.passes import PassRunner
from archgym.cost_models.synthesis.session import Synthesizer
from archgym.errors import SettingError
from tests.cost_models.synthesis.engines import are_gone, as_engine, circuit, is_alive, wrapped

# -- which ABC -----------------------------------------------------------------------------------


def test_the_wheel_is_the_default_and_names_itself():
    engine = find_engine()
    assert engine.name == "abc (pyosys)"
    assert engine.version.startswith("ABC 1.01")
    assert len(engine.sha256) == 64


def test_an_option_goes_before_the_variable_and_this_before_the_wheel(tmp_path, monkeypatch):
    first, second = (wrapped(tmp_path, f"for {n} in lines: send({n})", n) for n in ("a", "b"))
    monkeypatch.setenv("ARCHGYM_ABC", str(first))
    assert find_engine().path == first
    assert find_engine().name == "abc (ARCHGYM_ABC)"
    assert find_engine(str(second)).path == second
    assert find_engine().sha256 != find_engine(str(second)).sha256


def test_the_path_is_searched_where_there_is_no_wheel(tmp_path, monkeypatch):
    real = wrapped(tmp_path, "for x in lines: send(x)", "berkeley-abc")
    monkeypatch.setattr(engines, "wheel_folder", lambda: None)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_engine().path == real
    monkeypatch.setenv("PATH", "")
    with pytest.raises(SettingError, match="pip install pyosys"):
        find_engine()


@pytest.mark.parametrize(
    ("name", "said"),
    [("nothing", "no executable file"), ("text", "no executable file"), ("true", "is not ABC")],
)
def test_what_is_no_abc_is_refused(tmp_path, monkeypatch, name, said):
    (tmp_path / "text").write_text("hello")
    path = "/bin/true" if name == "true" else str(tmp_path / name)
    monkeypatch.setenv("ARCHGYM_ABC", path)
    with pytest.raises(SettingError, match=said):
        find_engine()


def test_every_kind_of_call_goes_through_the_engine_that_is_named(tmp_path):
    log = tmp_path / "log"
    body = f"for x in lines:\n    open({str(log)!r}, 'ab').write(x)\n    send(x)"
    synthesizer = Synthesizer(as_engine(wrapped(tmp_path, body)), 30.0)
    from archgym.cost_models.synthesis.libraries import find_library

    session = synthesizer.session(circuit("comparator:width=4"))
    session.map(session.apply(session.root, "rewrite"), find_library("small"))
    session.equivalence(session.root)
    said = log.read_text()
    for word in ("rewrite", "map;", "cec -n"):
        assert word in said
    synthesizer.close()


# -- a process that is kept ----------------------------------------------------------------------


@pytest.fixture
def abc():
    made = AbcProcess(find_engine())
    yield made
    made.close()


def test_one_process_answers_all_requests(abc):
    said = [abc.ask(f"echo hello-{at}") for at in range(3)]
    assert all(f"hello-{at}" in text for at, text in enumerate(said))
    assert abc.starts == 1


def test_a_failed_command_is_an_error_and_no_stale_network_answers(abc):
    (abc.folder / "c.aig").write_bytes(circuit("alu").content)
    assert "and =" in abc.ask("read c.aig; strash; print_stats")
    with pytest.raises(EngineError, match="Cannot open input file"):
        abc.ask("read missing.aig; strash; print_stats")
    with pytest.raises(EngineError, match="unknown command 'resyn2'"):
        abc.ask("resyn2")
    with pytest.raises(EngineError, match=r"[Ee]mpty network"):
        abc.ask("empty; strash")
    assert abc.starts == 1


def test_a_killed_process_is_an_error_and_made_anew(abc):
    abc.ask("")
    first = abc.pid
    os.kill(first, signal.SIGKILL)
    with pytest.raises(EngineError, match="exit code -9"):
        abc.ask("echo hello")
    assert "hello" in abc.ask("echo hello")
    assert abc.pid != first


def test_a_stopped_process_times_out_and_is_killed():
    abc = AbcProcess(find_engine(), limit_s=0.3)
    abc.ask("")
    first = abc.pid
    os.kill(first, signal.SIGSTOP)
    with pytest.raises(EngineTimeoutError, match=r"within 0\.3 s"):
        abc.ask("echo hello")
    assert are_gone([first])
    assert "hello" in abc.ask("echo hello"), "no late answer to the other question"
    abc.close()


def test_nothing_is_left_when_it_goes_away():
    abc = AbcProcess(find_engine(), {"a.txt": b"x"})
    abc.ask("")
    pid, folder = abc.pid, abc.folder
    assert is_alive(pid)
    assert (folder / "a.txt").exists()
    del abc
    gc.collect()
    assert are_gone([pid])
    assert not folder.exists()


@pytest.mark.parametrize("end", ["pass", "raise RuntimeError('stop')", "os.kill(os.getpid(), 9)"])
def test_nothing_is_left_when_python_ends(end):
    code = (
        "import os\n"
        "from archgym.cost_models.synthesis.abc_process import AbcProcess\n"
        "from archgym.cost_models.synthesis.engine import find_engine\n"
        "abc = AbcProcess(find_engine()); abc.ask(''); print(abc.pid, flush=True)\n"
        f"{end}\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert are_gone([int(done.stdout)])


def test_copies_start_a_process_of_their_own(abc):
    abc.ask("")
    copy = pickle.loads(pickle.dumps(abc))
    copy.ask("")
    assert copy.pid != abc.pid
    assert copy.folder != abc.folder
    copy.close()


# -- passes that fail ----------------------------------------------------------------------------

_DIE_ONCE = """\
for x in lines:
    if b'refactor' in x and not os.path.exists({flag!r}):
        open({flag!r}, 'w').close()
        {end}
    send(x)"""
_ENDS = {"dies": "abc.kill(); os._exit(3)", "hangs": "abc.kill(); time.sleep(60)"}


@pytest.mark.parametrize("how", _ENDS)
def test_a_pass_gets_a_second_try(tmp_path, how):
    body = _DIE_ONCE.format(flag=str(tmp_path / "flag"), end=_ENDS[how])
    runner = PassRunner(as_engine(wrapped(tmp_path, body)), limit_s=1.0)
    plain = PassRunner(find_engine(), limit_s=10.0)
    ends = []
    for each in (runner, plain):
        snapshot, _ = each.load(circuit("alu"))
        for action in ("rewrite", "balance", "refactor", "rewrite -z"):
            snapshot = each.apply(snapshot, action)
        ends.append(snapshot)
        each.close()
    assert ends[0] == ends[1], "to the last byte"
    assert runner.process.starts == 2
    assert (tmp_path / "flag").exists()


@pytest.mark.parametrize(("how", "error"), [("dies", EngineError), ("hangs", EngineTimeoutError)])
def test_a_pass_that_fails_twice_is_an_error_and_others_go_on(tmp_path, how, error):
    body = f"for x in lines:\n    if b'refactor' in x: {_ENDS[how]}\n    send(x)"
    runner = PassRunner(as_engine(wrapped(tmp_path, body)), limit_s=0.6)
    start, _ = runner.load(circuit("comparator:width=8"))
    with pytest.raises(error):
        runner.apply(start, "refactor")
    assert runner.apply(start, "balance").and_count > 0
    runner.close()
