// The buttons: print, download, dark or light.
"use strict";

geobike.tools = function (page) {
  const button = (key, onclick) => geobike.el("button", { type: "button", onclick }, page.say(key));
  return geobike.el(
    "div",
    { className: "gb-tools" },
    button("print", () => print()),
    button("download", () => geobike.download(page)),
    geobike.theme(page),
  );
};

// The statistics as the page shows them, as a file for a GIS. Made here: nothing is fetched.
geobike.download = function (page) {
  const { data } = page;
  const left = data.metrics.filter(({ shown }) => !shown.includes("download")).map(({ name }) => name);
  const features = data.areas.map(({ id, name, status, figures, geometry }) => ({
    type: "Feature",
    geometry,
    properties: {
      area_id: id,
      name,
      status,
      ...Object.fromEntries(Object.entries(figures).filter(([key]) => !left.includes(key))),
    },
  }));
  const note = page.say("simplified");
  const text = JSON.stringify({ type: "FeatureCollection", note, features });
  const href = URL.createObjectURL(new Blob([text], { type: "application/geo+json" }));
  const period = page.period < 0 ? "" : `-${page.photos.periods[page.period]}`;
  geobike.el("a", { href, download: `areas${period}.geojson` }).click();
  setTimeout(() => URL.revokeObjectURL(href), 10000);
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
