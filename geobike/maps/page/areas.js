// The areas: drawn, coloured by the metric, tied to their rows of the table.
"use strict";

geobike.areas = function (page) {
  const { map, data } = page;
  const many = data.areas.length > geobike.MOST_SHAPES;
  const renderer = many ? L.canvas({ padding: 0.2 }) : L.svg({ padding: 0.5 });
  const patterns = many ? geobike.canvasPatterns() : null;
  page.pattern = (name) => (many ? patterns[name] : `url(#gb-${name})`);
  page.areaClasses = Object.fromEntries(
    page.metricsIn("map").map((metric) => {
      const values = data.areas.map((area) => geobike.valueOf(page, area, metric));
      return [metric.name, geobike.classify(values.filter(Number.isFinite), metric.digits)];
    }),
  );
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
      shape.on({
        mouseover: () => page.highlight(area, true),
        mouseout: () => page.highlight(area, false),
      });
    },
  });
  // One tooltip for all: fourteen thousand would take long to make.
  const tip = (shape) => geobike.areaTooltip(page, shape.feature.properties);
  layer.bindTooltip(tip, { sticky: true, className: "gb-tip" });
  const open = (area, place) => map.openPopup(geobike.areaPopup(page, area), place, geobike.popup);
  layer.on("click", ({ propagatedFrom, latlng }) => open(propagatedFrom.feature.properties, latlng));
  // Once the view is set, so that shapes are placed once.
  page.showAreas = () => {
    layer.addTo(map);
    if (!many) geobike.hatches(renderer._container); // Leaflet has no public way to the element
  };
  page.areaLayer = layer;
  page.bounds = layer.getBounds();

  let marked = null; // one at a time: a browser may skip the mouseout of a shape that moves
  page.highlight = function (area, on) {
    if (on && marked && marked !== area) page.highlight(marked, false);
    marked = on ? area : null;
    area.shape.setStyle(geobike.areaStyle(page, area, on));
    if (on) area.shape.bringToFront();
    if (area.row) area.row.classList.toggle("gb-on", on);
  };
  page.zoomTo = function (area) {
    map.fitBounds(area.shape.getBounds(), { maxZoom: 16, padding: [40, 40], animate: false });
    open(area, area.shape.getCenter());
    map.getContainer().scrollIntoView({ block: "nearest" });
  };
  page.onChange((choice) => Object.keys(choice).length && layer.setStyle(({ properties }) => geobike.areaStyle(page, properties)));
};

geobike.MOST_SHAPES = 1500; // as elements; more are drawn on one canvas

geobike.areaStyle = function (page, area, on) {
  return {
    fillColor: geobike.fill(page, area),
    // Opaque, so that the map shows the legend's colours; or empty, below another surface.
    fillOpacity: page.surface !== "areas" ? 0 : page.data.basemap ? 0.75 : 1,
    color: on ? "#111" : "#5b6470",
    weight: on ? 3 : 0.8,
  };
};

// The value that colours an area, or the word for why there is none.
geobike.valueOf = function ({ data }, area, metric) {
  const { figures, status } = area;
  if (geobike.isUnseen(data, area)) return "none";
  if (status === "too_thin") return status;
  // An area may be seen from photos beside it; one is what everybody asks for.
  if (data.min_photos > 1 && figures[data.roles.photos] < data.min_photos) return "few";
  if (status === "thin") return status;
  return figures[metric.name] ?? "missing";
};

// A class's colour, or the hatch that says why there is none.
geobike.fill = function (page, area) {
  const value = geobike.valueOf(page, area, page.metric);
  if (typeof value === "string") return page.pattern(value);
  return geobike.colourOf(page.areaClasses[page.metric.name], value, page.metric.digits);
};

// Patterns for areas without a value; grey, because they are not part of the scale.
geobike.hatches = function (svg) {
  const namespace = "http://www.w3.org/2000/svg";
  const make = (tag, attributes, ...children) => {
    const made = document.createElementNS(namespace, tag);
    Object.entries(attributes).forEach(([name, value]) => made.setAttribute(name, value));
    made.append(...children);
    return made;
  };
  const pattern = (name, angle, ...marks) =>
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
      ...marks,
    );
  const line = () => make("line", { y2: 7, stroke: "#b3b9c0", "stroke-width": 2.4 });
  const thread = (end) => make("line", { ...end, stroke: "#9aa2ab", "stroke-width": 1.6 });
  const dot = () => make("circle", { cx: 3.5, cy: 3.5, r: 1.7, fill: "#7c8794" });
  svg.prepend(
    make(
      "defs",
      {},
      pattern("none", 45, line()),
      pattern("few", 0, dot()),
      pattern("too_thin", 0, dot()),
      pattern("thin", 45, thread({ y2: 7 }), thread({ x2: 7 })),
      pattern("missing", 90, line()),
    ),
  );
};

