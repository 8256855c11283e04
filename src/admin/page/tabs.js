// Two tabs by the pattern everybody knows: arrow keys, Home and End move, and what has the focus is shown.

const tabs = [...document.querySelectorAll('[role="tab"]')];

export function listen() {
  tabs.forEach((tab, index) => {
    tab.addEventListener("click", () => select(tab));
    tab.addEventListener("keydown", (event) => {
      const to = { ArrowRight: index + 1, ArrowLeft: index - 1 + tabs.length, Home: 0, End: tabs.length - 1 }[event.key];
      if (to === undefined) return;
      event.preventDefault();
      select(tabs[to % tabs.length]).focus();
    });
  });
  if (location.hash === "#playground") select(tabs[1]);
}

function select(chosen) {
  for (const tab of tabs) {
    const on = tab === chosen;
    tab.setAttribute("aria-selected", String(on));
    tab.tabIndex = on ? 0 : -1;
    document.getElementById(tab.getAttribute("aria-controls")).hidden = !on;
  }
  const name = chosen.getAttribute("aria-controls");
  history.replaceState(null, "", name === "status" ? "." : `#${name}`);
  return chosen;
}
