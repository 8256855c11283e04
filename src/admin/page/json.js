// JSON laid out for reading, with every number, string and duplicate as it was written: a reader of
// tokens rather than `JSON.parse`, which would round long ids. It knows each value's JSON pointer.

import { h } from "./tree.js";

const DEEPEST = 200;
const LARGEST = 300_000;
const TOKEN = /[\s]*(?:([{}[\],:])|("(?:[^"\\\u0000-\u001f]|\\.)*")|(-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)|(true|false|null))/y;

/** Reads a text into values that know their pointers; throws a sentence where it is no JSON. */
export function read(text) {
  TOKEN.lastIndex = 0;
  const next = () => {
    const from = TOKEN.lastIndex;
    const found = TOKEN.exec(text);
    if (!found) throw new Error(`not JSON at character ${from + 1}`);
    return found;
  };
  const value = (token, pointer, depth) => {
    if (depth > DEEPEST) throw new Error("nested too deeply to lay out");
    const [, mark, string, number, word] = token;
    if (mark === "{" || mark === "[") return container(mark, pointer, depth);
    if (mark) throw new Error(`not JSON: an unexpected ${mark}`);
    return { pointer, raw: string ?? number ?? word };
  };
  const container = (open, pointer, depth) => {
    const [close, kind] = open === "{" ? ["}", "object"] : ["]", "array"];
    const items = [];
    let token = next();
    if (token[1] === close) return { kind, pointer, items };
    for (;;) {
      let [key, step] = [undefined, String(items.length)];
      if (kind === "object") {
        [, , key] = token;
        if (key === undefined || next()[1] !== ":") throw new Error("not JSON: a member has no name");
        step = JSON.parse(key).replaceAll("~", "~0").replaceAll("/", "~1");
        token = next();
      }
      items.push({ key, value: value(token, `${pointer}/${step}`, depth + 1) });
      const after = next()[1];
      if (after === close) return { kind, pointer, items };
      if (after !== ",") throw new Error("not JSON: a comma is missing");
      token = next();
    }
  };
  const root = value(next(), "", 0);
  if (text.slice(TOKEN.lastIndex).trim()) throw new Error("not JSON: something follows the document");
  return root;
}

/** The text as a tree: laid out where it is JSON of a bearable size, else as it is. `mark` may wrap a value. */
export function layout(text, mark = (_, tree) => tree) {
  if (text.length > LARGEST) return [text];
  try {
    return lay(read(text), "", mark);
  } catch {
    return [text];
  }
}

function lay(node, indent, mark) {
  const { kind, items, raw } = node;
  if (!items) return mark(node, [raw]);
  const [open, close] = kind === "object" ? "{}" : "[]";
  if (!items.length) return mark(node, [open + close]);
  const inner = `${indent}  `;
  const lines = items.map(({ key, value }, index) => [
    `${index ? "," : ""}\n${inner}`, key && [h("span", { class: "key" }, key), ": "], lay(value, inner, mark)]);
  return mark(node, [open, lines, `\n${indent}${close}`]);
}
