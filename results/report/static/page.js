"use strict";
// What is chosen on the page, and drawing it: header, agents across problems, one problem.

const LIVE_SECONDS = Number(document.documentElement.dataset.live);
const byId = (id) => document.getElementById(id);
const state = {report: JSON.parse(byId("data").textContent), problem: null, hidden: new Set(), along: "evaluations", which: "best", axes: [0, 1]};

const micros = (value) => (value === null ? "–" : duration(value / 1e6));
const COSTS = [
  {key: "unique_share", title: "unique", format: percent, tip: "share of evaluations of designs that were new"},
  {key: "infeasible_share", title: "infeasible", format: percent, tip: "share of evaluations of infeasible designs"},
  {key: "failed_share", title: "failed", format: percent, tip: "share of evaluations that timed out or crashed"},
  {key: "agent_us", title: "agent time", format: micros, tip: "agent's time per evaluation"},
  {key: "cost_model_us", title: "model time", format: micros, tip: "cost model's time per evaluation"},
];
const RECHECKS = state.report.problems.some((problem) => problem.agents?.some((row) => row.rechecked !== null)) ? [
  {key: "rechecked", title: "re-checked", tip: "best reward by the true cost model among the designs it evaluated in the end, median over runs"},
  {key: "true_evaluations", title: "true evaluations", tip: "evaluations by the true cost model, mean over runs"},
] : [];
const BOARD = [
  {key: "agent", title: "agent", format: classOf},
  {key: "wins", title: "wins", format: (value) => value?.toFixed(2) ?? "–", tip: "probability that its run ends better than a run of another agent"},
  {key: "median", title: "median", tip: "best reward found, median over seeds, then over configurations"},
  {key: "worst", title: "worst", tip: "its worst configuration's median"},
  {key: "best", title: "best", tip: "its best configuration's median"},
  ...RECHECKS, {key: "configurations", title: "configurations"}, {key: "runs", title: "runs"}, ...COSTS,
];
const CONFIGURATIONS = [
  {key: "agent", title: "agent", format: classOf}, {key: "hyperparameters", title: "hyper-parameters", text: true},
  {key: "median", title: "median", tip: "best reward found, median over seeds"},
  {key: "quartile_1", title: "quartile 1"}, {key: "quartile_3", title: "quartile 3"}, {key: "best", title: "best"},
  ...(RECHECKS.length ? [{key: "recheck", title: "re-check", text: true}] : []), ...RECHECKS,
  {key: "seeds", title: "seeds"}, ...COSTS, {key: "best_run", title: "best run", tip: "archgym replay evaluates it again"},
];
const FAILURES = [
  {key: "trial", title: "trial", text: true}, {key: "kind", title: "kind"}, {key: "reason", title: "reason", text: true},
  {key: "attempts", title: "attempts"}, {key: "retry", title: "try again with", text: true},
];
const WORK = [{key: "trial", title: "trial", text: true}, {key: "evaluations", title: "evaluations"}, {key: "budget", title: "budget"}, {key: "best", title: "best reward"}];

// The budget and what else is set are told where problems differ in nothing before them.
function problemName(problem) {
  const parts = (one) => [one.env, one.workload, one.objective, `budget ${one.budget}`, one.settings, one.cost_model];
  const own = parts(problem), others = state.report.problems.filter((one) => one !== problem).map(parts);
  let told = 3;
  while (told < own.length && others.some((other) => own.slice(0, told).every((part, at) => part === other[at]))) told++;
  return own.slice(0, told).join(" · ");
}

// ---- the whole store -----------------------------------------------------------------------

function drawStore() {
  const {report} = state, {states} = report;
  quietTip();
  byId("store").textContent = report.store;
  byId("about").textContent = `${new Date(report.made).toLocaleString("en-GB", {dateStyle: "medium", timeStyle: "short"})}, archgym ${report.version}${report.where.length ? `, only ${report.where.join(", ")}` : ""}`;
  const total = Object.values(states).reduce((sum, count) => sum + count, 0);
  const unfinished = ["running", "interrupted", "failed"].filter((name) => states[name]).map((name) => [states[name], name]);
  const tiles = [[report.problems.length, "problems"], [report.agents.length, "agents"], [total, "trials"], [states.done ?? 0, "done"], ...unfinished];
  byId("tiles").replaceChildren(...tiles.map(([count, name]) => html("li", {}, html("b", {}, count.toLocaleString("en-US")), html("span", {}, name))));
  banner(storeMessage(total, states));
  section("work-section", report.at_work.length, () => drawTable(byId("work"), WORK, report.at_work, {sort: "evaluations"}));
  section("failures-section", report.failures.length, () => drawTable(byId("failures"), FAILURES, report.failures, {}));
  section("across", report.problems.some((problem) => problem.agents) && report.problems.length > 1 && report.agents.length > 1, drawHeat);
  section("one", report.problems.length, drawProblem);
}

