// The entry: follows the status and shows it. Each part of the page is made by a module of its own.

import { ago, at, zone } from "./time.js";
import { ask, close } from "./gate.js";
import { door, losses, unknown } from "./losses.js";
import { h, patch } from "./tree.js";
import { isQuiet, overview, sign, verdict } from "./verdict.js";
import { Letters } from "./letters.js";
import { consumers } from "./consumers.js";
import { follow } from "./stream.js";
import { listen } from "./tabs.js";
import { numbers } from "./numbers.js";
import { playground } from "./playground.js";

const ANNOUNCE_EVERY_MS = 15_000;
/** The server says something every two seconds. */
const OLD_MS = 6_000;
const place = (id) => document.getElementById(id);
const letters = new Letters(place("letters"), place("dialog"));
let status;
let heardAt;
let link = { state: "connecting" };
let announced = { text: "", at: 0 };
let wasStale = false;

function shown(next) {
  status = next;
  heardAt = Date.now();
  show();
}

function show() {
  const lostAt = isStale() ? heardAt : undefined;
  const said = verdict(status, lostAt);
  document.title = `${said.level === "act" ? "(!) " : ""}${said.text} · cutover`;
  patch(place("head"), head(status, lostAt));
  patch(place("verdict"), overview(status, lostAt), isQuiet(status) && welcome());
  patch(place("numbers"), numbers(status, show));
  patch(place("consumers"), consumers(status));
  letters.show(status);
  patch(place("losses"), losses(status));
  patch(place("unknown"), unknown(status));
  patch(place("door"), door(status));
  patch(place("foot"), "Counts of losses and webhooks begin at the start of the server.");
  announce(said.text);
}

function head({ version, readiness, started_ms, now_ms }, lostAt) {
  const level = lostAt ? "none" : { ready: "ok", draining: "act", failing: "act", stopped: "act" }[readiness.status] ?? "look";
  const word = `${lostAt ? "was " : ""}${readiness.status}`;
  return [h("span", { key: "version" }, version), h("span", { key: "ready", class: `pill ${level}` }, sign(level), word, readiness.reason && `: ${readiness.reason}`),
    started_ms && !lostAt && h("span", { key: "since" }, "running since ", at(started_ms, now_ms), ` (${ago(started_ms, now_ms)})`),
    h("span", { key: "zone" }, `times in ${zone()}`)];
}

function welcome() {
  return h("div", { key: "welcome", class: "panel" }, h("h2", null, "What to do next"),
    h("p", null, "Point the platform at ", h("code", null, "https://YOUR-HOST/webhooks"),
      " (what reaches listen.webhooks), then send a text from a phone. It appears here within two seconds."),
    h("p", null, "Moving to the Cloud API: subscribe the app to the account as well; the URL in the dashboard is not enough. " +
      "To see what a translation looks like first, open the tab Playground."));
}

/** Tells a screen reader the verdict when it changed, and not too often. */
function announce(text) {
  if (text === announced.text || Date.now() - announced.at < ANNOUNCE_EVERY_MS) return;
  announced = { text, at: Date.now() };
  patch(place("announced"), text);
}

function told(next) {
  link = next;
  if (link.state === "token") ask(wake);
  else if (link.state === "live") close();
  document.body.classList.toggle("needs-token", link.state === "token");
  tick();
}

/** Whether what is shown may not be so any more. */
function isStale() {
  return heardAt !== undefined && Date.now() - heardAt >= OLD_MS;
}

/** How the connection is, and how old the data is. */
function tick() {
  const age = heardAt ? Math.round((Date.now() - heardAt) / 1000) : undefined;
  const isLive = link.state === "live" && !isStale();
  if (document.body.classList.toggle("stale", isStale()) !== wasStale) {
    wasStale = isStale();
    show();
  }
  const old = age === undefined ? "" : `; what you see is ${age} s old`;
  const rest = Math.max(0, Math.ceil(((link.retryAt ?? 0) - Date.now()) / 1000));
  const words = {
    live: isLive ? "live" : `no news${old}`,
    connecting: age === undefined ? "connecting" : `connecting${old}`,
    lost: `connection lost: ${link.reason}${old}; next try in ${rest} s`,
    token: "a token is needed",
    refused: `refused: ${link.reason}`,
  };
  const level = { live: isLive ? "ok" : "look", connecting: "none", token: "look" }[link.state] ?? "act";
  patch(place("live"), sign(level), words[link.state], ["lost", "refused"].includes(link.state) && h("button", { class: "small", onclick: () => wake() }, "Try now"));
}

listen();
playground(place("playground"));
const wake = follow({ shown, told });
setInterval(tick, 1000);
