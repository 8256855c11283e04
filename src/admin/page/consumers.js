// The consumers: does each take what it is given, and what does it still have to get?

import { ago, since, span } from "./time.js";
import { count, platform, verdict } from "./words.js";
import { distinct, table } from "./table.js";
import { h } from "./tree.js";
import { sign } from "./verdict.js";

const HEALTH = {
  up: ["ok", "up", "takes what it is given"],
  failing: ["act", "failing", "did not take the last attempt"],
  down: ["act", "down", "asked by one probe at a time until it takes one"],
  idle: ["none", "idle", "not asked yet"],
  gone: ["look", "gone", "not configured any more; put its name back and it gets what it is owed"],
  stopped: ["none", "stopped", "no server runs"],
};
const COLUMNS = ["Consumer", "Format", "Last hour", "Waiting", "Oldest", "Last taken", "Last not taken", "Dead"];

export function consumers({ consumers, now_ms }) {
  const rows = consumers.map((consumer) => ({ key: consumer.name, cells: cells(consumer, now_ms) }));
  return [h("h2", null, "Consumers"),
    rows.length ? table("Consumers", COLUMNS, distinct(rows))
      : h("p", { class: "empty" }, "No consumer is configured. Add a [[consumer]] with its url and format.")];
}

function cells(consumer, now) {
  const [level, word, meaning] = HEALTH[consumer.health] ?? ["look", consumer.health, ""];
  const { ready, in_flight, parked, dead, taken, failed, success_rate: rate, last_error: error } = consumer;
  const counts = [ready && `${count(ready)} ready`, in_flight && `${count(in_flight)} in flight`, parked && `${count(parked)} to be tried again`];
  return [
    [h("strong", null, consumer.name), " ", h("span", { class: `health ${level}`, "data-health": consumer.health }, sign(level), word),
      h("small", null, meaning, consumer.since_ms && consumer.health !== "idle" && `, for ${ago(consumer.since_ms, now).replace(" ago", "").replace("just now", "a moment")}`)],
    consumer.format === "-" ? "–" : h("span", { class: "span" }, platform(consumer.format)),
    rate === null || rate === undefined ? "no attempts" : [h("span", { class: "span" }, `${percent(rate)} taken`), h("small", null, `${count(taken)} of ${count(taken + failed)}`)],
    h("span", { class: parked ? "act" : "" }, counts.filter(Boolean).join(", ") || "nothing"),
    consumer.oldest_seconds > 0 ? h("span", { class: "span" }, span(consumer.oldest_seconds)) : "–",
    consumer.last_taken_ms ? since(consumer.last_taken_ms, now) : "not since the start",
    error ? [verdict(error.verdict, error.status), h("small", null, since(error.at_ms, now))] : "none since the start",
    h("span", { class: dead ? "look" : "" }, count(dead)),
  ];
}

function percent(rate) {
  const shown = Math.floor(rate * 1000) / 10;
  return `${shown}%`;
}
