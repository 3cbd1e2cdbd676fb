"use strict";
// The plots of one problem. Each empties its element and draws anew.

const COLOURS = 7;
const DASHES = [null, "7 4", "2 3"];

// An agent keeps its colour and dash whatever is shown: its place among all agents of the store.
function look(agents, agent) {
  const place = agents.indexOf(agent);
  return {colour: `c${place % COLOURS}`, dash: DASHES[Math.floor(place / COLOURS) % DASHES.length]};
}

// An agent that is named by its import path is shown by its class.
function classOf(agent) {
  return agent.split(":").pop();
}

function swatch(agents, agent) {
  const {colour, dash} = look(agents, agent);
  return svg("svg", {class: `key ${colour}`, viewBox: "0 0 20 10", "aria-hidden": "true"},
    svg("line", {class: "curve", x1: 0, x2: 20, y1: 5, y2: 5, "stroke-dasharray": dash, style: "stroke-width:3"}));
}

function legend(agents, shown, text = classOf) {
  return html("div", {class: "legend"}, ...shown.map((agent) => html("span", {}, swatch(agents, agent), text(agent))));
}

function path(points) {
  return points.map(([x, y], at) => `${at ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`).join("");
}

// ---- best so far ---------------------------------------------------------------------------

const SPREAD_FOR_LOG = 30;
const CLEAR_BANDS = 5; // more of them cover each other

function drawCurves(element, curves, agents, shown, along, labels) {
  const {at, bands} = curves;
  const drawn = shown.filter((agent) => bands[agent]);
  if (!drawn.length) return empty(element, "No agent that is shown has a finished run here.");
  const values = settled(drawn, bands), low = Math.min(...values);
  const isLog = low > 0 && Math.max(...values) / low > SPREAD_FOR_LOG;
  const {drawing, width, height} = canvas(element, 360, `Best reward so far by ${along}`);
  const box = {left: 52, right: width - 12, top: 26, bottom: height - 46};
  const x = logarithmic([at[0], at[at.length - 1]], [box.left, box.right]);
  const y = (isLog ? logarithmic : linear)(padded(values, isLog), [box.bottom, box.top]);
  const isTime = along === "seconds";
  horizontalAxis(drawing, x, {...box, title: isTime ? "time in agent and cost model" : "evaluations", format: isTime ? duration : brief});
  verticalAxis(drawing, y, {...box, title: isLog ? "best reward (log)" : "best reward"});
  drawing.append(svg("clipPath", {id: "inside"}, svg("rect", {x: box.left, y: box.top, width: box.right - box.left, height: box.bottom - box.top})));
  const inside = svg("g", {"clip-path": "url(#inside)"});
  const opacity = drawn.length > CLEAR_BANDS ? 0.06 : 0.13;
  for (const agent of drawn) drawBand(inside, {...look(agents, agent), opacity}, at, bands[agent], x, (value) => y(isLog ? Math.max(value, low / 10) : value));
  drawing.append(inside);
  element.prepend(legend(agents, drawn, labels));
  crosshair(drawing, box, at, x, (place) => curveText(drawn, bands, at, place, isTime));
}

// The first third of a curve, on its log scale, does not stretch the axis: it enters from below.
function settled(drawn, bands) {
  return drawn.flatMap((agent) => bands[agent].flatMap((values) => values.slice(Math.floor(values.length / 3)))).filter((value) => value !== null);
}

function padded(values, isLog) {
  const low = Math.min(...values), high = Math.max(...values);
  return isLog ? [low / 1.1, high * 1.1] : [low - 0.04 * (high - low), high + 0.04 * (high - low)];
}

function drawBand(group, {colour, dash, opacity}, at, [low, middle, high], x, y) {
  const known = at.map((_, place) => place).filter((place) => middle[place] !== null);
  const line = (values) => stairs(known.map((place) => [x(at[place]), y(values[place])]));
  const lower = line(low);
  group.append(svg("path", {class: `band ${colour}`, opacity, d: path([...line(high), ...lower.reverse()]) + "Z"}));
  group.append(svg("path", {class: `curve ${colour}`, "stroke-dasharray": dash, d: path(line(middle))}));
}

// Steps from point to point: across first, or up and down first.
function stairs(points, verticalFirst = false) {
  const corner = (before, point) => (verticalFirst ? [before[0], point[1]] : [point[0], before[1]]);
  return points.flatMap((point, at) => (at ? [corner(points[at - 1], point), point] : [point]));
}