function storeMessage(total, states) {
  if (!total) return "This store holds no runs yet. archgym run LAUNCH.yaml makes some.";
  if (!states.done) return "No run of this store has finished yet; plots appear with the first one.";
  const rest = total - states.done;
  return rest ? `${rest} of ${total} trials are not finished: they count in no figure below. The same archgym run command goes on with them; ${states.failed ? "failed ones are listed at the end" : "none has failed"}.` : "";
}

function banner(text) {
  byId("banner").hidden = !text;
  byId("banner").textContent = text;
}

function section(id, isShown, draw) {
  byId(id).hidden = !isShown;
  if (isShown) draw();
}

function drawHeat() {
  const {report} = state;
  const shown = report.agents.filter((agent) => report.problems.some((problem) => problem.agents?.some((row) => row.agent === agent)));
  const head = html("tr", {}, html("th"), ...shown.map((agent) => html("th", {scope: "col", class: "column"}, ...breakable(classOf(agent)))));
  const rows = report.problems.filter((problem) => problem.agents).map((problem) => {
    const choose = html("button", {type: "button", onclick: () => { choice(problem.key); byId("one").scrollIntoView({behavior: "smooth"}); }}, problemName(problem));
    const cells = shown.map((agent) => heatCell(problem.agents.find((row) => row.agent === agent)));
    return html("tr", {class: problem.key === state.problem ? "chosen" : null, "data-problem": problem.key}, html("th", {scope: "row"}, choose), ...cells);
  });
  byId("heat").replaceChildren(html("table", {}, html("thead", {}, head), html("tbody", {}, ...rows)));
}

function heatCell(row) {
  if (!row || row.wins === null) return html("td", {}, "–");
  const strength = Math.round(Math.abs(row.wins - 0.5) * 130);
  const colour = `background: color-mix(in srgb, var(${row.wins < 0.5 ? "--lose" : "--win"}) ${strength}%, var(--surface))`;
  const tip = `${row.agent}\nwins ${row.wins.toFixed(2)}\nmedian best reward ${exact(row.median)}\n${row.configurations} configurations, ${row.runs} runs`;
  return html("td", {style: colour, "data-tip": tip}, row.wins.toFixed(2));
}

// ---- one problem ---------------------------------------------------------------------------

function choice(key) {
  state.problem = key;
  state.axes = [0, 1];
  history.replaceState(null, "", `#${key}`);
  for (const row of document.querySelectorAll("#heat [data-problem]")) row.classList.toggle("chosen", row.dataset.problem === key);
  drawProblem();
}

function current() {
  const {problems} = state.report;
  return problems.find((problem) => problem.key === state.problem) ?? problems.find((problem) => problem.agents) ?? problems[0];
}

function drawProblem() {
  const problem = current(), picker = byId("problem");
  state.problem = problem.key;
  picker.replaceChildren(...state.report.problems.map((one) => html("option", {value: one.key, selected: one.key === problem.key}, problemName(one))));
  byId("facts").textContent = `${[`Budget ${problem.budget} evaluations`, problem.settings, `cost model ${problem.cost_model}`].filter(Boolean).join(", ")}. Trials: ${Object.entries(problem.states).map(([name, count]) => `${count} ${name}`).join(", ")}.`;
  byId("cards").hidden = !problem.agents;
  byId("note").hidden = Boolean(problem.agents);
  byId("note").textContent = problem.note ? `${problem.note[0].toUpperCase()}${problem.note.slice(1)}.` : "";
  drawAgents(problem);
  if (problem.agents) drawCards(problem);
}

function drawAgents(problem) {
  const names = (problem.agents ?? []).map((row) => row.agent);
  byId("agents").replaceChildren(...names.map((agent) => html("button", {
    type: "button", "aria-pressed": String(!state.hidden.has(agent)), title: `show or hide ${agent}`,
    onclick: () => { if (!state.hidden.delete(agent)) state.hidden.add(agent); drawProblem(); },
  }, swatch(state.report.agents, agent), classOf(agent))));
}

function drawCards(problem) {
  const {agents} = state.report;
  const shown = problem.agents.map((row) => row.agent).filter((agent) => !state.hidden.has(agent));
  const isShown = (row) => shown.includes(row.agent);
  const mark = (key, value) => (key === "agent" ? swatch(agents, value) : null);
  drawCurveCard(problem, shown);
  drawTable(byId("board"), BOARD, problem.agents.filter(isShown), {sort: "median", filter: false, mark});
  drawLottery(byId("lottery"), problem, agents, shown);
  drawTimes(byId("times"), problem, shown);
  drawDesignCards(problem, shown);
  drawTable(byId("configurations"), CONFIGURATIONS, problem.configurations.filter(isShown), {sort: "median", mark});
}

