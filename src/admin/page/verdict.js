// The first screen in words: one sentence for everything, and the answers to the four questions of
// a migration window. Levels: ok, look (not urgent), act (somebody waits), none (nothing to say yet).

import { at, clock, since, span } from "./time.js";
import { count, platform, several, spaced, verdict as attempt } from "./words.js";
import { h } from "./tree.js";

const SIGNS = { ok: "●", look: "▲", act: "■", none: "○" };
const RANK = ["none", "ok", "look", "act"];
const NOTHING_TO_DO = new Set(["revoke_id", "status_played"]);
const OLD_SECONDS = 60;

/** The sign of a level; the word beside it says the same. */
export function sign(level) {
  return h("span", { class: `sign ${level}`, "aria-hidden": "true" }, SIGNS[level]);
}

/** Losses that somebody may have to do something about. */
export function isWorthALook(loss) {
  return !loss.expected && !NOTHING_TO_DO.has(loss.code);
}

/** Whether a number has said anything. */
export function isHeard({ cloud, onprem }) {
  return cloud.events + onprem.events > 0;
}

/** Whether anything was ever said. */
export function isQuiet(status) {
  return !status.numbers.some(isHeard) && !status.webhooks.some(({ count }) => count > 0);
}

/**
 * `{ level, text }`: everything in a sentence. Figures that rise all the time are not in it.
 * `lostAt` is when the server was last heard, where it is not heard any more.
 */
export function verdict(status, lostAt) {
  const parts = [lostAt && ["act", `not current: cutover was last heard at ${clock(lostAt)}`],
    readiness(status.readiness), spoken(status), silent(status), ...health(status.consumers)];
  if (status.dead_letters) parts.push(["look", several(status.dead_letters, "dead letter")]);
  if (status.losses.some(isWorthALook)) parts.push(["look", "something is lost in translation"]);
  if (status.unknown.length) parts.push(["look", `${several(status.unknown.length, "thing")} never seen before`]);
  const said = parts.filter(Boolean);
  const text = said.map(([, text]) => text).join("; ");
  return { level: worst(said), parts: said, text: capital(text) };
}

/** The sentence and the four answers, as trees. */
export function overview(status, lostAt) {
  const { level, parts } = verdict(status, lostAt);
  const said = parts.map(([level, text], index) => [index > 0 && "; ",
    h(index ? "span" : "strong", { class: level }, index ? text : capital(text))]);
  const answers = [
    answer("numbers", "Which platform?", which(status)),
    answer("consumers", "Do the consumers accept?", accepted(status)),
    answer(status.dead_letters && !waits(status).isStuck ? "letters" : "consumers", "Is anything stuck?", stuck(status)),
    answer("losses", "Is anything lost?", lost(status)),
  ];
  return [h("p", { class: `verdict ${level}`, key: "verdict" }, sign(level), said),
    h("ul", { class: "answers", key: "answers" }, answers)];
}

function answer(target, question, [level, text, more]) {
  const go = () => document.getElementById(target).scrollIntoView();
  return h("li", { class: level },
    h("a", { href: `#${target}`, onclick: (event) => (event.preventDefault(), go()) }, question),
    h("span", { class: "say" }, sign(level), text), h("span", { class: "more" }, more));
}

