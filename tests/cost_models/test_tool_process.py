"""A tool in a Python of its own: answers, time-outs, crashes, and nothing left running."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from archgym.cost_models.tool_process import (
    ToolFailedError,
    ToolProcess,
    ToolTimeoutError,
    interpreter,
    time_limit,
)
from archgym.errors import SettingError

ROOT = Path(__file__).resolve().parents[2]
# A tool that does what its request says.
TOOL = """\
import os, subprocess, sys, time

served = 0

def answer(request):
    global served
    served += 1
    print("the tool talks on its standard output")
    word = request["do"]
    if word == "sleep":
        time.sleep(60)
    if word == "sleep in a child":
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
        open(request["note"], "w").write(f"{os.getpid()} {child.pid}")
        child.wait()
    if word == "die":
        sys.stderr.write("Segmentation fault\\n")
        sys.stderr.flush()
        os.kill(os.getpid(), 11)
    if word == "exit":
        sys.exit(3)
    if word == "raise":
        raise ValueError("no such layer")
    return {"served": served, "pid": os.getpid(), "path": sys.path[0], "word": word}
"""


@pytest.fixture
def tool(tmp_path):
    made = make(tmp_path, TOOL, timeout_s=20)
    yield made
    made.close()


def make(folder, text, timeout_s, python=sys.executable):
    script = folder / "run_tool.py"
    script.write_text(text)
    return ToolProcess("tool", Path(python), script, "pip install tool", timeout_s)


def is_alive(pid):
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return False
    return state != "Z"


def gone(pids, seconds=10):
    deadline = time.monotonic() + seconds
    while any(map(is_alive, pids)) and time.monotonic() < deadline:
        time.sleep(0.05)
    return not any(map(is_alive, pids))


def test_the_process_is_kept_and_what_it_prints_is_no_answer(tool):
    answers = [tool.ask({"do": word}) for word in ("one", "two", "three")]
    assert [a["word"] for a in answers] == ["one", "two", "three"]
    assert [a["served"] for a in answers] == [1, 2, 3]
    assert answers[0]["pid"] == answers[2]["pid"] != os.getpid()
    assert not answers[0]["path"].startswith(str(ROOT)), "our folders are not the tool's"


def test_an_error_of_the_tool_is_told_and_the_process_goes_on(tool):
    pid = tool.ask({"do": "one"})["pid"]
    with pytest.raises(ToolFailedError, match="tool: ValueError: no such layer"):
        tool.ask({"do": "raise"})
    assert tool.ask({"do": "two"})["pid"] == pid


def test_a_process_that_ends_is_made_anew(tool):
    pid = tool.ask({"do": "one"})["pid"]
    with pytest.raises(ToolFailedError, match=r"exit code -11 .*: Segmentation fault"):
        tool.ask({"do": "die"})
    with pytest.raises(ToolFailedError, match="exit code 3"):
        tool.ask({"do": "exit"})
    again = tool.ask({"do": "two"})
    assert again["pid"] != pid
    assert again["served"] == 1


def test_a_slow_request_times_out_and_takes_its_children_along(tmp_path):
    tool, note = make(tmp_path, TOOL, timeout_s=1.0), tmp_path / "pids"
    with pytest.raises(ToolTimeoutError, match="tool: no answer within 1 s"):
        tool.ask({"do": "sleep in a child", "note": str(note)})
    assert gone(map(int, note.read_text().split()))
    assert tool.ask({"do": "one"})["served"] == 1, "no late answer of the other request"
    tool.close()


def test_closing_and_forgetting_end_the_process(tmp_path):
    tool = make(tmp_path, TOOL, timeout_s=20)
    first = tool.ask({"do": "one"})["pid"]
    tool.close()
    assert gone([first])
    second = tool.ask({"do": "one"})["pid"]
    del tool
    assert gone([second])


def test_nothing_is_left_when_our_process_is_killed(tmp_path):
    """Even while the tool computes and has a child of its own."""
    make(tmp_path, TOOL, timeout_s=60)
    note = tmp_path / "pids"
    script = str(tmp_path / "run_tool.py")
    code = f"""
from pathlib import Path
from archgym.cost_models.tool_process import ToolProcess
tool = ToolProcess("tool", Path({sys.executable!r}), Path({script!r}), "", 60)
tool.ask({{"do": "sleep in a child", "note": {str(note)!r}}})
"""
    environ = os.environ | {"PYTHONPATH": str(ROOT)}
    ours = subprocess.Popen([sys.executable, "-c", code], env=environ)
    deadline = time.monotonic() + 30
    while not (note.exists() and note.read_text()) and time.monotonic() < deadline:
        time.sleep(0.05)
    pids = list(map(int, note.read_text().split()))
    assert all(map(is_alive, pids))
    ours.send_signal(signal.SIGKILL)
    ours.wait()
    assert gone(pids)


def test_a_pickled_tool_starts_a_process_of_its_own(tool):
    pid = tool.ask({"do": "one"})["pid"]
    other = pickle.loads(pickle.dumps(tool))
    assert other.ask({"do": "one"})["pid"] != pid
    other.close()


@pytest.mark.parametrize(
    ("text", "python", "reason"),
    [
        ("import no_such_package\n", sys.executable, "No module named 'no_such_package'"),
        ("def answer(request) return 1\n", sys.executable, "exit code 1 .*: SyntaxError"),
        (TOOL, "/no/such/python", "No such file"),
        (TOOL, "/bin/false", "exit code 1"),
    ],
)
def test_a_python_without_the_tool_says_how_to_install_it(text, python, reason, tmp_path):
    tool = make(tmp_path, text, 20, python)
    with pytest.raises(SettingError, match=f"{reason}.*; install it: pip install tool"):
        tool.ask({"do": "one"})
    tool.close()


def test_the_variable_must_name_an_interpreter(monkeypatch):
    monkeypatch.delenv("TOOL_PYTHON", raising=False)
    with pytest.raises(SettingError, match=r"TOOL_PYTHON is not set; make one: pip install tool"):
        interpreter("tool", "TOOL_PYTHON", "pip install tool")
    monkeypatch.setenv("TOOL_PYTHON", "/no/python")
    with pytest.raises(SettingError, match="TOOL_PYTHON is '/no/python', which is no file"):
        interpreter("tool", "TOOL_PYTHON", "pip install tool")
    monkeypatch.setenv("TOOL_PYTHON", sys.executable)
    assert interpreter("tool", "TOOL_PYTHON", "") == Path(sys.executable)


def test_this_python_does_where_it_has_the_tool(monkeypatch):
    monkeypatch.delenv("TOOL_PYTHON", raising=False)
    assert interpreter("tool", "TOOL_PYTHON", "", package="json") == Path(sys.executable)
    with pytest.raises(SettingError, match="TOOL_PYTHON is not set"):
        interpreter("tool", "TOOL_PYTHON", "", package="no_such_tool")


def test_the_time_limit_is_an_option():
    assert time_limit("tool", "", 60.0) == 60.0
    assert time_limit("tool", "timeout_s=1.5", 60.0) == 1.5
    for wrong in ("timeout_s", "timeout_s=0", "timeout_s=x", "timeout_s=inf", "seconds=3", "3"):
        with pytest.raises(SettingError, match="write tool or tool:timeout_s=SECONDS"):
            time_limit("tool", wrong, 60.0)