function crosshair(drawing, box, at, x, text) {
  const line = svg("line", {class: "cross", y1: box.top, y2: box.bottom, visibility: "hidden"});
  const pad = svg("rect", {x: box.left, y: box.top, width: box.right - box.left, height: box.bottom - box.top, fill: "transparent"});
  pad.addEventListener("pointermove", (event) => {
    const pointer = event.clientX - drawing.getBoundingClientRect().left;
    const place = at.reduce((best, value, index) => (Math.abs(x(value) - pointer) < Math.abs(x(at[best]) - pointer) ? index : best), 0);
    fill(line, {x1: x(at[place]), x2: x(at[place]), visibility: "visible"}, []);
    message(pad, text(place), event);
  });
  pad.addEventListener("pointerleave", () => { line.setAttribute("visibility", "hidden"); quietTip(); });
  drawing.append(line, pad);
}

function curveText(drawn, bands, at, place, isTime) {
  const rows = drawn.filter((agent) => bands[agent][1][place] !== null);
  rows.sort((a, b) => bands[b][1][place] - bands[a][1][place]);
  const told = rows.map((agent) => {
    const [low, middle, high] = bands[agent].map((values) => exact(values[place]));
    return `${classOf(agent)}  ${middle}  (${low} to ${high})`;
  });
  return [isTime ? duration(at[place]) : `${exact(at[place])} evaluations`, ...told].join("\n");
}

// ---- rows of agents ------------------------------------------------------------------------

// Draws one row per agent: its name at the left, a horizontal axis below.
function agentRows(element, rows, {domain, isLog, title, format, label, height = 38}, draw) {
  const {drawing, width} = canvas(element, rows.length * height + 54, label);
  const names = Math.max(...rows.map((row) => classOf(row.agent).length)) * 7.4 + 12;
  const box = {left: Math.min(names, width * 0.42), right: width - 16, top: 4, bottom: rows.length * height + 4};
  const x = (isLog ? logarithmic : linear)(domain, [box.left + 8, box.right - 8]);
  horizontalAxis(drawing, x, {...box, title, format});
  rows.forEach((row, place) => {
    const y = box.top + (place + 0.5) * height;
    drawing.append(svg("text", {class: "name", x: box.left - 10, y: y + 4, "text-anchor": "end"}, shortened(classOf(row.agent), (box.left - 10) / 7.4)));
    draw(drawing, row, x, y);
  });
}

function drawLottery(element, problem, agents, shown) {
  const rows = problem.agents.filter((row) => shown.includes(row.agent)).sort((a, b) => b.median - a.median);
  if (!rows.length) return empty(element, "No agent that is shown has a finished run here.");
  const values = rows.flatMap((row) => [row.worst, row.best]);
  const isLog = Math.min(...values) > 0 && Math.max(...values) / Math.min(...values) > SPREAD_FOR_LOG;
  const options = {domain: padded(values, isLog), isLog, title: isLog ? "best reward (log)" : "best reward", format: brief, label: "Spread over configurations"};
  agentRows(element, rows, options, (drawing, row, x, y) => {
    const {colour} = look(agents, row.agent);
    const own = problem.configurations.filter((configuration) => configuration.agent === row.agent);
    if (own.length > 1) {
      drawing.append(svg("rect", {class: `box ${colour}`, x: x(row.quartile_1), y: y - 11, width: Math.max(x(row.quartile_3) - x(row.quartile_1), 2), height: 22, rx: 3}));
      drawing.append(svg("line", {class: `middle ${colour}`, x1: x(row.median), x2: x(row.median), y1: y - 12, y2: y + 12}));
    }
    own.forEach((configuration, place) => drawing.append(configurationMark(configuration, x, y, place, own.length, colour)));
  });
}

function configurationMark(row, x, y, place, count, colour) {
  const tip = `${row.agent} ${row.hyperparameters}${row.default ? " (default)" : ""}\nmedian ${exact(row.median)}, best ${exact(row.best)}, seeds ${row.seeds}`;
  const across = count > 1 ? y + 9 * (((place * 0.618034) % 1) * 2 - 1) : y;
  if (row.default) return svg("path", {class: "default", d: `M${x(row.median)} ${y - 6}l6 6l-6 6l-6 -6Z`, "data-tip": tip});
  return svg("circle", {class: `dot ${colour}`, cx: x(row.median), cy: across, r: count > 60 ? 3 : 4.2, "data-tip": tip});
}