function capital(text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function worst(parts) {
  return parts.map(([level]) => level).reduce((a, b) => (RANK.indexOf(b) > RANK.indexOf(a) ? b : a), "none");
}

function readiness({ status, reason }) {
  if (status === "failing") return ["act", `webhooks are refused: ${reason ?? "the journal fails"}`];
  if (status === "draining") return ["act", "cutover is shutting down and takes no webhooks"];
  if (status === "stopped") return ["act", "no server runs"];
  return undefined;
}

function spoken({ numbers }) {
  const mixed = numbers.find((number) => number.mixed);
  if (mixed) return ["look", `several numbers come in under one name: ${sides(mixed)}; configure [[number]] to tell them apart`];
  const of = (word) => numbers.filter((number) => number.platform === word).length;
  const [cloud, onprem, all] = [of("cloud"), of("onprem"), numbers.length];
  if (!cloud && !onprem) return ["none", "nothing has come in yet"];
  const [some, word] = cloud ? [cloud, "Cloud"] : [onprem, "On-Premises"];
  if (some === all) return ["ok", all === 1 ? `number ${numbers[0].name} speaks ${word}` : `all ${all} numbers speak ${word}`];
  const rest = all - cloud - onprem;
  const said = [cloud && `${cloud} of ${all} numbers ${cloud === 1 ? "speaks" : "speak"} Cloud`,
    onprem && `${onprem}${cloud ? "" : ` of ${all} numbers`} On-Premises`, rest && `${rest} ${rest === 1 ? "has" : "have"} said nothing yet`];
  return ["ok", said.filter(Boolean).join(", ")];
}

function sides({ cloud, onprem }) {
  return `${several(onprem.events, "event")} from On-Premises, ${count(cloud.events)} from Cloud`;
}

function silent({ numbers }) {
  const names = numbers.filter((number) => number.silent).map(({ name }) => name);
  if (!names.length) return undefined;
  return ["look", names.length === 1 ? `number ${names[0]} is unusually silent` : `${names.length} numbers are unusually silent`];
}

function health(consumers) {
  return ["down", "failing", "gone"].flatMap((word) => {
    const names = consumers.filter((consumer) => consumer.health === word).map(({ name }) => name);
    const what = word === "gone" ? "not configured any more, and owed something" : word;
    if (!names.length) return [];
    const text = names.length === 1 ? `consumer ${names[0]} is ${what}` : `${names.length} consumers are ${what}`;
    return [[word === "gone" ? "look" : "act", text]];
  });
}

function which({ numbers, now_ms }) {
  const mixed = numbers.find((number) => number.mixed);
  if (mixed) return ["look", "Several numbers under one name", sides(mixed)];
  const heard = numbers.filter((number) => number.platform);
  if (!heard.length) return ["none", "Nothing yet"];
  const words = [...new Set(heard.map((number) => number.platform))];
  const switches = numbers.flatMap((number) => number.switches.slice(0, 1).map((last) => ({ ...last, name: number.name })));
  const last = switches.sort((a, b) => b.at_ms - a.at_ms)[0];
  const text = words.map((word) => {
    const some = heard.filter((number) => number.platform === word).length;
    return numbers.length === 1 ? platform(word) : `${some} ${platform(word)}`;
  }).join(", ");
  const quiet = numbers.filter((number) => number.silent).map(({ name }) => `${name} is unusually silent`);
  const more = last ? [`${last.name} switched `, since(last.at_ms, now_ms), `, silence ${span(last.gap_seconds)}`] : quiet[0] ?? "No switch yet";
  return [numbers.some((number) => number.silent) ? "look" : "ok", text, more];
}

function accepted({ consumers, now_ms }) {
  if (!consumers.length) return ["none", "No consumer is configured"];
  const bad = consumers.filter(({ health }) => health === "down" || health === "failing");
  if (bad.length) {
    const { name, last_error } = bad[0];
    const why = last_error ? `${name} ${attempt(last_error.verdict, last_error.status)}` : "";
    return ["act", bad.length === 1 ? `No: ${name} is ${bad[0].health}` : `No: ${bad.length} of ${consumers.length} do not`, why];
  }
  const taken = consumers.filter(({ last_taken_ms }) => last_taken_ms).sort((a, b) => b.last_taken_ms - a.last_taken_ms)[0];
  if (!taken) return ["none", "Not asked since the start"];
  return ["ok", "Yes", [`${taken.name} took the last one `, since(taken.last_taken_ms, now_ms)]];
}

function waits({ consumers }) {
  const parked = consumers.reduce((sum, { parked }) => sum + parked, 0);
  const waiting = consumers.reduce((sum, { ready, in_flight }) => sum + ready + in_flight, parked);
  const oldest = Math.max(0, ...consumers.map(({ oldest_seconds }) => oldest_seconds));
  return { waiting, oldest, isStuck: parked > 0 || oldest > OLD_SECONDS };
}

function stuck(status) {
  const { dead_letters } = status;
  const { waiting, oldest, isStuck } = waits(status);
  const dead = dead_letters ? several(dead_letters, "dead letter") : "no dead letters";
  if (isStuck) return ["act", `Yes: ${several(waiting, "record")}`, `the oldest for ${span(oldest)} · ${dead}`];
  const now = waiting ? `${count(waiting)} on the way` : "nothing waits";
  return dead_letters ? ["look", `Set aside: ${dead}`, now] : ["ok", "No", `${now} · ${dead}`];
}

function lost({ losses, started_ms, now_ms }) {
  const bad = losses.filter(isWorthALook);
  const rest = losses.filter((loss) => !loss.expected && !isWorthALook(loss));
  const sum = (list) => list.reduce((sum, { count }) => sum + count, 0);
  const codes = [...new Set(bad.map(({ code }) => code))];
  if (bad.length) return ["look", `Yes: ${several(sum(bad), "thing")}`, codes.map(spaced).join(", ")];
  if (rest.length) return ["ok", "Nothing to act on", `${count(sum(rest))} said in another word`];
  return ["ok", "No", losses.length ? "only what every body loses" : ["nothing since ", started_ms ? at(started_ms, now_ms) : "the start"]];
}
