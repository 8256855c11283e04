// A table that becomes a stack of cards where there is no room. The roles are said aloud, since a
// table that is laid out in another way is no table to a screen reader any more.

import { h } from "./tree.js";

/** Rows are `{ key, cells }`, a cell for each column. */
export function table(label, columns, rows) {
  const head = columns.map((column) => h("th", { role: "columnheader", scope: "col" }, column));
  const row = ({ key, cells, level }) =>
    h("tr", { key, role: "row", class: level }, cells.map((cell, index) =>
      h("td", { role: "cell", "data-label": columns[index] }, h("span", { class: "cell" }, cell))));
  return h("table", { role: "table", "aria-label": label },
    h("thead", { role: "rowgroup" }, h("tr", { role: "row" }, head)),
    h("tbody", { role: "rowgroup" }, rows.map(row)));
}

/** Keys that are told apart even where two rows have the same. */
export function distinct(rows) {
  const seen = new Map();
  return rows.map((row) => {
    const times = seen.get(row.key) ?? 0;
    seen.set(row.key, times + 1);
    return times ? { ...row, key: `${row.key}#${times}` } : row;
  });
}
