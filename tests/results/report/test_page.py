"""The page in a real browser: it draws, sorts, filters, changes its theme, and asks no network."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from archgym.results.report.document import report_document
from archgym.results.report.page import SCRIPTS, render
from archgym.results.store import Store
from tests.results.report.browser import browser, complaints, requests, resize
from tests.results.report.stores import make_store, multiply

PLOTS = {  # element -> a mark of which it holds some
    "curves": "path.curve",
    "lottery": "circle.dot",
    "times": "circle.mark-agent",
    "importance": "rect.bar-mark",
    "front": "circle.dot",
    "parallel": "path.design",
}
FLUID_SECONDS = 0.25
FIRST_PLOT_SECONDS = 2.0
BUILD_CPU_SECONDS = 20.0
MOST_BYTES = 15e6
Show = Callable[[dict[str, Any]], None]


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return report_document(make_store(tmp_path_factory.mktemp("page") / "s"))


@pytest.fixture(scope="module")
def chrome(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with browser(tmp_path_factory.mktemp("profile")) as driver:
        yield driver


@pytest.fixture
def show(chrome: Any, tmp_path: Path) -> Show:
    """Give a function that opens the page of a document on a wide screen."""

    def opened(document: dict[str, Any]) -> None:
        page = tmp_path / "report.html"
        page.write_text(render(document), encoding="utf-8")
        chrome.get("about:blank")
        complaints(chrome), requests(chrome)
        resize(chrome, 1280)
        chrome.get(page.as_uri())

    return opened


def count(chrome: Any, selector: str) -> int:
    found: int = chrome.execute_script(
        "return document.querySelectorAll(arguments[0]).length", selector
    )
    return found


def texts(chrome: Any, selector: str) -> list[str]:
    script = "return [...document.querySelectorAll(arguments[0])].map((one) => one.textContent)"
    found: list[str] = chrome.execute_script(script, selector)
    return found


def click(chrome: Any, selector: str) -> None:
    chrome.execute_script("document.querySelector(arguments[0]).click()", selector)


def choose(chrome: Any, problem: dict[str, Any]) -> None:
    script = (
        "const picker = document.getElementById('problem'); picker.value = arguments[0];"
        "picker.dispatchEvent(new Event('change'))"
    )
    chrome.execute_script(script, problem["key"])


def type_filter(chrome: Any, text: str) -> None:
    script = (
        "const input = document.querySelector('#configurations input');"
        "input.value = arguments[0];"
        "input.dispatchEvent(new Event('input'))"
    )
    chrome.execute_script(script, text)


def traded(document: dict[str, Any]) -> dict[str, Any]:
    """Return a problem whose objective has two metrics."""
    problem: dict[str, Any] = next(one for one in document["problems"] if one["front"])
    return problem


def test_every_plot_is_drawn_without_complaint_or_network(
    chrome: Any, show: Show, document: dict[str, Any]
) -> None:
    show(document)
    choose(chrome, traded(document))
    for element, mark in PLOTS.items():
        assert count(chrome, f"#{element} svg {mark}") >= 1, element
    assert count(chrome, "#heat td[data-tip]") == 4 * 2
    click(chrome, "#along [data-value=seconds]")
    assert "time in agent and cost model" in texts(chrome, "#curves text.title")
    assert complaints(chrome) == []
    assert all(url.startswith(("file:", "data:")) for url in requests(chrome))


def test_curves_reach_as_far_as_the_data_say(
    chrome: Any, show: Show, document: dict[str, Any]
) -> None:
    show(document)
    problem = traded(document)
    choose(chrome, problem)
    tip = """
        const pad = document.querySelector("#curves rect[fill=transparent]");
        const box = pad.getBoundingClientRect();
        pad.dispatchEvent(new PointerEvent("pointermove", {clientX: box.right, clientY: box.top}));
        return document.getElementById("tip").textContent;
    """
    told = chrome.execute_script(tip)
    assert told.splitlines()[0] == "50 evaluations"
    for agent, bands in problem["curves"]["evaluations"]["best"]["bands"].items():
        (line,) = [
            line for line in told.splitlines() if line.startswith(f"{agent.rpartition(':')[2]} ")
        ]
        shown = [
            float(text) for text in re.findall(r"-?\d+\.?\d*(?:e-?\d+)?", line.split("  ", 1)[1])
        ]
        assert shown == pytest.approx([bands[1][-1], bands[0][-1], bands[2][-1]], rel=1e-3)


def test_tables_sort_both_ways_and_filter(
    chrome: Any, show: Show, document: dict[str, Any]
) -> None:
    show(document)
    problem = document["problems"][0]
    choose(chrome, problem)
    agents = "#configurations tbody td:nth-child(1)"
    medians = sorted((row["median"] for row in problem["configurations"]), reverse=True)
    column = "#configurations tbody td:nth-child(3)"
    assert [float(text) for text in texts(chrome, column)] == pytest.approx(medians, rel=1e-3)
    click(chrome, "#configurations th:nth-child(3) button")
    assert [float(text) for text in texts(chrome, column)] == pytest.approx(
        medians[::-1], rel=1e-3
    )
    click(chrome, "#configurations th:nth-child(1) button")
    names = sorted(row["agent"] for row in problem["configurations"])
    assert texts(chrome, agents) == [name.rpartition(":")[2] for name in names]


def test_rows_are_filtered_by_all_words(chrome: Any, show: Show, document: dict[str, Any]) -> None:
    problem = document["problems"][0]
    rows = [
        row | {"hyperparameters": f"population={size}"}
        for row in problem["configurations"]
        for size in (16, 64)
    ]
    show(document | {"problems": [problem | {"configurations": rows}]})
    type_filter(chrome, "PLAIN =64")
    shown = texts(chrome, "#configurations tbody td:nth-child(2)")
    assert shown == ["population=64"] * 3
    assert texts(chrome, "#configurations .tools span") == ["3 of 8 rows"]


def test_news_keep_what_was_sorted_and_typed(
    chrome: Any, show: Show, document: dict[str, Any]
) -> None:
    problem = document["problems"][0]
    rows = [
        row | {"hyperparameters": f"n={n}"} for row in problem["configurations"] for n in (1, 2)
    ]
    show(document | {"problems": [problem | {"configurations": rows}]})
    type_filter(chrome, "n=2")
    click(chrome, "#configurations th:nth-child(1) button")
    before = texts(chrome, "#configurations tbody td:nth-child(1)")
    chrome.execute_script("state.report.problems[0].configurations.pop(); drawStore()")
    after = texts(chrome, "#configurations tbody td:nth-child(1)")
    assert len(before) == 4
    assert after in [before[:at] + before[at + 1 :] for at in range(4)]
    script = "return document.querySelector('#configurations input').value"
    assert chrome.execute_script(script) == "n=2"


def test_agents_can_be_hidden(chrome: Any, show: Show, document: dict[str, Any]) -> None:
    show(document)
    assert count(chrome, "#curves path.curve") == 2
    click(chrome, "#agents button")
    assert count(chrome, "#curves path.curve") == 1
    assert count(chrome, "#board tbody tr") == 1
    click(chrome, "#agents button:last-child")
    assert "No agent that is shown" in texts(chrome, "#curves .empty")[0]
    assert complaints(chrome) == []


def test_values_of_good_designs_select_lines(
    chrome: Any, show: Show, document: dict[str, Any]
) -> None:
    show(document)
    lines = count(chrome, "#parallel path.design")
    chrome.execute_script(
        "document.querySelector('#parallel text.tick')"
        ".dispatchEvent(new MouseEvent('click', {bubbles: true}))"
    )
    parallel = document["problems"][0]["parallel"]
    value = texts(chrome, "#parallel text.tick.on")
    assert len(value) == 1
    own = [str(one) == value[0] for one in parallel["values"][0]]
    assert count(chrome, "#parallel path.design.off") == lines - sum(own)


def test_a_problem_is_chosen_in_the_map(chrome: Any, show: Show, document: dict[str, Any]) -> None:
    show(document)
    key = document["problems"][2]["key"]
    click(chrome, f"[data-problem='{key}'] button")
    assert chrome.execute_script("return document.getElementById('problem').value") == key
    assert chrome.execute_script("return location.hash") == f"#{key}"


def test_the_theme_changes_and_begins_as_the_system_has_it(
    chrome: Any, show: Show, document: dict[str, Any]
) -> None:
    ground = "return getComputedStyle(document.body).backgroundColor"
    grounds = {}
    for scheme in ("light", "dark"):
        feature = {"name": "prefers-color-scheme", "value": scheme}
        chrome.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [feature]})
        show(document)
        grounds[scheme] = chrome.execute_script(ground)
    assert grounds["light"] != grounds["dark"]
    click(chrome, "#theme")
    assert chrome.execute_script(ground) == grounds["light"]
    chrome.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


def test_a_phone_needs_no_sideways_scrolling(
    chrome: Any, show: Show, document: dict[str, Any]
) -> None:
    show(document)
    resize(chrome, 360, 800)
    choose(chrome, traded(document))
    width = "return document.documentElement.scrollWidth"
    assert chrome.execute_script(width) == 360
    outside = """
        return [...document.querySelectorAll("svg text")].filter((text) => {
          const box = text.getBoundingClientRect();
          return box.left < -1 || box.right > 361;
        }).map((text) => text.textContent);
    """
    assert chrome.execute_script(outside) == []


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"problems": [], "agents": [], "states": {}, "failures": []}, "holds no runs yet"),
        ({"states": {"running": 3}}, "No run of this store has finished"),
        ({"states": {"done": 48, "interrupted": 2}}, "2 of 50 trials are not finished"),
    ],
)
def test_what_is_missing_is_said(
    chrome: Any, show: Show, document: dict[str, Any], changes: dict[str, Any], message: str
) -> None:
    show(document | changes)
    assert message in texts(chrome, "#banner")[0]
    assert complaints(chrome) == []


def test_notes_take_the_place_of_plots(chrome: Any, show: Show, document: dict[str, Any]) -> None:
    problem = document["problems"][0]
    kept = {key: problem[key] for key in ("agents", "configurations", "curves")}
    bare = {key: value for key, value in problem.items() if not isinstance(value, list | dict)}
    bare |= kept | {"states": problem["states"], "designs_note": "the environment is gone"}
    failed = {**bare, "key": "failed", "note": "no run has finished yet", "agents": None}
    show(document | {"problems": [bare, failed]})
    assert texts(chrome, "#parallel .empty") == ["the environment is gone"]
    choose(chrome, failed)
    assert texts(chrome, "#note") == ["No run has finished yet."]
    assert complaints(chrome) == []


def test_text_of_users_is_no_markup(chrome: Any, show: Show, document: dict[str, Any]) -> None:
    wild = "</script><img src=x onerror=\"document.title='taken'\">"
    problem = document["problems"][0] | {"workload": wild}
    failure = document["failures"][0] | {"reason": wild}
    show(document | {"store": wild, "problems": [problem], "failures": [failure]})
    assert texts(chrome, "#store") == [wild]
    assert texts(chrome, "#failures tbody td:nth-child(3)") == [wild]
    assert count(chrome, "img") == 0
    assert chrome.title == f"archgym report: {wild}"


def test_the_page_stands_alone(document: dict[str, Any]) -> None:
    page = render(document)
    assert not re.search(r"(src|href)=[\"'](?!data:)", page)
    assert set(re.findall(r"https?://[^\s\"']+", page)) == {"http://www.w3.org/2000/svg"}
    data = re.search(r'<script id="data" type="application/json">(.*?)</script>', page, re.DOTALL)
    assert data is not None
    assert json.loads(data[1]) == document
    assert "{{" not in page.replace(data[0], "")


def test_scripts_are_written_for_people() -> None:
    folder = Path(__file__).resolve().parents[3] / "results" / "report" / "static"
    assert {path.name for path in folder.glob("*.js")} == set(SCRIPTS)


@pytest.mark.extended
def test_21_600_trials_stay_fluid(chrome: Any, show: Show, tmp_path: Path) -> None:
    # CPU time, since tests run beside others: the build uses two threads for half of it.
    large = multiply(make_store(tmp_path / "small"), tmp_path / "large", 21_600)
    began = time.process_time()
    document = report_document(Store.open(large.path))
    page = render(document)
    assert time.process_time() - began < BUILD_CPU_SECONDS
    assert document["states"] == {"done": 21_600}
    assert len(page.encode()) < MOST_BYTES
    show(document)
    drawn = "return performance.timing.domComplete - performance.timing.navigationStart"
    assert chrome.execute_script(drawn) / 1000 < FIRST_PLOT_SECONDS
    assert count(chrome, "#curves path.curve") == 2
    spent = """
        const begin = performance.now();
        const input = document.querySelector("#configurations input");
        input.value = arguments[0];
        input.dispatchEvent(new Event("input"));
        document.body.getBoundingClientRect();
        return (performance.now() - begin) / 1000;
    """
    for text in ("plain", "plain 0.01", ""):
        assert chrome.execute_script(spent, text) < FLUID_SECONDS
    hide = """
        const begin = performance.now();
        document.querySelector("#agents button").click();
        document.body.getBoundingClientRect();
        return (performance.now() - begin) / 1000;
    """
    assert chrome.execute_script(hide) < FLUID_SECONDS
