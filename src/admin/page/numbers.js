// The numbers: which platform each speaks, since when, how it got there, and how its consumers agree.

import { ago, at, since, span } from "./time.js";
import { count, platform, several } from "./words.js";
import { chart } from "./chart.js";
import { h } from "./tree.js";
import { isHeard, sign } from "./verdict.js";

const FILTER_FROM = 6;
let wanted = "";

/** The section. `again` is called when the filter changed. */
export function numbers(status, again) {
  const { numbers, now_ms } = status;
  const shown = numbers.filter((number) => words(number).includes(wanted));
  const filter = numbers.length >= FILTER_FROM && h("label", { class: "filter" }, "Filter ",
    h("input", { type: "search", placeholder: "name, cloud, on-premises, silent …", oninput: (event) => {
      wanted = event.target.value.trim().toLowerCase();
      again();
    } }), h("span", { class: "muted" }, ` ${shown.length} of ${numbers.length}`));
  return [h("div", { class: "title" }, h("h2", null, "Numbers"), filter),
    h("div", { class: "numbers" }, shown.map((number) => card(number, now_ms))),
    !shown.length && h("p", { class: "muted" }, "No number is like this.")];
}

function words(number) {
  const marks = [number.silent && "silent", number.switches.length && "switched", number.mixed && "mixed"];
  return [number.name, speaks(number), ...marks].join(" ").toLowerCase();
}

function speaks(number) {
  if (number.mixed) return "several numbers";
  return number.platform ? platform(number.platform) : "nothing yet";
}

function card(number, now) {
  return h("article", { key: number.name, class: "number", "data-number": number.name },
    h("div", { class: "facts" },
      h("h3", null, number.name, " ", h("span", { class: `badge ${number.platform ?? "none"}` }, speaks(number)),
        number.since_ms && h("span", { class: "since" }, "since ", at(number.since_ms, now), " (", ago(number.since_ms, now), ")")),
      switched(number, now),
      number.silent && h("p", { class: "look" }, sign("look"), `Silent for ${span(number.quiet_seconds ?? 0)}`,
        number.usual_pause_seconds && `, usually at most ${span(number.usual_pause_seconds)}`),
      number.mixed && h("p", { class: "look" }, sign("look"), "Several numbers come in under this name, so no switch is told. Configure [[number]] to tell them apart."),
      isHeard(number) && h("dl", { class: "sides" }, side("Cloud", number.cloud, now), side("On-Premises", number.onprem, now)),
      number.parity && parity(number.parity),
      earlier(number, now)),
    h("div", { class: "drawing" }, chart(number, now)));
}

function switched({ switches, platform: speaks, mixed }, now) {
  const [last] = switches;
  if (last) return h("p", { class: "switched" }, sentence(last, now));
  if (mixed) return undefined;
  return speaks && h("p", { class: "muted" }, "No switch so far.");
}

function sentence({ from, to, at_ms, gap_seconds, out_of_order, twice }, now) {
  return [h("strong", null, `${platform(from)} → ${platform(to)}`), " at ", at(at_ms, now), `, silence ${span(gap_seconds)}, `,
    `${count(out_of_order)} out of order, ${count(twice)} twice`];
}

function side(name, { events, last_ms }, now) {
  const more = last_ms ? [several(events, "event"), ", last ", since(last_ms, now)] : "nothing";
  return h("div", null, h("dt", null, name), h("dd", null, more));
}

function earlier({ switches }, now) {
  const rest = switches.slice(1);
  return rest.length > 0 && h("details", { key: "earlier" }, h("summary", null, several(rest.length, "earlier switch", "earlier switches")),
    h("ol", null, rest.map((change) => h("li", { key: String(change.at_ms) }, sentence(change, now)))));
}

function parity({ both, refused, behind, consumers }) {
  const late = consumers.filter(({ records }) => records > 0);
  return h("p", { class: refused || behind ? "look" : "" }, h("strong", null, "Consumers agree: "), `${count(both)} taken by all`,
    refused > 0 && `, ${count(refused)} taken by one and refused by another`,
    behind > 0 && `, ${count(behind)} given up watching`,
    late.map(({ consumer, records, seconds }) => `; ${consumer} is ${several(records, "record")} (${span(seconds)}) behind`), ".");
}
