// A page as a tree of plain objects, and the one function that makes the document look like it.
// Nodes that stay the same are left alone, so focus, scrolling and what was unfolded survive each
// update. Text only ever becomes text: nothing here parses HTML.

const SVG = "http://www.w3.org/2000/svg";
const SVG_TAGS = new Set(["svg", "g", "path", "rect", "line", "text", "title", "pattern", "defs"]);
const known = new WeakMap();

/** An element to be. `key` tells it from its siblings; functions called `on…` listen; `mount` is called once. */
export function h(tag, attributes, ...children) {
  const kept = children.flat(Infinity).filter((child) => child || child === 0);
  return { tag, attributes: attributes ?? {}, children: kept.map((child) => (child.tag ? child : String(child))) };
}

/** Makes the children of a node what is wanted. */
export function patch(parent, ...wanted) {
  arrange(parent, h("", null, wanted).children);
}

function arrange(parent, children) {
  const keys = new Set(children.map((child) => child.attributes?.key));
  const keyed = new Map();
  for (let node = parent.firstChild, next; node; node = next) {
    next = node.nextSibling;
    const key = known.get(node)?.attributes.key;
    if (key === undefined) continue;
    if (keys.has(key)) keyed.set(key, node);
    else node.remove();
  }
  let cursor = parent.firstChild;
  for (const child of children) {
    const node = match(child, cursor, keyed) ?? create(child, parent);
    if (node === cursor) cursor = cursor.nextSibling;
    else parent.insertBefore(node, cursor);
    fill(node, child);
  }
  while (cursor) {
    const next = cursor.nextSibling;
    cursor.remove();
    cursor = next;
  }
}

function match(child, cursor, keyed) {
  if (!child.tag) return cursor?.nodeType === Node.TEXT_NODE ? cursor : undefined;
  const { key } = child.attributes;
  if (key !== undefined) {
    const node = keyed.get(key);
    keyed.delete(key);
    return known.get(node)?.tag === child.tag ? node : undefined;
  }
  const last = cursor && known.get(cursor);
  return last && last.tag === child.tag && last.attributes.key === undefined ? cursor : undefined;
}

function create(child, parent) {
  if (!child.tag) return document.createTextNode(child);
  const svg = SVG_TAGS.has(child.tag) && (child.tag === "svg" || parent.namespaceURI === SVG);
  const node = svg ? document.createElementNS(SVG, child.tag) : document.createElement(child.tag);
  known.set(node, { tag: child.tag, attributes: { key: child.attributes.key }, children: [] });
  child.attributes.mount?.(node);
  return node;
}

function fill(node, child) {
  if (!child.tag) {
    if (node.data !== child) node.data = child;
    return;
  }
  const last = known.get(node);
  if (last === child) return;
  known.set(node, child);
  for (const name in last.attributes) {
    if (!(name in child.attributes)) set(node, name, undefined);
  }
  for (const name in child.attributes) {
    if (last.attributes[name] !== child.attributes[name]) set(node, name, child.attributes[name]);
  }
  arrange(node, child.children);
}

function set(node, name, value) {
  if (name === "key" || name === "mount") return;
  if (name.startsWith("on")) node[name] = value ?? null;
  else if (value === undefined || value === null || value === false) node.removeAttribute(name);
  else node.setAttribute(name, value === true ? "" : value);
}
