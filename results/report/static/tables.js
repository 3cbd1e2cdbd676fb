"use strict";
// Tables that sort by a click on a heading and filter by what is typed.

const FIRST_ROWS = 50;
const UNFILTERED_ROWS = 5; // so few need no filter

// columns: [{key, title, format, text, tip}]; columns of numbers stand right, null always sorts last.
// Drawn again with other rows, a table keeps what its reader has sorted and typed.
function drawTable(element, columns, rows, {sort, filter = true, mark} = {}) {
  element.table ??= newTable(element, columns, {sort, descending: true, words: [], most: FIRST_ROWS}, filter, mark);
  element.table(rows);
}

// Builds the table and returns the function that shows rows in it.
function newTable(element, columns, state, filter, mark) {
  const body = html("tbody"), count = html("span", {class: "quiet", role: "status"});
  let rows = [];
  const heads = columns.map((column) => heading(column, () => {
    state.descending = state.sort === column.key ? !state.descending : isNumeric(rows, column.key);
    state.sort = column.key;
    refresh();
  }));
  const more = html("button", {type: "button", onclick: () => { state.most = Infinity; refresh(); }});
  const input = html("input", {type: "search", placeholder: "Filter, e.g. genetic 64", "aria-label": "Filter rows", oninput: () => {
    state.words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    refresh();
  }});
  const tools = html("div", {class: "tools"}, input, count);
  const refresh = () => {
    const kept = selected(rows, columns, state);
    body.replaceChildren(...kept.slice(0, state.most).map((row) => tableRow(row, columns, rows, mark)));
    columns.forEach((column, at) => {
      heads[at].classList.toggle("number", isNumeric(rows, column.key));
      heads[at].setAttribute("aria-sort", column.key !== state.sort ? "none" : state.descending ? "descending" : "ascending");
    });
    tools.hidden = !filter || (rows.length <= UNFILTERED_ROWS && !state.words.length);
    count.textContent = kept.length === rows.length ? `${rows.length} rows` : `${kept.length} of ${rows.length} rows`;
    more.hidden = kept.length <= state.most;
    more.textContent = `Show all ${kept.length}`;
  };
  const table = html("table", {}, html("thead", {}, html("tr", {}, ...heads)), body);
  element.replaceChildren(tools, html("div", {class: "wide"}, table), more);
  return (given) => { rows = given; refresh(); };
}

function selected(rows, columns, state) {
  const text = (row) => columns.map((column) => row[column.key]).join(" ").toLowerCase();
  const kept = rows.filter((row) => state.words.every((word) => text(row).includes(word)));
  return state.sort ? kept.sort(comparison(state.sort, state.descending)) : kept;
}

function isNumeric(rows, key) {
  return rows.some((row) => typeof row[key] === "number");
}

function heading(column, onclick) {
  return html("th", {scope: "col", title: column.tip}, html("button", {type: "button", onclick}, column.title));
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
