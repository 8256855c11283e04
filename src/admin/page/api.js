// Requests to the admin listener, with the token where one was given. Whatever goes wrong becomes an
// `ApiError` whose message can be shown.

const KEY = "cutover.admin_token";

export class ApiError extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

/** What was said instead of an answer. */
export function inWords(error) {
  if (error instanceof ApiError) return error.message;
  if (error instanceof TypeError) return "cutover does not answer at this address";
  return error.message || String(error);
}

export function setToken(token) {
  if (token) sessionStorage.setItem(KEY, token);
  else sessionStorage.removeItem(KEY);
}

export function hasToken() {
  return sessionStorage.getItem(KEY) !== null;
}

/** A response that succeeded. */
export async function request(path, options = {}) {
  const token = sessionStorage.getItem(KEY);
  const headers = { ...options.headers, ...(token && { Authorization: `Bearer ${token}` }) };
  const response = await fetch(path, { cache: "no-store", ...options, headers });
  if (response.ok) return response;
  const text = (await response.text()).trim();
  throw new ApiError(response.status, text || `the answer was ${response.status}`);
}

export async function get(path) {
  return (await request(path)).json();
}

export async function post(path, body, type = "application/json") {
  return (await request(path, { method: "POST", body, headers: { "Content-Type": type } })).json();
}

export async function remove(path) {
  return (await request(path, { method: "DELETE" })).json();
}
