// Times and spans in words. "Now" is the server's clock as of its last answer, so that a page that
// has lost its connection does not pretend to know more.

import { h } from "./tree.js";

const pad = (number) => String(number).padStart(2, "0");
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** `02:13:07`, with the day where it is not that of `now`. */
export function clock(ms, now = ms) {
  const [date, today] = [new Date(ms), new Date(now)];
  const time = `${pad(date.getHours())}:${pad(date.getMinutes())}:${pad(date.getSeconds())}`;
  if (date.toDateString() === today.toDateString()) return time;
  const year = date.getFullYear() === today.getFullYear() ? "" : ` ${date.getFullYear()}`;
  return `${date.getDate()} ${MONTHS[date.getMonth()]}${year} ${time}`;
}

/** `02:13`. */
export function minute(ms) {
  return clock(ms).slice(0, 5);
}

/** `42 s`, `3 min 5 s`, `2 h 10 min`, `3 d 4 h`. */
export function span(seconds) {
  if (seconds < 9.95) return `${Number(seconds.toFixed(1))} s`;
  let rest = Math.round(seconds);
  if (rest < 60) return `${rest} s`;
  const parts = [["d", 86400], ["h", 3600], ["min", 60], ["s", 1]];
  const first = parts.findIndex(([, size]) => rest >= size);
  const words = parts.slice(first, first + 2).map(([unit, size]) => {
    const count = Math.floor(rest / size);
    rest %= size;
    return count && `${count} ${unit}`;
  });
  return words.filter(Boolean).join(" ");
}

/** How long ago, in one unit. */
export function ago(ms, now) {
  const seconds = Math.max(0, (now - ms) / 1000);
  if (seconds < 1.5) return "just now";
  if (seconds < 60) return `${Math.round(seconds)} s ago`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 172800) return `${span(Math.floor(seconds / 60) * 60)} ago`;
  return `${Math.floor(seconds / 86400)} d ago`;
}

/** A time as an element: in relation to now, with the exact time behind it. */
export function since(ms, now) {
  return h("time", { datetime: new Date(ms).toISOString(), title: full(ms) }, ago(ms, now));
}

/** A time as an element: exact. */
export function at(ms, now) {
  return h("time", { datetime: new Date(ms).toISOString(), title: full(ms) }, clock(ms, now));
}

/** The zone that times are shown in. */
export function zone() {
  const minutes = -new Date().getTimezoneOffset();
  const size = Math.abs(minutes);
  return `UTC${minutes < 0 ? "−" : "+"}${pad(Math.floor(size / 60))}:${pad(size % 60)}`;
}

function full(ms) {
  const date = new Date(ms);
  return `${date.getFullYear()}-${pad(date.getMonth() + 1)}-${pad(date.getDate())} ${clock(ms)} ${zone()}`;
}