function drawTimes(element, problem, shown) {
  const rows = problem.agents.filter((row) => shown.includes(row.agent)).sort((a, b) => a.agent_us - b.agent_us);
  if (!rows.length) return empty(element, "No agent that is shown has a finished run here.");
  const seconds = (micros) => Math.max(micros, 0.01) / 1e6;
  const values = rows.flatMap((row) => [seconds(row.agent_us), seconds(row.cost_model_us)]);
  const domain = [10 ** Math.floor(Math.log10(Math.min(...values))), 10 ** Math.ceil(Math.log10(Math.max(...values)))];
  agentRows(element, rows, {domain, isLog: true, title: "time per evaluation (log)", format: duration, label: "Time per evaluation", height: 34}, (drawing, row, x, y) => {
    const [own, model] = [seconds(row.agent_us), seconds(row.cost_model_us)];
    const share = percent(own / (own + model));
    const tip = `${row.agent}\nagent ${duration(own)}, cost model ${duration(model)}\n${share} of the time is the agent's`;
    drawing.append(svg("line", {class: "link", x1: x(own), x2: x(model), y1: y, y2: y, "data-tip": tip}));
    drawing.append(svg("rect", {class: "mark-model", x: x(model) - 5, y: y - 5, width: 10, height: 10, "data-tip": tip}));
    drawing.append(svg("circle", {class: "mark-agent", cx: x(own), cy: y, r: 5.5, "data-tip": tip}));
  });
  const key = (mark) => svg("svg", {class: "key", viewBox: "0 0 20 10", "aria-hidden": "true"}, mark);
  element.prepend(html("div", {class: "legend"},
    html("span", {}, key(svg("circle", {class: "mark-agent", cx: 10, cy: 5, r: 5})), "agent"),
    html("span", {}, key(svg("rect", {class: "mark-model", x: 5, y: 0, width: 10, height: 10})), "cost model")));
}

function drawImportance(element, rows) {
  const most = rows.slice(0, 12);
  const {drawing, width} = canvas(element, most.length * 26 + 50, "Importance of parameters");
  const names = Math.max(...most.map((row) => row.parameter.length)) * 7.4 + 10;
  const box = {left: Math.min(names, width * 0.5), right: width - 48, top: 2, bottom: most.length * 26 + 4};
  const x = linear([0, Math.max(...most.map((row) => row.share), 0.01)], [box.left, box.right]);
  horizontalAxis(drawing, x, {...box, title: "share of the variation explained alone", format: percent});
  most.forEach((row, place) => {
    const y = box.top + place * 26;
    drawing.append(svg("text", {class: "name", x: box.left - 8, y: y + 18, "text-anchor": "end"}, shortened(row.parameter, (box.left - 8) / 7.4)));
    drawing.append(svg("rect", {class: "bar-mark", x: box.left, y: y + 5, width: Math.max(x(row.share) - box.left, 1), height: 17, rx: 2, "data-tip": `${row.parameter}\n${percent(row.share)}`}));
    drawing.append(svg("text", {x: x(row.share) + 6, y: y + 18}, percent(row.share)));
  });
}

function shortened(text, most) {
  return text.length <= most ? text : `${text.slice(0, Math.max(Math.floor(most) - 1, 1))}…`;
}

// ---- trade-offs ----------------------------------------------------------------------------

function drawFront(element, front, agents, shown, [across, up]) {
  const drawn = shown.filter((agent) => front.agents[agent] && front.agents[agent].length);
  if (!drawn.length) return empty(element, "No agent that is shown found a feasible design here.");
  const {drawing, width, height} = canvas(element, 330, "Pareto fronts");
  const box = {left: 56, right: width - 14, top: 26, bottom: height - 46};
  const points = [...front.beside, ...drawn.flatMap((agent) => front.agents[agent])];
  const [x, y] = [[across, [box.left, box.right]], [up, [box.bottom, box.top]]].map(([axis, range]) => metricScale(points.map((point) => point[axis]), range));
  const title = (axis) => `${front.metrics[axis].name} (${front.metrics[axis].maximize ? "more" : "less"} is better)`;
  horizontalAxis(drawing, x, {...box, title: title(across)});
  verticalAxis(drawing, y, {...box, title: title(up)});
  for (const point of front.beside) drawing.append(svg("circle", {class: "beside", cx: x(point[across]), cy: y(point[up]), r: 2}));
  for (const agent of drawn) drawOwnFront(drawing, front, agents, agent, [across, up], [x, y]);
  element.prepend(legend(agents, drawn));
}

function metricScale(values, range) {
  const low = Math.min(...values), isLog = low > 0 && Math.max(...values) / low > SPREAD_FOR_LOG / 3;
  return (isLog ? logarithmic : linear)(padded(values, isLog), range);
}

function drawOwnFront(drawing, front, agents, agent, axes, [x, y]) {
  const {colour, dash} = look(agents, agent), [across, up] = axes;
  const points = [...front.agents[agent]].sort((a, b) => a[across] - b[across]);
  const places = points.map((point) => [x(point[across]), y(point[up])]);
  if (front.metrics.length === 2) drawing.append(svg("path", {class: `stair ${colour}`, "stroke-dasharray": dash, d: path(stairs(places, front.metrics[across].maximize))}));
  points.forEach((point, place) => {
    const told = front.metrics.map((metric, at) => `${metric.name} ${exact(point[at])}`);
    drawing.append(svg("circle", {class: `dot ${colour}`, cx: places[place][0], cy: places[place][1], r: 4, "data-tip": [agent, ...told].join("\n")}));
  });
}