// The same patterns for a canvas.
geobike.canvasPatterns = function () {
  const made = (draw) => {
    const tile = geobike.el("canvas", { width: 8, height: 8 });
    const pen = tile.getContext("2d");
    pen.fillStyle = "#eceef0";
    pen.fillRect(0, 0, 8, 8);
    pen.strokeStyle = "#b3b9c0";
    pen.fillStyle = "#7c8794";
    pen.lineWidth = 1.6;
    pen.beginPath();
    draw(pen);
    return pen.createPattern(tile, "repeat");
  };
  const line = (pen, ...ends) => (pen.moveTo(ends[0], ends[1]), pen.lineTo(ends[2], ends[3]));
  return {
    none: made((pen) => {
      for (const x of [-8, 0, 8]) line(pen, x - 1, 9, x + 9, -1);
      pen.stroke();
    }),
    few: made((pen) => (pen.arc(4, 4, 1.7, 0, 7), pen.fill())),
    too_thin: made((pen) => (pen.arc(4, 4, 1.7, 0, 7), pen.fill())),
    thin: made((pen) => (line(pen, 0, 0, 8, 8), line(pen, 8, 0, 0, 8), pen.stroke())),
    missing: made((pen) => (line(pen, 0, 4, 8, 4), pen.stroke())),
  };
};

// Popups keep clear of the zoom buttons.
geobike.popup = { maxWidth: 320, autoPanPaddingTopLeft: [55, 12], autoPanPaddingBottomRight: [12, 12] };

geobike.areaTooltip = function (page, area) {
  const { el } = geobike;
  const lines = [`${page.nameOf(page.metric)}: ${geobike.areaFigure(page, area, page.metric)}`];
  if (geobike.isHidden(page, area)) lines.pop();
  const state = geobike.stateOf(page, area);
  if (state) lines.push(state);
  return el("div", {}, el("strong", { dir: "auto" }, area.name), ...lines.flatMap((line) => [el("br"), line]));
};

geobike.areaPopup = function (page, area) {
  const { el } = geobike;
  const hidden = geobike.isHidden(page, area);
  const shown = page
    .metricsIn("popup")
    .filter(({ tellsLooking }) => tellsLooking || !hidden)
    .map((metric) => [metric.name, page.nameOf(metric), geobike.areaFigure(page, area, metric)]);
  for (const name of page.data.needed) {
    shown.push([name, page.say(name), page.figure(area.figures[name], 0)]);
  }
  if (page.period < 0) {
    for (const key of ["first", "last"]) {
      shown.push([key, page.say(key), area[key] || page.say("unknown")]);
    }
  }
  const lines = shown.flatMap(([key, name, value]) => [
    el("dt", {}, name),
    el("dd", { "data-metric": key }, value),
  ]);
  return el(
    "div",
    { className: "gb-popup" },
    el("h2", { dir: "auto" }, area.name),
    page.period < 0 ? "" : el("p", {}, page.data.photos.periods[page.period]),
    el("p", { className: "gb-state" }, geobike.stateOf(page, area)),
    el("dl", {}, ...lines),
  );
};

// The value of a metric as text.
geobike.areaFigure = (page, area, metric) =>
  page.figure(geobike.knownValue(page, area, metric), metric.digits, metric.percent);

// Where nobody looked, or hardly, only that is known: a figure would be believed.
geobike.knownValue = function (page, area, { name, tellsLooking }) {
  return geobike.isHidden(page, area) && !tellsLooking ? null : area.figures[name];
};

geobike.isHidden = ({ data }, area) => geobike.isUnseen(data, area) || area.status === "too_thin";

// Why an area is not compared, in words; empty where it is.
geobike.stateOf = function (page, area) {
  const state = geobike.valueOf(page, area, page.metric);
  const told = ["none", "few", "thin", "too_thin"].includes(state);
  return told ? page.say(state, { n: page.data.min_photos }) : "";
};

geobike.isUnseen = ({ roles }, { figures }) => !roles.looked.some((name) => figures[name] > 0);
