// Everything by keys: those of the view, and those that all have.
"use strict";

geobike.TABS = { l: "list", s: "sheets", d: "people", c: "correct", t: "try" };

geobike.pressed = function (page, event) {
  const { target, key } = event;
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]") || !page.view) return;
  const field = target.matches("input:not([type=radio]):not([type=checkbox]):not([type=range])");
  const free = field && (target.id === "gb-remark" || target.type === "search");
  if (key === "Escape") { target.blur(); return; }
  if (free && key !== "Enter") return;
  if (target.matches("button, summary, label") && (key === "Enter" || key === " ")) return;
  if (target.matches("input[type=radio], input[type=range]") && key.startsWith("Arrow")) return;
  if (target.matches("input[type=checkbox]") && key === " ") return;
  if (field && key.startsWith("Arrow") && !page.view.keys.ArrowDown) return; // moves in the number
  if (event.shiftKey && key.startsWith("Arrow")) return;
  const letter = key.length === 1 ? key.toLowerCase() : key;
  const act = page.view.keys[letter];
  if (act) { event.preventDefault(); act(); return; }
  if ((letter === "?" && !field) || letter === "h") { event.preventDefault(); page.help.showModal(); return; }
  const tab = geobike.TABS[letter];
  if (tab && (tab === "try" ? page.try : page.survey !== null)) { event.preventDefault(); page.show(tab); return; }
  if (/^[\d-]$/.test(key) && !field && page.view.type) { event.preventDefault(); page.view.type(key); return; }
  // A letter is no part of a number.
  if (field && !free && /^[a-z]$/i.test(key)) event.preventDefault();
};

geobike.help = function (page) {
  const { el } = geobike;
  const { say } = page;
  const rows = page.words.key_list.map(([keys, meaning]) => el("tr", {}, el("th", { scope: "row" }, el("kbd", {}, keys)), el("td", {}, meaning)));
  const help = el("dialog", { className: "gb-dialog", "aria-label": say("keys") },
    el("h2", {}, say("keys")), geobike.rule(page), el("table", { className: "gb-keys" }, el("tbody", {}, ...rows)),
    el("button", { type: "button", className: "gb-main", onclick: () => help.close() }, say("close"), el("kbd", {}, "Esc")));
  document.addEventListener("keydown", (event) => geobike.pressed(page, event));
  return help;
};