// ---- good designs --------------------------------------------------------------------------

const STEP = 58;

// Parallel axes lie flat, one under another, so that names and values have room on any screen.
function drawParallel(element, parallel, agents, shown) {
  const {axes, lines, reward, agent} = parallel;
  const kept = lines.map((_, place) => place).filter((place) => shown.includes(agent[place]));
  if (!kept.length || !axes.length) return empty(element, "No agent that is shown found one of the best designs here.");
  const {drawing, width} = canvas(element, axes.length * STEP + 6, "Good designs on parallel axes");
  const names = width > 620 ? Math.max(...axes.map((axis) => axis.name.length)) * 7.4 + 16 : 0;
  const x = linear([0, 1], [names + 16, width - 16]);
  const marks = [...kept].reverse().map((place) => ({place, mark: designLine(parallel, place, x, look(agents, agent[place]).colour, place === kept[0])}));
  const filters = new Map();
  const refresh = () => marks.forEach(({place, mark}) => {
    mark.classList.toggle("off", [...filters].some(([at, value]) => Math.abs(lines[place][at] - value) > 1e-3));
  });
  axes.forEach((_, at) => drawing.append(svg("line", {class: "axis", x1: x(0), x2: x(1), y1: level(at), y2: level(at), "stroke-width": 1.5})));
  drawing.append(...marks.map(({mark}) => mark));
  axes.forEach((axis, at) => {
    drawing.append(svg("text", {class: "name over", x: names ? names - 12 : 0, y: level(at) + (names ? 4 : -9), "text-anchor": names ? "end" : "start"}, axis.name));
    parallelTicks(drawing, axis, at, x, filters, refresh);
  });
  element.prepend(legend(agents, shown.filter((name) => kept.some((place) => agent[place] === name))));
}

function level(at) {
  return 26 + at * STEP;
}

function designLine({axes, lines, values, reward, agent}, place, x, colour, isBest) {
  const sway = 9 * (((place * 0.618034) % 1) * 2 - 1); // designs with equal values lie side by side
  const points = axes.map((_, at) => [x(lines[place][at]) + sway, level(at)]);
  const bends = points.slice(1).map(([right, below], at) => `C${points[at][0].toFixed(1)} ${points[at][1] + STEP / 2} ${right.toFixed(1)} ${below - STEP / 2} ${right.toFixed(1)} ${below}`);
  const told = axes.map((axis, at) => `${axis.name} ${values[at][place]}`);
  const tip = [`${agent[place]}, reward ${exact(reward[place])}`, ...told].join("\n");
  return svg("path", {class: `design ${colour}${isBest ? " best" : ""}`, d: path([points[0]]) + bends.join(""), "data-tip": tip});
}

function tickText(value) {
  return shortened(typeof value === "number" ? brief(value) : String(value), 20);
}

function parallelTicks(drawing, axis, at, x, filters, refresh) {
  let free = -Infinity;
  for (const [place, value] of axis.ticks) {
    const text = tickText(value), span = text.length * EM;
    const [anchor, begin] = place === 0 ? ["start", x(0) - 10] : place === 1 ? ["end", x(1) + 10 - span] : ["middle", x(place) - span / 2];
    drawing.append(svg("line", {class: "axis", x1: x(place), x2: x(place), y1: level(at) - 4, y2: level(at) + 4}));
    if (begin < free || (place < 1 && begin + span > x(1) - lastWidth(axis))) continue;
    free = begin + span + 8;
    const label = svg("text", {class: "tick over", x: place === 0 ? begin : place === 1 ? begin + span : x(place), y: level(at) + 18, "text-anchor": anchor, "data-axis": at}, text);
    label.addEventListener("click", () => toggleFilter(drawing, label, at, place, filters, refresh));
    drawing.append(label);
  }
}

function toggleFilter(drawing, label, at, place, filters, refresh) {
  const isOn = filters.get(at) !== place;
  for (const other of drawing.querySelectorAll(`[data-axis="${at}"]`)) other.classList.remove("on");
  if (isOn) filters.set(at, place); else filters.delete(at);
  label.classList.toggle("on", isOn);
  refresh();
}

function lastWidth(axis) {
  const [place, value] = axis.ticks[axis.ticks.length - 1];
  return place === 1 ? tickText(value).length * EM : 0;
}
