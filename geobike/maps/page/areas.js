// The areas: drawn, coloured by the metric, tied to their rows of the table.
"use strict";

geobike.areas = function (page) {
  const { map, data } = page;
  const renderer = L.svg({ padding: 0.5 });
  const features = data.areas.map((area) => ({
    type: "Feature",
    geometry: area.geometry,
    properties: area,
  }));
  const layer = L.geoJSON(features, {
    renderer,
    style: ({ properties }) => geobike.areaStyle(page, properties),
    onEachFeature(feature, shape) {
      const area = feature.properties;
      area.shape = shape;
      shape.bindTooltip(() => geobike.areaTooltip(page, area), { sticky: true, className: "gb-tip" });
      shape.bindPopup(() => geobike.areaPopup(page, area), geobike.popup);
      shape.on({
        mouseover: () => page.highlight(area, true),
        mouseout: () => page.highlight(area, false),
      });
    },
  }).addTo(map);
  geobike.hatches(renderer._container); // Leaflet has no public way to an SVG renderer's element
  page.areaLayer = layer;
  page.bounds = layer.getBounds();

  let marked = null; // one at a time: a browser may skip the mouseout of a shape that moves
  page.highlight = function (area, on) {
    if (on && marked && marked !== area) page.highlight(marked, false);
    marked = on ? area : null;
    area.shape.setStyle(geobike.areaStyle(page, area, on));
    if (on) area.shape.bringToFront();
    area.row.classList.toggle("gb-on", on);
  };
  page.zoomTo = function (area) {
    map.fitBounds(area.shape.getBounds(), { maxZoom: 16, padding: [40, 40], animate: false });
    area.shape.openPopup();
    map.getContainer().scrollIntoView({ block: "nearest" });
  };
  page.onMetric(() => layer.setStyle(({ properties }) => geobike.areaStyle(page, properties)));
};

geobike.areaStyle = function (page, area, on) {
  return {
    fillColor: geobike.fill(page, area),
    fillOpacity: 1, // so that the map shows the legend's colours and no mixture
    color: on ? "#111" : "#5b6470",
    weight: on ? 3 : 0.8,
  };
};

// A class's colour, or the hatch that says why there is none.
geobike.fill = function (page, area) {
  const found = area.classes[page.metric];
  if (typeof found !== "number") return `url(#gb-${found})`;
  return page.data.metrics.find(({ key }) => key === page.metric).classes[found].colour;
};

// Patterns for areas without a figure; grey, for they are no step of the scale.
geobike.hatches = function (svg) {
  const namespace = "http://www.w3.org/2000/svg";
  const make = (tag, attributes, ...children) => {
    const made = document.createElementNS(namespace, tag);
    Object.entries(attributes).forEach(([name, value]) => made.setAttribute(name, value));
    made.append(...children);
    return made;
  };
  const pattern = (name, angle, mark) =>
    make(
      "pattern",
      {
        id: `gb-${name}`,
        width: 7,
        height: 7,
        patternUnits: "userSpaceOnUse",
        patternTransform: `rotate(${angle})`,
      },
      make("rect", { width: 7, height: 7, fill: "#eceef0" }),
      mark,
    );
  const line = () => make("line", { y2: 7, stroke: "#b3b9c0", "stroke-width": 2.4 });
  const dot = make("circle", { cx: 3.5, cy: 3.5, r: 1.7, fill: "#7c8794" });
  svg.prepend(
    make(
      "defs",
      {},
      pattern("none", 45, line()),
      pattern("few", 0, dot),
      pattern("missing", 90, line()),
    ),
  );
};

// Popups keep clear of the zoom buttons.
geobike.popup = { maxWidth: 320, autoPanPaddingTopLeft: [55, 12], autoPanPaddingBottomRight: [12, 12] };

geobike.areaTooltip = function (page, area) {
  const { el } = geobike;
  const state = area.classes[page.metric];
  const text =
    state === "none"
      ? page.say("none")
      : `${page.metricName(page.metric)}: ${page.figure(page.metric, area[page.metric])}`;
  return el("div", {}, el("strong", { dir: "auto" }, area.name), el("br"), text);
};

geobike.areaPopup = function (page, area) {
  const { el } = geobike;
  const keys = ["bicycle_count", "photo_count", "bicycles_per_photo", "bicycles_per_km2"];
  const names = (key) => (key === "photo_count" ? page.say(key) : page.metricName(key));
  const shown = keys.map((key) => [names(key), geobike.areaFigure(page, area, key)]);
  for (const key of ["first", "last"]) {
    shown.push([page.say(key), area[key] === null ? page.say("unknown") : area[key]]);
  }
  const lines = shown.flatMap(([name, value]) => [el("dt", {}, name), el("dd", {}, value)]);
  return el(
    "div",
    { className: "gb-popup" },
    el("h2", { dir: "auto" }, area.name),
    area.photo_count ? "" : el("p", {}, page.say("none")),
    el("dl", {}, ...lines),
  );
};

// Without photos there is no figure: a 0 would read as "no bicycles".
geobike.areaFigure = function (page, area, key) {
  const known = key === "photo_count" || area.photo_count > 0;
  return page.figure(key, known ? area[key] : null);
};
