// What a payload would become in each format, and what would be lost. Nothing of it is stored.

import { LOSSES, platform, several } from "./words.js";
import { h, patch } from "./tree.js";
import { inWords, post } from "./api.js";
import { layout } from "./json.js";
import { sign } from "./verdict.js";

/** As the server has it. */
const LARGEST = 4_194_304;
const VOICE = { id: "1908647269898587", mime_type: "audio/ogg; codecs=opus", sha256: "Ke1QD6ZOtV/BncQSSsswDl3MoPgiowGumZRNsQrjrls=", voice: true };
const cloud = (message) => ({ object: "whatsapp_business_account", entry: [{ id: "102030405060708", changes: [{ field: "messages", value: {
  messaging_product: "whatsapp", metadata: { display_phone_number: "15550100999", phone_number_id: "112233445566778" },
  contacts: [{ profile: { name: "Ada" }, wa_id: "15550100123" }],
  messages: [{ from: "15550100123", id: "wamid.HBgLMTU1NTAxMDAxMjMVAgASGBQ3M0I4NzY5MzRGMEU1MjE5RUUxQwA=", timestamp: "1760003600", ...message }] } }] }] });
const EXAMPLES = {
  "On-Premises voice note": { contacts: [{ profile: { name: "Ada" }, wa_id: "15550100123" }],
    messages: [{ from: "15550100123", id: "ABGGFVUBABI_AgpzuHaTTw5SGe4c", timestamp: "1760000000", type: "voice",
      voice: { id: "b1c68f38-8734-4ad3-b4a1-ef0c10d683", mime_type: "audio/ogg; codecs=opus", sha256: "29ed500fa64eb55fc19dc4124acb300e5dcca0f822a301ae99944db10ae3ae5b" } }] },
  "Cloud voice note": cloud({ type: "audio", audio: VOICE }),
  "A type nobody knows": cloud({ type: "hologram", hologram: { points: 12000000000000000.0 } }),
};

let area;
let result;
let asked = 0;

export function playground(place) {
  const buttons = Object.keys(EXAMPLES).map((name) => h("button", { class: "small", onclick: () => fill(EXAMPLES[name]) }, name));
  patch(place, h("h2", null, "What would become of a payload?"),
    h("p", null, "Paste a webhook's body in any of the formats, or drop a file. It is translated by this server; nothing is stored or sent on. Examples: ", h("span", { class: "actions" }, buttons)),
    h("label", { for: "payload", class: "unseen" }, "Payload"),
    h("textarea", { id: "payload", rows: 8, spellcheck: "false", placeholder: "{\"messages\": [ … ]}", mount: (node) => (area = node),
      ondragover: (event) => event.preventDefault(), ondrop: drop,
      onkeydown: (event) => { if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) translate(); } }),
    h("p", null, h("button", { class: "primary", onclick: translate }, "Translate"), h("span", { class: "muted" }, " or Ctrl+Enter")),
    h("div", { "aria-live": "polite", mount: (node) => (result = node) }));
}

function fill(example) {
  area.value = JSON.stringify(example, null, 2);
  translate();
}

async function drop(event) {
  const [file] = event.dataTransfer.files;
  if (!file) return;
  event.preventDefault();
  if (file.size > LARGEST) return fail(`${file.name} is larger than 4 MiB`);
  area.value = await file.text();
  translate();
}

function fail(text) {
  patch(result, h("p", { class: "act", role: "alert" }, sign("act"), text));
}

async function translate() {
  const text = area.value.trim();
  if (new Blob([text]).size > LARGEST) return fail("It is larger than 4 MiB.");
  if (!text) return fail("There is nothing to translate: paste a payload, or take an example.");
  asked += 1;
  const mine = asked;
  try {
    const answer = await post("/api/translate", text, "text/plain");
    if (mine === asked) show(text, answer);
  } catch (error) {
    if (mine === asked) fail(inWords(error));
  }
}

function show(text, { source, targets }) {
  const losses = targets.flatMap(({ to, losses }) => losses.map((loss) => ({ ...loss, to })));
  losses.forEach((loss, index) => (loss.number = index + 1));
  patch(result, h("p", { key: "read" }, "Read as ", h("strong", null, platform(source)), "."),
    h("div", { class: "columns", key: `columns-${asked}` },
      h("section", null, h("h3", null, `${platform(source)}, as it came`),
        h("pre", { class: "json", tabindex: 0, "aria-label": "The source" }, layout(text, marker(losses)))),
      targets.map((target) => h("section", { "data-target": target.to }, h("h3", null, `As ${platform(target.to)}`),
        h("p", { class: "muted" }, summary(target)),
        target.bodies.map((body) => h("pre", { class: "json", tabindex: 0, "aria-label": `A ${platform(target.to)} body` }, layout(body)))))),
    h("section", { key: `losses-${asked}` }, list(losses)));
}

function summary({ bodies, losses }) {
  const bad = losses.filter(({ expected }) => !expected).length;
  const usual = losses.length - bad;
  const lost = [bad && several(bad, "loss", "losses"), usual && `${usual} that every body loses`].filter(Boolean).join(" and ");
  return `${bodies.length ? several(bodies.length, "body", "bodies") : "No body: nothing in it has a counterpart"}; ${lost || "nothing is lost"}.`;
}

/** Wraps what was lost, and names the code beside it. */
function marker(losses) {
  const places = group(losses, ({ path }) => path);
  return ({ pointer }, tree) => {
    const here = places.get(pointer);
    if (!here) return tree;
    const level = here.every(({ expected }) => expected) ? "expected" : "look";
    const title = here.map(({ code, to }) => `not in ${platform(to)}: ${LOSSES[code] ?? code}`).join("\n");
    const notes = here.map((loss) => h("a", { id: `mark-${loss.number}`, class: "note", href: `#loss-${loss.number}`, onclick: jump, "aria-label": `lost: ${loss.code}` }, loss.code));
    return [h("mark", { class: level, title }, tree), notes];
  };
}

function group(losses, key) {
  const groups = new Map();
  for (const loss of losses) groups.set(key(loss), [...(groups.get(key(loss)) ?? []), loss]);
  return groups;
}

/** The losses by code and format, those to look at first. */
function list(losses) {
  if (!losses.length) return h("p", { class: "empty" }, sign("ok"), "Every format can say all of it.");
  const kinds = group(losses, ({ expected, code, to }) => `${Number(expected)} ${code} ${to}`);
  return [h("h3", null, "What is lost"), h("ul", { class: "losses" }, [...kinds.keys()].sort().map((kind) => {
    const all = kinds.get(kind);
    const [{ code, to, expected }] = all;
    return h("li", { class: expected ? "muted" : "" }, h("code", null, code), ` in ${platform(to)}: ${LOSSES[code] ?? ""}`, expected && " Comes with every body.",
      h("ul", null, all.map(place)));
  }))];
}

function place({ number, path, value }) {
  return h("li", { id: `loss-${number}`, tabindex: -1 }, h("a", { href: `#mark-${number}`, onclick: jump }, h("code", null, path || "(the whole)")), " ",
    h("code", { class: "value" }, short(value)));
}

function short(value) {
  return value.length > 120 ? `${value.slice(0, 120)} …` : value;
}

/** Goes to the other end without leaving the tab's address. */
function jump(event) {
  event.preventDefault();
  const target = document.getElementById(event.currentTarget.getAttribute("href").slice(1));
  target?.scrollIntoView({ block: "center" });
  target?.focus({ preventScroll: true });
}
