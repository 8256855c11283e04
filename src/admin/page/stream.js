// The status as it changes: asked for once, then read from an event stream. The stream is read with
// `fetch`, since `EventSource` cannot send the token. When it breaks off it is tried again, after
// pauses that grow; a refusal for want of a token waits until there is one.

import { ApiError, get, inWords, request } from "./api.js";

const SILENCE_MS = 12_000;
const LONGEST_PAUSE_MS = 15_000;

/**
 * Reads until the page is closed. `shown` is told each status; `told` is told how the connection is:
 * `{ state: "live" | "connecting" | "lost" | "token" | "refused", reason, retryAt }`.
 */
export function follow({ shown, told }) {
  let wake = () => {};
  let failures = 0;
  const attempt = async () => {
    try {
      told({ state: "connecting" });
      shown(await get("/api/status"));
      await read((status) => {
        failures = 0;
        told({ state: "live" });
        shown(status);
      });
      throw new Error("the stream ended");
    } catch (error) {
      if (error instanceof ApiError && error.status === 401) return told({ state: "token", reason: error.message });
      if (error instanceof ApiError && error.status === 403) return told({ state: "refused", reason: error.message });
      failures += 1;
      const pause = Math.min(LONGEST_PAUSE_MS, 500 * 2 ** failures) * (0.75 + Math.random() / 4);
      told({ state: "lost", reason: inWords(error), retryAt: Date.now() + pause });
      setTimeout(wake, pause);
    }
  };
  const loop = async () => {
    for (;;) {
      const woken = new Promise((resolve) => (wake = resolve));
      await attempt();
      await woken;
    }
  };
  loop();
  return () => wake();
}

/** Reads one stream to its end. One that says nothing, not even a comment, for long is broken off. */
async function read(shown) {
  const broken = new AbortController();
  let watchdog;
  const alive = () => {
    clearTimeout(watchdog);
    watchdog = setTimeout(() => broken.abort(new Error("nothing was heard for 12 s")), SILENCE_MS);
  };
  alive();
  try {
    const response = await request("/api/status/stream", { signal: broken.signal });
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    // The pieces of a line that has not ended yet, and the lines of an event that has not.
    let [pieces, lines] = [[], []];
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      alive();
      const [first, ...rest] = value.split("\n");
      pieces.push(first);
      for (const next of rest) {
        const line = pieces.join("").replace(/\r$/, "");
        pieces = [next];
        if (line) {
          lines.push(line);
          continue;
        }
        const data = payload(lines);
        lines = [];
        if (data) shown(JSON.parse(data));
      }
    }
  } finally {
    clearTimeout(watchdog);
  }
}

/** The data of an event called `status`. */
function payload(lines) {
  let name = "message";
  const data = [];
  for (const line of lines) {
    const [field, value] = [line.split(":", 1)[0], line.slice(line.indexOf(":") + 1).replace(/^ /, "")];
    if (field === "event") name = value;
    if (field === "data") data.push(value);
  }
  return name === "status" ? data.join("\n") : "";
}
