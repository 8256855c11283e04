// What was lost in translation, what nobody has seen before, and what was refused at the door.

import { LOSSES, OUTCOMES, UNKNOWN, count, platform, several } from "./words.js";
import { distinct, table } from "./table.js";
import { isQuiet, isWorthALook, sign } from "./verdict.js";
import { h } from "./tree.js";
import { since } from "./time.js";

const LOSS_COLUMNS = ["Code", "Count", "Consumer", "Translated", "First place"];
const UNKNOWN_COLUMNS = ["What", "Word", "Where first", "Count", "First", "Last"];

export function losses({ losses }) {
  const unexpected = losses.filter(({ expected }) => !expected);
  const expected = losses.filter((loss) => loss.expected);
  const sum = expected.reduce((sum, { count }) => sum + count, 0);
  return [h("h2", null, "Lost in translation", h("small", null, "since the start")),
    unexpected.length ? table("Unexpected losses", LOSS_COLUMNS, rows(unexpected))
      : h("p", { class: "empty" }, sign("ok"), "Nothing: whatever came could be said in each consumer's format."),
    expected.length > 0 && h("details", { key: "expected", class: "muted" }, h("summary", null, `Comes with every body, nothing to do (${count(sum)})`),
      table("Expected losses", LOSS_COLUMNS, rows(expected)))];
}

function rows(losses) {
  return distinct(losses.map((loss) => ({
    key: [loss.consumer, loss.from, loss.to, loss.code].join(),
    cells: [
      [h("code", { class: isWorthALook(loss) ? "look" : "" }, loss.code), h("small", null, LOSSES[loss.code] ?? "")],
      count(loss.count), loss.consumer, h("span", { class: "span" }, `${platform(loss.from)} → ${platform(loss.to)}`),
      loss.example_path ? h("code", { class: "path" }, loss.example_path) : "–",
    ],
  })));
}

export function unknown({ unknown, now_ms }) {
  const rows = unknown.map((item) => ({
    key: [item.source, item.what, item.word, item.path].join(),
    cells: [
      [UNKNOWN[item.what] ?? item.what, h("small", null, `from ${platform(item.source)}`)],
      item.word ? h("code", null, item.word) : h("em", null, "not shown: could be personal"),
      h("code", { class: "path" }, item.path), count(item.count), since(item.first_ms, now_ms), since(item.last_ms, now_ms),
    ],
  }));
  return [h("h2", null, "Never seen before"),
    rows.length ? [h("p", null, "Types and fields that this version does not know. They were carried along; see whether the consumer can take them."),
      table("Never seen before", UNKNOWN_COLUMNS, distinct(rows))]
      : h("p", { class: "empty" }, sign("ok"), "Nothing: every type and field that came is a known one.")];
}

/** The platforms' requests; nothing where none has come. */
export function door(status) {
  if (isQuiet(status)) return [];
  const { webhooks } = status;
  const of = (outcome) => webhooks.filter((item) => item.outcome === outcome && item.count > 0);
  const refused = webhooks.filter(({ outcome, count }) => count > 0 && OUTCOMES[outcome]);
  const sources = (list) => list.map((item) => `${count(item.count)} ${platform(item.source)}`).join(", ");
  const taken = of("accepted");
  const duplicates = of("duplicate").reduce((sum, { count }) => sum + count, 0);
  const rows = refused.map(({ source, outcome, count: times }) => ({
    key: `${source}${outcome}`, cells: [OUTCOMES[outcome][0], count(times), platform(source), OUTCOMES[outcome][1]],
  }));
  return [h("h2", null, "At the door", h("small", null, "since the start")),
    h("p", null, taken.length ? `Taken: ${sources(taken)}` : "No webhook was taken", duplicates > 0 && `, ${several(duplicates, "duplicate")} recognised`,
      refused.length ? ". Refused:" : ". Nothing was refused."),
    rows.length > 0 && table("Refused webhooks", ["Refused as", "Count", "Format", "Usually means"], distinct(rows))];
}
