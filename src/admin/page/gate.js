// Where the server wants a token: a form for it. The token stays in this tab.

import { h, patch } from "./tree.js";
import { hasToken, setToken } from "./api.js";

const place = document.getElementById("gate");

/** Asks for the token, then goes on. */
export function ask(goOn) {
  const wrong = hasToken();
  const submit = (event) => {
    event.preventDefault();
    setToken(event.target.elements.token.value.trim());
    place.hidden = true;
    goOn();
  };
  patch(place, h("form", { class: "panel", onsubmit: submit },
    h("h2", null, "This server asks for its token"),
    h("p", null, "It is listen.admin_token of the configuration. It is kept until this tab is closed, and sent to this server only."),
    wrong && h("p", { class: "act", role: "alert" }, "That was not the token of this server."),
    h("label", { for: "token" }, "Token"),
    h("input", { id: "token", name: "token", type: "password", autocomplete: "current-password", required: true }),
    h("button", { class: "primary" }, "Open")));
  place.hidden = false;
  const input = place.querySelector("input");
  input.value = "";
  input.focus();
}

export function close() {
  place.hidden = true;
}
