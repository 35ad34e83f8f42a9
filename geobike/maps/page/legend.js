// The legend, in a corner of the map; closed where it would cover much of the map.
"use strict";

geobike.legend = function (page) {
  const { el } = geobike;
  const { map } = page;
  const title = el("summary");
  const classes = el("ul", { className: "gb-classes" });
  const key = el("ul", { className: "gb-classes gb-photo-key" }, ...geobike.photoKey(page));
  const properties = { className: "gb-legend", open: map.getSize().x >= 580 };
  const legend = el("details", properties, title, classes, key);
  page.onChange(() => {
    title.textContent = geobike.legendTitle(page);
    classes.replaceChildren(...geobike.legendClasses(page));
  });
  map.on("layeradd layerremove", () => (key.hidden = !map.hasLayer(page.photoLayer)));

  const control = L.control({ position: "bottomleft" });
  control.onAdd = () => {
    L.DomEvent.disableClickPropagation(legend);
    L.DomEvent.disableScrollPropagation(legend);
    return legend;
  };
  control.addTo(map);
  return legend;
};

geobike.legendTitle = function (page) {
  if (page.surface === "areas") return page.nameOf(page.metric);
  if (page.surface === "hexbins") return page.nameOf(page.hexbins.metric);
  return page.say(page.surface === "heat" ? "layer_heat" : "legend");
};

geobike.legendClasses = function (page) {
  const { el } = geobike;
  const item = (swatch, text) => {
    swatch.className = "gb-swatch " + swatch.className;
    return el("li", {}, swatch, text);
  };
  const coloured = (metric, classes) =>
    geobike.rangesOf(page, metric, classes, page.period >= 0).map(({ colour, text }) => {
      const swatch = el("i");
      swatch.style.background = colour;
      return item(swatch, text);
    });
  if (page.surface === "heat") return [el("li", {}, page.say("heat_meaning"))];
  if (page.surface === "none") return [];
  if (page.surface === "hexbins") {
    const size = el("li", {}, page.say("hexbin_size", { metres: page.hexbins.metres }));
    return [size, ...coloured(page.hexbins.metric, page.hexbins.classes())];
  }
  const { data, metric } = page;
  const found = new Set(data.areas.map((area) => geobike.valueOf(page, area, metric)));
  const states = ["thin", "too_thin", "few", "missing", "none"]
    .filter((state) => found.has(state))
    .map((state) => item(el("i", { className: "gb-" + state }), geobike.stateText(page, state)));
  return [...coloured(metric, page.areaClasses[metric.name]), ...states];
};

// A total with each place once is of the whole survey: a day has none.
geobike.stateText = function ({ data, metric, period, say }, state) {
  const whole = state === "missing" && period >= 0 && !(metric.numerator in data.tallies);
  return say(whole ? "whole_only" : state, { n: data.min_photos });
};

geobike.photoKey = function ({ photos, say }) {
  const present = {
    photo_key: photos.count.some((count) => count > 0),
    photo_key_zero: photos.count.some((count) => count === 0),
    photo_key_other: photos.count.some((count) => count < 0),
    photo_key_many: photos.n > 1,
  };
  return Object.keys(present)
    .filter((key) => present[key])
    .map((key) => geobike.el("li", {}, geobike.el("i", { className: `gb-dot gb-${key}` }), say(key)));
};