function drawCurveCard(problem, shown) {
  const {along, which} = state;
  switcher("along", [["evaluations", "evaluations"], ["seconds", "wall-clock"]]);
  switcher("which", [["best", "best configuration"], ["all", "all configurations"]]);
  drawCurves(byId("curves"), problem.curves[along][which], state.report.agents, shown, along, (agent) => curveLabel(problem, agent));
  const runs = which === "best" ? "the seeds of each agent's best configuration, chosen by the median of these same runs" : "all runs of an agent, whatever their hyper-parameters";
  byId("curves-text").textContent = `Median and middle half over ${runs}. ${along === "seconds" ? "Time is what agent and cost model took, as measured when the trials ran." : "Repeated designs count as evaluations."}`;
}

function curveLabel(problem, agent) {
  const own = problem.configurations.filter((row) => row.agent === agent);
  if (state.which === "all") return `${classOf(agent)}, ${own.reduce((sum, row) => sum + row.seeds, 0)} runs`;
  const [best] = own; // rows come best first
  return `${classOf(agent)}${best.hyperparameters ? ` (${best.hyperparameters})` : ""}, ${best.seeds} ${best.seeds === 1 ? "seed" : "seeds"}`;
}

function switcher(id, choices) {
  byId(id).replaceChildren(...choices.map(([value, text]) => html("button", {
    type: "button", "aria-pressed": String(state[id] === value), "data-value": value, onclick: () => { state[id] = value; drawProblem(); },
  }, text)));
}

function drawDesignCards(problem, shown) {
  const places = ["front", "importance", "parallel"];
  places.forEach((place) => { byId(`${place}-text`).textContent = ""; });
  byId("front-axes").replaceChildren();
  if (problem.designs_note) return places.forEach((place) => empty(byId(place), problem.designs_note));
  const [read, all] = problem.designs_runs;
  const source = `${problem.designs.toLocaleString("en-US")} different designs of ${read === all ? "all" : `the best and typical ${read} of`} ${all} runs`;
  drawFrontCard(problem, shown, source);
  drawImportance(byId("importance"), problem.importance);
  byId("importance-text").textContent = `First-order share of the variation of ranked rewards, from ${source}. Interactions are not counted, and agents did not sample evenly: a hint, not a proof.`;
  drawParallel(byId("parallel"), problem.parallel, state.report.agents, shown);
  const rest = problem.parallel.left_out ? ` ${problem.parallel.left_out} parameters that explain least are left out.` : "";
  byId("parallel-text").textContent = `The ${problem.parallel.reward.length} best feasible designs of ${source}, once per agent that found it; the best one is bold. Choose values to see the designs that have them.${rest}`;
}

function drawFrontCard(problem, shown, source) {
  const {front} = problem;
  if (!front) return empty(byId("front"), `The objective ${problem.objective} weighs a single metric: there is no trade-off to show.`);
  if (front.metrics.length > 2) {
    byId("front-axes").replaceChildren(...[0, 1].map((side) => html("select", {"aria-label": side ? "Vertical metric" : "Horizontal metric", onchange: (event) => { state.axes[side] = Number(event.target.value); drawProblem(); }},
      ...front.metrics.map((metric, at) => html("option", {value: at, selected: at === state.axes[side]}, metric.name)))));
  }
  drawFront(byId("front"), front, state.report.agents, shown, state.axes);
  byId("front-text").textContent = `Coloured: designs that no other of the same agent dominates. Grey: a sample of ${source}.`;
}

// ---- light and dark, size, live ------------------------------------------------------------

function setTheme(name) {
  document.documentElement.dataset.theme = name;
  byId("theme").textContent = name === "dark" ? "Light" : "Dark";
}

async function refresh(known) {
  const answer = await fetch("data.json", {headers: known.tag ? {"If-None-Match": known.tag} : {}, cache: "no-store"}).catch(() => null);
  if (answer?.ok) {
    state.report = await answer.json();
    known.tag = answer.headers.get("ETag");
    drawStore();
  } else if (answer?.status !== 304) {
    banner(answer ? await answer.text() : "The dashboard's server has stopped; this is what it told last.");
  }
  setTimeout(() => refresh(known), 1000 * LIVE_SECONDS);
}

function begin() {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  setTheme(dark.matches ? "dark" : "light");
  dark.addEventListener("change", () => setTheme(dark.matches ? "dark" : "light"));
  byId("theme").addEventListener("click", () => setTheme(document.documentElement.dataset.theme === "dark" ? "light" : "dark"));
  byId("problem").addEventListener("change", (event) => choice(event.target.value));
  state.problem = location.hash.slice(1) || null;
  drawStore();
  let width = innerWidth;
  addEventListener("resize", () => {
    if (width !== innerWidth && !byId("one").hidden) drawProblem();
    width = innerWidth;
  });
  if (LIVE_SECONDS) refresh({tag: null});
}

begin();
