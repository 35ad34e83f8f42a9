// The areas: drawn, coloured by the metric, tied to their rows of the table.
"use strict";

geobike.areas = function (page) {
  const { map, data } = page;
  const many = data.areas.length > geobike.MOST_SHAPES;
  const renderer = many ? L.canvas({ padding: 0.2 }) : L.svg({ padding: 0.5 });
  const patterns = many ? geobike.canvasPatterns() : null;
  page.isOnCanvas = many;
  document.body.classList.toggle("gb-on-canvas", many);
  page.pattern = (name) => (many ? patterns[name] : `url(#gb-${name})`);
  geobike.areaClasses(page);
  const layer = L.featureGroup(data.areas.map((area) => geobike.areaShape(page, area, renderer)));
  // One tooltip and one listener for all: fourteen thousand would take long to make.
  const tip = ({ area }) => geobike.areaTooltip(page, area);
  layer.bindTooltip(tip, { sticky: true, className: "gb-tip" });
  layer.on({
    click: ({ propagatedFrom }) => page.choose({ kind: "area", area: propagatedFrom.area }),
    mouseover: ({ propagatedFrom }) => page.highlight(propagatedFrom.area, true),
    mouseout: ({ propagatedFrom }) => page.highlight(propagatedFrom.area, false),
  });
  // Once the view is set, so that shapes are placed once.
  page.showAreas = () => {
    layer.addTo(map);
    if (many) return;
    geobike.hatches(renderer._container); // Leaflet has no public way to the element
    // The table is the way to the areas by keyboard; a shape has no name to be focused by.
    layer.eachLayer((shape) => shape.getElement().setAttribute("tabindex", "-1"));
  };
  page.bounds = geobike.around(page, layer.getBounds());

  let marked = null; // one at a time: a browser may skip the mouseout of a shape that moves
  page.highlight = function (area, on) {
    if (on && marked && marked !== area) page.highlight(marked, false);
    marked = on ? area : null;
    area.shape.setStyle(geobike.areaStyle(page, area, on));
    if (on) area.shape.bringToFront();
    if (area.row) area.row.classList.toggle("gb-on", on);
  };
  page.onChange((choice) => {
    if (!geobike.concerns(choice, "metric", "byGroup", "surface", "period")) return;
    layer.eachLayer((shape) => shape.setStyle(geobike.areaStyle(page, shape.area)));
  });
  geobike.outline(page);
};

// The edge of the chosen area, above lines and streets: they often run along borders.
geobike.outline = function (page) {
  const pane = page.map.createPane("gb-outline");
  Object.assign(pane.style, { zIndex: 435, pointerEvents: "none" });
  const layer = L.layerGroup().addTo(page.map);
  const edge = { renderer: L.svg({ pane: "gb-outline", padding: 0.5 }), pane: "gb-outline", interactive: false, fill: false };
  page.onChange(({ chosen }) => {
    if (chosen === undefined) return;
    layer.clearLayers();
    if (chosen?.kind !== "area") return;
    const rings = chosen.area.shape.getLatLngs();
    for (const line of [{ color: "#fff", weight: 6 }, { color: "#111", weight: 3 }]) layer.addLayer(L.polygon(rings, { ...edge, ...line }));
  });
};

// The classes of a metric, made when it is first shown; of the whole survey, so that days compare.
geobike.areaClasses = function (page) {
  const made = new Map();
  page.classesOf = function (metric) {
    const values = () => geobike.comparedValues(page, metric, page.wholeSurvey);
    if (!made.has(metric)) made.set(metric, geobike.classify(values(), metric.digits === 0));
    return made.get(metric);
  };
};

geobike.areaShape = function (page, area, renderer) {
  const polygons = area.rings.map((rings) => rings.map(geobike.steps));
  area.shape = L.polygon(polygons.length === 1 ? polygons[0] : polygons, { renderer, className: "gb-area", ...geobike.areaStyle(page, area) });
  area.shape.area = area;
  return area.shape;
};

geobike.MOST_SHAPES = 1500; // as elements; more are drawn on one canvas

// What the map shows at first: the areas, and photos that lie just beside them. Those that lie far
// off would make the areas small: the legend leads to them.
geobike.around = function (page, bounds) {
  const { photos } = page.data;
  const near = bounds.pad(0.1);
  const all = L.latLngBounds(bounds.getSouthWest(), bounds.getNorthEast());
  page.farPhotos = [];
  for (let i = 0; i < photos.lon.length; i++) {
    if (photos.count[i] >= 0) continue;
    if (near.contains([photos.lat[i], photos.lon[i]])) all.extend([photos.lat[i], photos.lon[i]]);
    else page.farPhotos.push(i);
  }
  return all;
};

// Show the photos that lie far from the areas, with the areas.
geobike.showFar = function (page) {
  const { lat, lon } = page.data.photos;
  const spots = page.farPhotos.map((i) => [lat[i], lon[i]]);
  page.map.fitBounds(L.latLngBounds(spots).extend(page.bounds), geobike.padding(page, 24));
};

geobike.OVER_BASEMAP = 0.75;
geobike.GROUND = "#f6f4ee"; // of a background of the user's, as in page.css

geobike.areaStyle = function (page, area, on) {
  const bare = geobike.isBare(page, area);
  return {
    fillColor: bare ? page.pattern("none") : geobike.fill(page, area),
    // Opaque, so that the map shows the legend's colours; or empty, below another surface.
    fillOpacity: page.surface !== "areas" && !bare ? 0 : page.data.basemap ? geobike.OVER_BASEMAP : 1,
    color: on ? "#111" : "#5b6470",
    weight: on ? 3 : 0.8,
  };
};

// Whether no photo shows the area, of those that the surface is made of: streets are of all days.
geobike.isBare = ({ data, surface }, area) => (surface === "streets" ? area.isNeverSeen : geobike.isUnseen(data, area));

// The values of a metric over the areas that are compared by it.
geobike.comparedValues = (page, metric, areas = page.data.areas) =>
  areas.map((area) => geobike.valueOf(page, area, metric)).filter(Number.isFinite);

geobike.isCompared = (page, metric) => page.data.areas.some((area) => Number.isFinite(geobike.valueOf(page, area, metric)));

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
  const colour = geobike.colourOf(page.classesOf(page.metric), value);
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
// Of a day even less is known than of all days together.
geobike.isUnsure = (page, area) =>
  page.period < 0 ? geobike.groupOf(page, area) === 0 : page.groupsOfAll(page.metric).has(area);

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
