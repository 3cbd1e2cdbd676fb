"use strict";
// Elements, numbers, scales and axes: what all plots share.

const SVG = "http://www.w3.org/2000/svg";
const EM = 6.6; // width of a character of axis text in pixels, roughly

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value !== null && value !== undefined && value !== false) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

// A name that may break after its underscores.
function breakable(name) {
  return name.split(/(?<=_)/).flatMap((part) => [part, document.createElement("wbr")]);
}

function html(name, attributes = {}, ...children) {
  return fill(document.createElement(name), attributes, children);
}

function svg(name, attributes = {}, ...children) {
  return fill(document.createElementNS(SVG, name), attributes, children);
}

// ---- numbers -------------------------------------------------------------------------------

const SUFFIXES = [[1e12, "T"], [1e9, "G"], [1e6, "M"], [1e3, "k"]];

function trimmed(value, digits) {
  return String(Number(value.toPrecision(digits)));
}

// For tables and tips: five digits, thousands apart.
function exact(value) {
  if (value === null || value === undefined) return "–";
  const size = Math.abs(value);
  if (size !== 0 && (size >= 1e9 || size < 1e-3)) return value.toExponential(3);
  return Number(value.toPrecision(5)).toLocaleString("en-US", {maximumFractionDigits: 6});
}

// For ticks: 243k, 0.05.
function brief(value) {
  const size = Math.abs(value);
  for (const [unit, suffix] of SUFFIXES) {
    if (size >= unit) return trimmed(value / unit, 4) + suffix;
  }
  return size !== 0 && size < 1e-3 ? value.toExponential(0) : trimmed(value, 4);
}

function percent(value) {
  return value === null ? "–" : `${Number((100 * value).toFixed(1))} %`;
}

function duration(seconds) {
  const [unit, name] = seconds < 1e-3 ? [1e-6, "µs"] : seconds < 1 ? [1e-3, "ms"] : [1, "s"];
  return trimmed(seconds / unit, 3) + " " + name;
}

// ---- scales --------------------------------------------------------------------------------

function linear(domain, range) {
  const [low, high] = domain[0] === domain[1] ? [domain[0] - 0.5, domain[1] + 0.5] : domain;
  const scale = (value) => range[0] + (value - low) / (high - low) * (range[1] - range[0]);
  return Object.assign(scale, {ticks: (count) => linearTicks(low, high, count)});
}

function logarithmic(domain, range) {
  const [low, high] = domain[0] === domain[1] ? [domain[0] / 2, domain[1] * 2] : domain;
  const inner = linear([Math.log10(low), Math.log10(high)], range);
  return Object.assign((value) => inner(Math.log10(value)), {ticks: (count) => logTicks(low, high, count)});
}

function linearTicks(low, high, count) {
  const raw = (high - low) / count, power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].find((factor) => factor * power >= raw) * power;
  const ticks = [];
  for (let at = Math.ceil(low / step - 1e-9); at * step <= high + step * 1e-9; at++) ticks.push(Number((at * step).toPrecision(12)));
  return ticks;
}

function logTicks(low, high, count) {
  const decades = Math.log10(high / low);
  if (decades < 0.7) return linearTicks(low, high, count);
  const factors = decades < count / 3 ? [1, 2, 5] : [1], every = Math.ceil(decades / count);
  const ticks = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.log10(high); power++) {
    if (factors.length === 1 && power % every) continue;
    for (const factor of factors) {
      const tick = Number((factor * 10 ** power).toPrecision(12));
      if (tick >= low * 0.999 && tick <= high * 1.001) ticks.push(tick);
    }
  }
  return ticks;
}

// ---- frames --------------------------------------------------------------------------------

// Empties an element and puts an SVG of its width into it.
function canvas(element, height, label) {
  element.replaceChildren();
  const width = Math.max(element.clientWidth, 240);
  const drawing = svg("svg", {width, height, viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": label});
  element.append(drawing);
  return {drawing, width, height};
}

function horizontalAxis(drawing, scale, {left, right, top, bottom, title, format = brief}) {
  const most = Math.max(2, Math.floor((right - left) / 75));
  for (const tick of scale.ticks(most)) {
    const at = scale(tick);
    drawing.append(svg("line", {class: "gridline", x1: at, x2: at, y1: top, y2: bottom}));
    drawing.append(svg("text", {x: at, y: bottom + 17, "text-anchor": "middle"}, format(tick)));
  }
  drawing.append(svg("line", {class: "axis", x1: left, x2: right, y1: bottom, y2: bottom}));
  const half = title.length * EM / 2, lastCentre = drawing.clientWidth - half;
  drawing.append(svg("text", {class: "title", x: Math.min((left + right) / 2, Math.max(lastCentre, half)), y: bottom + 37, "text-anchor": "middle"}, title));
}

function verticalAxis(drawing, scale, {left, right, top, bottom, title, format = brief}) {
  for (const tick of scale.ticks(Math.max(2, Math.floor((bottom - top) / 48)))) {
    const at = scale(tick);
    drawing.append(svg("line", {class: "gridline", x1: left, x2: right, y1: at, y2: at}));
    drawing.append(svg("text", {x: left - 7, y: at + 4, "text-anchor": "end"}, format(tick)));
  }
  drawing.append(svg("text", {class: "title", x: 0, y: top - 10}, title));
}

function empty(element, text) {
  element.replaceChildren(html("p", {class: "empty"}, text));
}

function message(element, lines, event) {
  const tip = document.getElementById("tip");
  tip.textContent = lines;
  tip.hidden = false;
  const box = tip.getBoundingClientRect();
  const left = event.clientX + 16 + box.width > innerWidth ? event.clientX - box.width - 12 : event.clientX + 16;
  tip.style.left = `${Math.max(4, left)}px`;
  tip.style.top = `${Math.min(event.clientY + 14, innerHeight - box.height - 4)}px`;
}

function quietTip() {
  document.getElementById("tip").hidden = true;
}

// Marks carry their text in data-tip; one listener shows it.
document.addEventListener("pointerover", (event) => {
  const mark = event.target.closest("[data-tip]");
  if (mark) message(mark, mark.dataset.tip, event);
});
document.addEventListener("pointerout", (event) => {
  if (event.target.closest("[data-tip]")) quietTip();
});
