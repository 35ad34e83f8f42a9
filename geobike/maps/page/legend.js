// The legend, in a corner of the map.
"use strict";

geobike.legend = function (page) {
  const { el } = geobike;
  const { map } = page;
  const title = el("summary");
  const classes = el("ul", { className: "gb-classes" });
  const key = el("ul", { className: "gb-classes gb-photo-key" }, ...geobike.photoKey(page));
  const properties = { className: "gb-legend", open: geobike.wide() };
  const legend = el("details", properties, title, classes, key);
  page.onMetric(() => {
    title.textContent = page.metricName(page.metric);
    classes.replaceChildren(...geobike.classes(page));
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

geobike.classes = function (page) {
  const { data, metric } = page;
  const { classes } = data.metrics.find(({ key }) => key === metric);
  const item = (swatch, text) => {
    swatch.className = "gb-swatch " + swatch.className;
    return geobike.el("li", {}, swatch, text);
  };
  const coloured = classes.map(({ low, high, colour }) => {
    const swatch = geobike.el("i");
    swatch.style.background = colour;
    // Zero is exact: "0.00" would look rounded.
    const [from, to] = [low, high].map((value) => (value ? page.figure(metric, value) : "0"));
    return item(swatch, from === to ? from : `${from} – ${to}`);
  });
  const states = ["few", "missing", "none"]
    .filter((state) => data.areas.some((area) => area.classes[metric] === state))
    .map((state) =>
      item(geobike.el("i", { className: "gb-" + state }), page.say(state, { n: data.min_photos })),
    );
  return [...coloured, ...states];
};

geobike.photoKey = function (page) {
  const { photos } = page.data;
  const counted = photos.filter(({ status }) => status === "counted");
  const present = {
    photo_key: counted.some(({ bicycle_count }) => bicycle_count > 0),
    photo_key_zero: counted.some(({ bicycle_count }) => bicycle_count === 0),
    photo_key_other: counted.length < photos.length,
  };
  return Object.keys(present)
    .filter((key) => present[key])
    .map((key) =>
      geobike.el("li", {}, geobike.el("i", { className: `gb-dot gb-${key}` }), page.say(key)),
    );
};
