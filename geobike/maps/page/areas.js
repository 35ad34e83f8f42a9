// The areas: drawn, coloured by the metric, tied to their rows of the table.
"use strict";

geobike.areas = function (page) {
  const { map, data } = page;
  const many = data.areas.length > geobike.MOST_SHAPES;
  const renderer = many ? L.canvas({ padding: 0.2 }) : L.svg({ padding: 0.5 });
  const patterns = many ? geobike.canvasPatterns() : null;
  page.pattern = (name) => (many ? patterns[name] : `url(#gb-${name})`);
  page.areaClasses = Object.fromEntries(
    page.metricsIn("map").map((metric) => [
      metric.name,
      geobike.classify(geobike.comparedValues(page, metric), metric.digits === 0),
    ]),
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
        // The table is the way to the areas by keyboard; a shape has no name to be focused by.
        add: () => shape.getElement?.()?.setAttribute("tabindex", "-1"),
      });
    },
  });
  // One tooltip for all: fourteen thousand would take long to make.
  const tip = (shape) => geobike.areaTooltip(page, shape.feature.properties);
  layer.bindTooltip(tip, { sticky: true, className: "gb-tip" });
  layer.on("click", ({ propagatedFrom }) => page.choose({ kind: "area", area: propagatedFrom.feature.properties }));
  // Once the view is set, so that shapes are placed once.
  page.showAreas = () => {
    layer.addTo(map);
    if (!many) geobike.hatches(renderer._container); // Leaflet has no public way to the element
  };
  page.bounds = geobike.around(layer.getBounds(), data);

  let outlined = null; // the chosen one keeps its outline
  let marked = null; // one at a time: a browser may skip the mouseout of a shape that moves
  page.highlight = function (area, on) {
    if (on && marked && marked !== area) page.highlight(marked, false);
    marked = on ? area : null;
    restyle(area, on);
    if (!on && outlined) outlined.shape.bringToFront();
    if (area.row) area.row.classList.toggle("gb-on", on);
  };
  const restyle = (area, on) => {
    area.shape.setStyle(geobike.areaStyle(page, area, on));
    if (on) area.shape.bringToFront();
  };
  page.onChange((choice) => {
    if (!Object.keys(choice).length) return;
    layer.setStyle(({ properties }) => geobike.areaStyle(page, properties));
    if (choice.chosen === undefined) return;
    outlined = page.chosen?.kind === "area" ? page.chosen.area : null;
    if (outlined) restyle(outlined, true);
  });
};

geobike.MOST_SHAPES = 1500; // as elements; more are drawn on one canvas

// What the map shows at first: the areas, and photos that lie just beside them.
geobike.around = function (bounds, { photos }) {
  const near = bounds.pad(0.1);
  const all = L.latLngBounds(bounds.getSouthWest(), bounds.getNorthEast());
  for (let i = 0; i < photos.lon.length; i++) {
    if (photos.count[i] < 0 && near.contains([photos.lat[i], photos.lon[i]])) all.extend([photos.lat[i], photos.lon[i]]);
  }
  return all;
};

geobike.areaStyle = function (page, area, on) {
  const chosen = page.chosen?.kind === "area" && page.chosen.area === area;
  return {
    fillColor: geobike.fill(page, area),
    // Opaque, so that the map shows the legend's colours; or empty, below another surface.
    fillOpacity: page.surface !== "areas" ? 0 : page.data.basemap ? 0.75 : 1,
    color: on || chosen ? "#111" : "#5b6470",
    weight: on || chosen ? 3 : 0.8,
  };
};

// The values of a metric over the areas that are compared by it.
geobike.comparedValues = (page, metric) =>
  page.data.areas.map((area) => geobike.valueOf(page, area, metric)).filter(Number.isFinite);

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

// A class's colour, pale where the value may be the average, or the hatch that says why there is none.
geobike.fill = function (page, area) {
  const value = geobike.valueOf(page, area, page.metric);
  if (typeof value === "string") return page.pattern(value);
  if (page.byGroup) return geobike.GROUPS[geobike.groupOf(page, area) ?? 0];
  const colour = geobike.colourOf(page.areaClasses[page.metric.name], value);
  return geobike.isUnsure(page, area) ? geobike.pale(colour) : colour;
};

// Darker means more here too: clearly more than the average, clearly fewer, not told apart.
geobike.GROUPS = { 1: "#234da0", 0: "#f6f5f0", "-1": "#d6efb3" };

// The range of a figure, null where none was estimated. A period has none: it is of all photos.
geobike.rangeOf = function (page, area, metric) {
  if (page.period >= 0 || geobike.isHidden(page, area)) return null;
  const range = [metric.low, metric.high].map((name) => (name ? area.figures[name] : null));
  return range.every(Number.isFinite) ? range : null;
};

// Whether the figure of an area cannot be told from the average.
geobike.isUnsure = (page, area) => geobike.groupOf(page, area) === 0;

geobike.areaTooltip = function (page, area) {
  const { el } = geobike;
  const lines = [`${page.nameOf(page.metric)}: ${geobike.areaFigure(page, area, page.metric)}`];
  if (geobike.isHidden(page, area)) lines.pop();
  const range = geobike.rangeOf(page, area, page.metric);
  const between = range && geobike.rangeText(page, range, page.metric);
  if (between) lines.push(between);
  const state = geobike.stateOf(page, area);
  if (state) lines.push(state);
  if (!geobike.isUnseen(page.data, area)) lines.push(geobike.lookedText(page, area));
  return el("div", {}, el("strong", { dir: "auto" }, area.name), ...lines.flatMap((line) => [el("br"), line]));
};

// A range in words; empty where both ends read alike, as where a person counted everything.
geobike.rangeText = function (page, ends, metric) {
  const [low, high] = ends.map((end) => page.figure(end, metric));
  return low === high ? "" : page.say("range", { low, high });
};

// How much a figure rests on: stops and photos.
geobike.lookedText = function ({ data, say }, { figures }) {
  const stops = figures[data.roles.stops];
  const looks = stops > 0 && stops < 0.5 ? say("part_of_a_stop") : say("stops", { n: Math.round(stops) });
  return `${looks}, ${say("photos", { n: figures[data.roles.photos] })}`;
};

// The value of a metric as text.
geobike.areaFigure = (page, area, metric) =>
  page.figure(geobike.knownValue(page, area, metric), metric);

// Where nobody looked, or hardly, only that is known: a figure would be believed.
geobike.knownValue = function (page, area, { name, tellsLooking }) {
  return geobike.isHidden(page, area) && !tellsLooking ? null : area.figures[name];
};

geobike.isHidden = ({ data }, area) => geobike.isUnseen(data, area) || area.status === "too_thin";

// Why an area is not compared, in words; empty where it is.
geobike.stateOf = function (page, area) {
  const state = geobike.valueOf(page, area, page.metric);
  const told = ["none", "few", "thin", "too_thin"].includes(state);
  return told ? geobike.stateText(page, state) : "";
};

geobike.isUnseen = ({ roles }, { figures, status }) => status === "unseen" || !roles.looked.some((name) => figures[name] > 0);
