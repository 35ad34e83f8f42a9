// The buttons: print, download, dark or light.
"use strict";

geobike.tools = function (page) {
  const button = (key, onclick) => geobike.el("button", { type: "button", onclick }, page.say(key));
  return geobike.el(
    "div",
    { className: "gb-tools" },
    button("print", () => print()),
    geobike.downloads(page),
    geobike.theme(page),
  );
};

// Dark as the reader's system is, until the button says otherwise.
geobike.theme = function (page) {
  const root = document.documentElement;
  const system = matchMedia("(prefers-color-scheme: dark)");
  const button = geobike.el("button", { type: "button" });
  const set = (dark) => {
    root.dataset.theme = dark ? "dark" : "light";
    button.textContent = page.say(dark ? "light" : "dark");
  };
  button.onclick = () => set(root.dataset.theme !== "dark");
  system.addEventListener("change", ({ matches }) => set(matches));
  set(system.matches);
  return button;
};
