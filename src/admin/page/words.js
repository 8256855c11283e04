// What the program's words mean, in sentences: platforms, losses, reasons, verdicts, outcomes.

const NUMBERS = new Intl.NumberFormat("en-US");
const PLATFORMS = { cloud: "Cloud", onprem: "On-Premises", normalized: "Normalized", unknown: "unknown format" };

/** What a loss of this code means, and what to do about it. */
export const LOSSES = {
  envelope: "The Cloud envelope (object, ids, metadata). The number is in X-WA-Account-Id.",
  status_contacts: "Contacts beside statuses; one side never sends them.",
  no_counterpart: "The format has no place for it (account, template, calls, echoes). If you need it, add a consumer in normalized format.",
  message_type: "A message type the format never had: the consumer saw “unknown” with error 501. The content is carried under the type's name.",
  revoke_id: "The id of a revocation itself. Nothing to do: the “deleted” status names the message that was deleted.",
  without_phone: "The platform withheld the phone number, and the rule is dead_letter.",
  status_played: "“played” was said as “read”. Nothing to do.",
  recipient_id: "A status names two recipients. Ask the provider which is right.",
  error_code: "An error code without a counterpart: the consumer saw 1000 or 500, the details begin with the original.",
  error_text: "An unusual error title was replaced. Matters only to a consumer that compares titles.",
};

/** Why a letter is dead. */
export const REASONS = {
  gave_up: "not taken for as long as give_up_after, or its consumer is gone",
  unknown_number: "its number is none of those configured: add [[number]]",
  too_old: "older than cloud.max_event_age when it arrived",
  without_phone: "the platform withheld the phone number",
  unknown: "a type or status that the consumer's format never had",
  unreadable: "what is stored cannot be read",
  by_hand: "set aside by hand",
};

/** What a refused webhook usually means. */
export const OUTCOMES = {
  malformed: ["not readable (400)", "Not JSON, or neither format. A few are scanners; many are a hop that rewrites bodies."],
  unauthorized: ["no proof (401)", "A signature or credential was missing or wrong. Right after a change: compare the secret. A steady trickle: scanners."],
  not_found: ["unknown number (404)", "The URL, or with backend “none” the event, names a number that is not configured."],
  too_large: ["too large (413)", "Raise listen.max_body_bytes; the Cloud sends up to 3 MB."],
  unavailable: ["not safe to take (503)", "The disk, an overload or a drain. The platform sends it again."],
};

/** What kind of thing was never seen before. */
export const UNKNOWN = { message_type: "message type", status: "status", field: "field", member: "member" };

export function platform(word) {
  return PLATFORMS[word] ?? word;
}

/** What an attempt came to: `refused 500`, or a verdict and a status. */
export function verdict(word, status) {
  const [name, digits] = String(word ?? "").split(" ");
  const code = status ?? digits;
  const words = {
    refused: code ? `refused with ${code}${/^3/.test(code) ? ": a redirect, and those are not followed" : ""}` : "refused",
    timed_out: "did not answer in time",
    busy: "had no free place",
    unreachable: "could not be reached",
  };
  return words[name] ?? word;
}

/** `1,204`. */
export function count(number) {
  return NUMBERS.format(number);
}

/** `1 letter`, `2 letters`. */
export function several(number, one, many = `${one}s`) {
  return `${count(number)} ${number === 1 ? one : many}`;
}

/** A code or key as a sentence would say it. */
export function spaced(word) {
  return word.replaceAll("_", " ");
}
