// Dead letters: the list by what happened to them, a look at one with everything personal replaced, and
// putting back.

import { REASONS, count, platform, several, verdict } from "./words.js";
import { get, inWords, post, remove } from "./api.js";
import { h, patch } from "./tree.js";
import { layout } from "./json.js";
import { since } from "./time.js";
import { sign } from "./verdict.js";
import { table } from "./table.js";

const COLUMNS = ["About", "Attempts", "Last attempt", "Set aside", "Actions"];
/** Up to so many letters all groups are unfolded, and so many of each are shown at a time. */
const [FEW, SOME] = [20, 50];

/** The section and its dialog. */
export class Letters {
  #place;
  #dialog;
  #letters = [];
  #next = null;
  #pages = 1;
  #known;
  #status;
  #said;
  #trouble;
  #asking = false;
  #title;
  /** How many of each group are shown. */
  #shown = new Map();

  constructor(place, dialog) {
    this.#place = place;
    this.#dialog = dialog;
    dialog.addEventListener("close", () => (this.#title = undefined));
  }

  /** Shows the status; asks for the list again when the number of letters is another one. */
  show(status) {
    this.#status = status;
    const now = [status.dead_letters, ...status.consumers.map(({ dead }) => dead)].join();
    if (now !== this.#known && status.readiness.journal !== "none") {
      this.#known = now;
      this.#refresh();
    }
    this.#draw();
  }

  async #refresh() {
    if (this.#asking) return;
    this.#asking = true;
    try {
      const letters = [];
      let next = null;
      for (let page = 0; page < this.#pages; page += 1) {
        const answer = await get(`/api/dead-letters${next ? `?after=${encodeURIComponent(next)}` : ""}`);
        letters.push(...answer.letters);
        ({ next } = answer);
        if (!next) break;
      }
      [this.#letters, this.#next, this.#trouble] = [letters, next, undefined];
    } catch (error) {
      this.#trouble = `The list could not be had: ${inWords(error)}.`;
      this.#known = undefined;
    } finally {
      this.#asking = false;
      this.#draw();
    }
  }

  #draw() {
    const { dead_letters: all, now_ms: now, readiness } = this.#status;
    patch(this.#place, h("div", { class: "title" }, h("h2", null, "Dead letters", all > 0 && h("small", null, count(all))),
      all > 1 && h("button", { onclick: () => this.#confirm(`all ${count(all)}`, { all: true }) }, "Redeliver all …")),
    h("p", { key: "said", class: "said", "aria-live": "polite", tabindex: -1, id: "letters-said" }, this.#said),
    this.#trouble && h("p", { key: "trouble", class: "act" }, sign("act"), this.#trouble),
    this.#groups().map((group, _, groups) => this.#group(group, now, groups.length === 1 || this.#letters.length <= FEW)),
    this.#next && h("button", { key: "more", onclick: () => this.#more() }, `Show more (${count(this.#letters.length)} of ${count(all)})`),
    !all && !this.#letters.length && this.#empty(readiness.journal));
  }

  #empty(journal) {
    return h("p", { key: "empty", class: "empty" }, journal === "none"
      ? "With journal.backend = \"none\" nothing is kept: what a consumer does not take, the platform sends again."
      : [sign("ok"), "None. What a consumer does not take for as long as give_up_after, or a rule sets aside, waits here for you."]);
  }

  /** Letters of one reason and consumer each; the largest group last, since it is most of the page. */
  #groups() {
    const groups = new Map();
    for (const letter of this.#letters) {
      const key = `${letter.reason} ${letter.consumer}`;
      if (!groups.has(key)) groups.set(key, { key, reason: letter.reason, consumer: letter.consumer, letters: [] });
      groups.get(key).letters.push(letter);
    }
    return [...groups.values()].sort((a, b) => a.letters.length - b.letters.length);
  }

  #group({ key, reason, consumer, letters }, now, open) {
    const [most, rest] = [this.#shown.get(key) ?? SOME, this.#next ? " or more" : ""];
    const of = `${count(letters.length)}${rest} for ${consumer || "nobody"}`;
    return h("details", { key, class: "group", open },
      h("summary", null, h("code", null, reason), ` ${of}`, h("small", null, REASONS[reason] ?? "")),
      letters.length > 1 && h("p", null, h("button", { class: "small", onclick: () => this.#confirm(of, { all: true, reason, consumer: consumer || "-" }) }, `Redeliver these ${count(letters.length)}${rest} …`)),
      table(`Dead letters: ${reason} for ${consumer || "nobody"}`, COLUMNS, letters.slice(0, most).map((letter) => this.#row(letter, now))),
      letters.length > most && h("button", { onclick: () => (this.#shown.set(key, most + SOME), this.#draw()) }, `Show ${SOME} more of ${count(letters.length)}`));
  }

  #row(letter, now) {
    const { id, kind, source, attempts, verdict: last, at_ms } = letter;
    return { key: id, cells: [
      [`${kind}`, h("small", null, `from ${platform(source)} · ${id}`)],
      count(attempts), last ? verdict(last) : "–", since(at_ms, now),
      h("span", { class: "actions" },
        h("button", { class: "small", "aria-label": `Look at ${id}`, onclick: () => this.#look(letter) }, "Look"),
        h("button", { class: "small", "aria-label": `Redeliver ${id}`, onclick: () => this.#redeliver({ ids: [id] }) }, "Redeliver")),
    ] };
  }

  #more() {
    this.#pages += 1;
    this.#refresh();
  }

  async #redeliver(body) {
    await this.#do("Putting back …", async () => {
      const { redelivered, problems } = await post("/api/redeliver", JSON.stringify(body));
      const done = redelivered ? `${several(redelivered, "letter")} put back: delivered after what waits in ${redelivered === 1 ? "its conversation" : "their conversations"}.` : "Nothing was put back.";
      return [done, ...summed(problems)].join(" ");
    });
  }

  async #drop(id) {
    await this.#do("Dropping …", async () => {
      await remove(`/api/dead-letters/${encodeURIComponent(id)}`);
      return `${id} is gone for good.`;
    });
  }

  /** Does something to letters and says what came of it where the focus goes then. */
  async #do(doing, work) {
    this.#dialog.close();
    this.#say(doing);
    document.getElementById("letters-said").focus({ preventScroll: true });
    try {
      this.#say(await work());
    } catch (error) {
      this.#say(`Not done: ${inWords(error)}.`);
    }
    await this.#refresh();
  }

  #say(text) {
    this.#said = text;
    this.#draw();
  }

  #confirm(which, body) {
    this.#open(`Redeliver ${which}${body.reason ? "" : " dead letters"}?`,
      [h("p", null, "Each goes to the end of its conversation, with a new give_up_after. What its consumer still does not take comes back here.")],
      [h("button", { class: "primary", onclick: () => this.#redeliver(body) }, body.reason ? "Redeliver these" : "Redeliver all")]);
  }

  async #look(letter) {
    const { id } = letter;
    const about = h("p", null, `${letter.kind} from ${platform(letter.source)} for ${letter.consumer || "nobody"}: `,
      h("code", null, letter.reason), REASONS[letter.reason] && `, ${REASONS[letter.reason]}`);
    const buttons = [h("button", { class: "primary", key: "redeliver", onclick: () => this.#redeliver({ ids: [id] }) }, "Redeliver"),
      h("button", { key: "drop", onclick: () => this.#confirmDrop(id) }, "Drop …")];
    const show = (...content) => this.#open(`Dead letter ${id}`, [about, content], buttons);
    show(h("p", { class: "muted" }, "Asking …"));
    try {
      const shown = await get(`/api/dead-letters/${encodeURIComponent(id)}?masked=true`);
      if (!this.#dialog.open) return;
      show(h("p", { class: "muted" }, "Phone numbers, names, texts and ids are replaced by pseudonyms. ",
        h("code", null, `cutover dead-letters show ${id}`), " shows them as they are."),
      shown.body ? h("pre", { class: "json", tabindex: 0, "aria-label": "Body" }, layout(shown.body))
        : h("p", { class: "look" }, sign("look"), "What is kept is no JSON any more, so nothing of it is shown here."),
      shown.headers.length > 0 && h("details", { key: "headers" }, h("summary", null, several(shown.headers.length, "header")), h("pre", null, shown.headers.join("\n"))));
    } catch (error) {
      show(h("p", { class: "act", role: "alert" }, `It could not be had: ${inWords(error)}.`));
    }
  }

  #confirmDrop(id) {
    this.#open(`Drop ${id}?`, [h("p", null, "Its consumer never gets it. This cannot be undone.")],
      [h("button", { class: "danger", onclick: () => this.#drop(id) }, "Drop for good")]);
  }

  #open(title, content, buttons) {
    const close = h("button", { key: "close", onclick: () => this.#dialog.close() }, "Close");
    patch(this.#dialog, h("h2", { id: "dialog-title", tabindex: -1 }, title), h("div", { key: title, class: "content" }, content),
      h("p", { class: "buttons" }, buttons, close));
    if (!this.#dialog.open) this.#dialog.showModal();
    // Not on a button: the key that opened it may still be down.
    if (title !== this.#title) document.getElementById("dialog-title").focus();
    this.#title = title;
  }
}

/** Problems in sentences: one for all letters that have the same. */
function summed(problems) {
  const times = new Map();
  for (const problem of problems) {
    const what = problem.replace(/^[\d-]+: /, "");
    times.set(what, [...(times.get(what) ?? []), problem]);
  }
  return [...times].map(([what, all]) => (all.length === 1 ? `Not done: ${all[0]}.` : `${count(all.length)} not done: ${what}.`));
}
