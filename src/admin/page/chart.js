// Events per minute of one number as a drawing: Cloud above the line, On-Premises below it, switches
// as upright lines, silence hatched. It shows the last six hours, or as much of them as there is.

import { clock, minute, span } from "./time.js";
import { count, platform } from "./words.js";
import { h } from "./tree.js";

const MINUTE = 60_000;
const LONGEST = 6 * 60;
const SHORTEST = 15;
const STEPS = [1, 2, 5, 10, 15, 30, 60, 120];
const [LEFT, TOP, HALF, BOTTOM] = [34, 16, 40, 18];
const narrow = matchMedia("(max-width: 44rem)");
const drawn = new Map();

/** The drawing, or a word where there is nothing to draw. The same object as before where nothing changed. */
export function chart(number, now) {
  const end = Math.floor(now / MINUTE) * MINUTE + MINUTE;
  const minutes = number.minutes.filter(({ at_ms }) => at_ms >= end - LONGEST * MINUTE && at_ms < end);
  if (!minutes.length) {
    return h("p", { class: "muted" }, number.quiet_seconds !== null ? "Nothing in the last 6 hours." : "Neither a message nor a status has come in.");
  }
  const last = minutes.at(-1);
  const quiet = number.silent ? Math.round(number.quiet_seconds / 10) : 0;
  const state = [end, minutes.length, last.at_ms, last.cloud, last.onprem, number.switches.length, quiet, narrow.matches].join();
  const before = drawn.get(number.name);
  if (before?.state === state) return before.tree;
  const tree = draw(number, minutes, end);
  drawn.set(number.name, { state, tree });
  return tree;
}

function draw(number, minutes, end) {
  const width = narrow.matches ? 330 : 560;
  const length = Math.min(LONGEST, Math.max(SHORTEST, (end - minutes[0].at_ms) / MINUTE + 1));
  const begin = end - length * MINUTE;
  const most = nice(Math.max(...minutes.map(({ cloud, onprem }) => Math.max(cloud, onprem))));
  const scale = { begin, end, most, width, axis: TOP + HALF, x: (ms) => LEFT + ((ms - begin) / (end - begin)) * (width - LEFT - 2) };
  const id = `hatch-${number.name}`;
  const height = TOP + 2 * HALF + BOTTOM;
  return h("svg", { class: "chart", viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": inWords(number, minutes, scale) },
    h("defs", null, h("pattern", { id, width: 6, height: 6, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" },
      h("line", { x1: 0, y1: 0, x2: 0, y2: 6, class: "hatch" }))),
    silences(number, scale).map(([from, to]) => h("rect", {
      x: round(scale.x(from)), y: TOP, width: round(Math.max(2, scale.x(to) - scale.x(from))), height: 2 * HALF, fill: `url(#${id})`, class: "silence",
    }, h("title", null, `silence, ${span((to - from) / 1000)}`))),
    frame(scale),
    h("path", { class: "cloud", d: bars(minutes, scale, "cloud", -1) }),
    h("path", { class: "onprem", d: bars(minutes, scale, "onprem", 1) }),
    h("path", { class: "axis", d: `M${LEFT} ${scale.axis}H${width - 2}` }),
    number.switches.filter(({ at_ms }) => at_ms > begin).map((change, index) => mark(change, scale, index === 0)));
}

function frame({ begin, end, most, width, axis, x }) {
  const length = (end - begin) / MINUTE;
  const step = (STEPS.find((step) => length / step <= (width < 400 ? 5 : 8)) ?? 120) * MINUTE;
  const offset = new Date(begin).getTimezoneOffset() * MINUTE;
  const ticks = [];
  for (let ms = Math.ceil((begin - offset) / step) * step + offset; ms <= end; ms += step) ticks.push(ms);
  const bottom = TOP + 2 * HALF;
  const inside = ticks.filter((ms) => x(ms) > LEFT + 12 && x(ms) < width - 14);
  return h("g", { class: "frame" },
    h("path", { d: inside.map((ms) => `M${round(x(ms))} ${TOP}V${bottom}`).join("") }),
    inside.map((ms) => h("text", { x: round(x(ms)), y: bottom + 13, class: "middle" }, minute(ms))),
    h("text", { x: LEFT - 4, y: TOP + 8, class: "end" }, count(most)), h("text", { x: LEFT - 4, y: axis + 4, class: "end" }, "0"),
    h("text", { x: LEFT - 4, y: bottom, class: "end" }, count(most)),
    h("text", { x: LEFT + 3, y: TOP + 8, class: "name" }, "Cloud, events a minute"), h("text", { x: LEFT + 3, y: bottom - 2, class: "name" }, "On-Premises"));
}

/** All bars of one platform as one path. */
function bars(minutes, { most, width, begin, end, axis, x }, side, direction) {
  const wide = ((width - LEFT - 2) * MINUTE) / (end - begin);
  const bar = Math.max(1, wide - (wide > 3 ? 1 : 0.2));
  const with_any = minutes.filter((minute) => minute[side] > 0 && minute.at_ms >= begin);
  return with_any.map((minute) => {
    const high = round(direction * Math.max(1.5, (minute[side] / most) * (HALF - 11)));
    return `M${round(x(minute.at_ms))} ${axis}v${high}h${round(bar)}v${-high}z`;
  }).join("");
}

function mark({ at_ms, to }, { x, width }, labelled) {
  const at = round(x(at_ms));
  const label = `switched to ${platform(to)} ${clock(at_ms)}`;
  const late = at > width - 170;
  return h("g", { class: "switch" }, h("path", { d: `M${at} ${TOP - 4}V${TOP + 2 * HALF}` }),
    labelled && h("text", { x: late ? at + 2 : at - 2, y: TOP - 6, class: late ? "end" : "" }, label));
}

/** The spans without a word: at each switch, and now where it lasts longer than usual. */
function silences(number, { begin, end }) {
  const spans = number.switches.map(({ last_before_ms, at_ms }) => [last_before_ms, at_ms]);
  if (number.silent && number.quiet_seconds) spans.push([Math.max(number.onprem.last_ms ?? 0, number.cloud.last_ms ?? 0), end]);
  return spans.filter(([from, to]) => to > begin && to > from).map(([from, to]) => [Math.max(from, begin), to]);
}

function inWords(number, minutes, { begin, end }) {
  const sum = (side) => minutes.reduce((sum, minute) => sum + minute[side], 0);
  const switches = number.switches.filter(({ at_ms }) => at_ms > begin).map(
    ({ at_ms, to, gap_seconds }) => ` Switched to ${platform(to)} at ${clock(at_ms)} after ${span(gap_seconds)} of silence.`);
  const silent = number.silent ? ` Nothing has come for ${span(number.quiet_seconds)}.` : "";
  return `Events a minute of ${number.name} from ${minute(begin)} to ${minute(end)}. Cloud: ${count(sum("cloud"))}. ` +
    `On-Premises: ${count(sum("onprem"))}.${switches.join("")}${silent}`;
}

/** The next that reads well. */
function nice(number) {
  const power = 10 ** Math.floor(Math.log10(Math.max(1, number)));
  return [1, 1.5, 2, 3, 4, 5, 6, 8, 10].map((step) => Math.max(2, Math.ceil(step * power))).find((step) => step >= number);
}

function round(number) {
  return Math.round(number * 10) / 10;
}
