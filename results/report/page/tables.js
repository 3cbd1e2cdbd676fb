"use strict";
// Tables that sort by a click on a heading and filter by what is typed.

const FIRST_ROWS = 50;

// columns: [{key, title, format, text, tip}]; rows of numbers stand right, None always sorts last.
function drawTable(element, columns, rows, {sort, descending = true, filter = true, mark} = {}) {
  const state = {sort, descending, words: [], most: FIRST_ROWS};
  const body = html("tbody"), count = html("span", {class: "quiet", role: "status"});
  const heads = columns.map((column) => heading(column, rows, () => {
    const isSame = state.sort === column.key;
    state.descending = isSame ? !state.descending : isNumeric(rows, column.key);
    state.sort = column.key;
    refresh();
  }));
  const more = html("button", {type: "button", onclick: () => { state.most = Infinity; refresh(); }});
  const refresh = () => {
    const texts = (row) => columns.map((column) => row[column.key]).join(" ").toLowerCase();
    const kept = rows.filter((row) => state.words.every((word) => texts(row).includes(word)));
    if (state.sort) kept.sort(comparison(state.sort, state.descending));
    body.replaceChildren(...kept.slice(0, state.most).map((row) => tableRow(row, columns, rows, mark)));
    columns.forEach((column, at) => heads[at].setAttribute("aria-sort", column.key !== state.sort ? "none" : state.descending ? "descending" : "ascending"));
    count.textContent = kept.length === rows.length ? `${rows.length} rows` : `${kept.length} of ${rows.length} rows`;
    more.hidden = kept.length <= state.most;
    more.textContent = `Show all ${kept.length}`;
  };
  const input = html("input", {type: "search", placeholder: "Filter, e.g. genetic 64", "aria-label": "Filter rows", oninput: () => {
    state.words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    refresh();
  }});
  const tools = filter && rows.length > 5 ? html("div", {class: "tools"}, input, count) : null;
  const table = html("table", {}, html("thead", {}, html("tr", {}, ...heads)), body);
  element.replaceChildren(...[tools, html("div", {class: "wide"}, table), more].filter(Boolean));
  refresh();
}

function isNumeric(rows, key) {
  return rows.some((row) => typeof row[key] === "number");
}

function heading(column, rows, onclick) {
  return html("th", {scope: "col", class: isNumeric(rows, column.key) ? "number" : null, title: column.tip}, html("button", {type: "button", onclick}, column.title));
}

function tableRow(row, columns, rows, mark) {
  return html("tr", {}, ...columns.map((column) => {
    const value = row[column.key];
    const shown = column.format ? column.format(value) : typeof value === "number" ? exact(value) : value ?? "–";
    const kind = isNumeric(rows, column.key) ? "number" : column.text ? "text" : null;
    return html("td", {class: kind}, mark ? mark(column.key, value) : null, shown);
  }));
}

function comparison(key, descending) {
  const sign = descending ? -1 : 1;
  return (a, b) => {
    const [x, y] = [a[key], b[key]];
    if (x === null || y === null) return (x === null) - (y === null);
    return sign * (typeof x === "number" && typeof y === "number" ? x - y : String(x).localeCompare(String(y)));
  };
}
