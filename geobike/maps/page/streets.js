// The streets as ribbons, by what was detected per 100 m that was seen: when chosen, when zoomed in,
// or where there are too many places for circles.
"use strict";

geobike.RIBBONS = ["#fdd9b0", "#fdae6b", "#f16913", "#b93c02", "#6f1d00"];
geobike.BARE = "#c9b8a4"; // nothing was detected; white would be the edge of a ribbon
geobike.UNSEEN = "#7d8792"; // of a street that was seen in part
geobike.MOST_RIBBONS = 1500; // in view; of more the fullest are drawn

geobike.streets = function (page) {
  const { map, data } = page;
  page.hasStreets = data.streets.length > 0;
  if (!page.hasStreets) return;
  map.createPane("gb-streets").style.zIndex = 430; // between the areas and the places
  const renderer = L.svg({ pane: "gb-streets", padding: 0.3 });
  data.streets.forEach((street, number) => Object.assign(street, { number }));
  const rates = data.streets.map(({ rate }) => rate).filter(Number.isFinite);
  page.streetClasses = geobike.classify(rates, false);
  page.streetClasses.filter(({ high }) => high > 0).forEach((each, k, all) => {
    each.colour = geobike.RIBBONS[all.length === 1 ? 2 : Math.round((k * 4) / (all.length - 1))];
  });
  page.streetClasses.filter(({ high }) => high === 0).forEach((each) => (each.colour = geobike.BARE));
  const layer = L.layerGroup();
  const draw = () => {
    layer.clearLayers();
    if (!page.isPlaced || !map.hasLayer(layer)) return;
    page.ribbons = geobike.areRibbonsShown(page);
    if (page.ribbons) geobike.ribbons(page, layer, renderer);
    page.onRibbons?.();
  };
  map.on("moveend", draw);
  layer.on("add remove", draw);
  page.onCrowd = draw;
  page.onChange((choice) => geobike.concerns(choice, "surface", "chosen") && draw());
  page.layers.push({ key: "streets", text: page.say("layer_streets"), layer, on: true });
};

geobike.areRibbonsShown = function ({ map, surface, crowded, placeLayer, startZoom }) {
  if (surface !== "areas") return surface === "streets";
  const close = startZoom !== undefined && map.getZoom() >= startZoom + 1.5;
  return close || (crowded && map.hasLayer(placeLayer));
};

// The streets in view that are drawn, the fullest last, so on top.
geobike.ribbonsInView = function ({ map, data }) {
  const view = map.getBounds();
  const shown = data.streets.filter((street) => view.intersects(geobike.boundsOf(street)));
  shown.sort((a, b) => (b.rate ?? -1) - (a.rate ?? -1));
  return shown.slice(0, geobike.MOST_RIBBONS).reverse();
};

geobike.pointsOf = ({ lines }) => lines.map(geobike.steps);

// The point halfway along a street.
geobike.middleOf = function (street) {
  const line = geobike.pointsOf(street).flat();
  const steps = line.slice(1).map((point, k) => point.distanceTo(line[k]));
  let left = steps.reduce((sum, step) => sum + step, 0) / 2;
  const k = steps.findIndex((step) => (left -= step) <= 0);
  if (k < 0) return line[0];
  const share = steps[k] ? 1 + left / steps[k] : 0;
  return geobike.between(line[k], line[k + 1], share);
};

geobike.boundsOf = (street) => (street.bounds ||= L.latLngBounds(geobike.pointsOf(street).flat()));

geobike.ribbonColour = function ({ streetClasses }, { rate }) {
  if (rate === null) return "#9aa2ab"; // not known
  return rate ? geobike.colourOf(streetClasses, rate) : geobike.BARE;
};

// What was seen of a street is a ribbon, the rest of it a thin broken line.
geobike.ribbons = function (page, layer, renderer) {
  const drawn = geobike.ribbonsInView(page);
  const options = { renderer, pane: "gb-streets" };
  const wide = ({ rate }) => 3.5 + Math.min(7, 1.6 * Math.sqrt(rate || 0));
  const edge = (lines, color, weight) =>
    lines.length && layer.addLayer(L.polyline(lines, { ...options, color, weight, opacity: 0.95, interactive: false }));
  for (const street of drawn) {
    const { seen, unseen } = geobike.piecesOf(street);
    const isChosen = page.chosen?.kind === "street" && page.chosen.street === street;
    if (isChosen) edge(geobike.pointsOf(street), "#111", wide(street) + 5);
    edge(unseen, "#fff", 4.5);
    if (!isChosen) edge(seen, "#fff", wide(street) + 2.4);
  }
  const line = (street, lines, style) => {
    if (!lines.length) return;
    const made = L.polyline(lines, { ...options, ...style });
    made.bindTooltip(() => geobike.streetTooltip(page, street), { sticky: true, className: "gb-tip" });
    made.on("click", (event) => {
      L.DomEvent.stop(event);
      page.choose({ kind: "street", street });
    });
    made.on("add", () => made.getElement()?.setAttribute("tabindex", "-1"));
    layer.addLayer(made);
  };
  for (const street of drawn) {
    const { seen, unseen } = geobike.piecesOf(street);
    line(street, unseen, { color: geobike.UNSEEN, weight: 2, dashArray: "3 5" });
    line(street, seen, { color: geobike.ribbonColour(page, street), weight: wide(street) });
  }
};

// The lines of a street, cut into what was seen of it and what was not.
geobike.piecesOf = function (street) {
  if (street.pieces) return street.pieces;
  const lines = geobike.pointsOf(street);
  if (!street.seen) return (street.pieces = { seen: lines, unseen: [] });
  const pieces = { seen: [], unseen: [] };
  const cuts = [0, ...street.seen, 1000];
  const long = lines.reduce((sum, line) => sum + geobike.lengthOf(line), 0) / 1000;
  for (let k = 1; k < cuts.length; k++) {
    if (cuts[k] > cuts[k - 1]) pieces[k % 2 ? "unseen" : "seen"].push(...geobike.cut(lines, cuts[k - 1] * long, cuts[k] * long));
  }
  return (street.pieces = pieces);
};

geobike.lengthOf = (line) => line.slice(1).reduce((sum, point, k) => sum + point.distanceTo(line[k]), 0);

// The parts of lines between two distances from their start, in metres.
geobike.cut = function (lines, from, to) {
  let before = 0;
  const parts = lines.map((line) => {
    const part = [];
    for (let k = 1; k < line.length; k++) {
      const step = line[k].distanceTo(line[k - 1]);
      const [begin, end] = [Math.max(from - before, 0) / step, Math.min((to - before) / step, 1)];
      if (begin < end) part.push(...(part.length ? [] : [geobike.between(line[k - 1], line[k], begin)]), geobike.between(line[k - 1], line[k], end));
      before += step;
    }
    return part;
  });
  return parts.filter(({ length }) => length);
};

geobike.streetName = (page, street) => (page.streetNames ||= geobike.pieceNames(page)).get(street);

// Pieces of one street are told apart by the streets between which they lie, or by a number.
geobike.pieceNames = function ({ data, say }) {
  const found = new Map();
  const named = new Map();
  for (const street of data.streets) {
    if (named.has(street.name)) named.get(street.name).push(street);
    else named.set(street.name, [street]);
  }
  for (const [name, pieces] of named) {
    const told = pieces.map(({ ends }) => {
      const [one, other] = [...ends].sort();
      return one && other && one !== other ? say("street_between", { name, one, other }) : "";
    });
    pieces.forEach((piece, k) => {
      const isOnly = told[k] && told.filter((text) => text === told[k]).length === 1;
      const several = isOnly ? told[k] : say("street_part", { name, n: k + 1 });
      found.set(piece, name ? (pieces.length > 1 ? several : name) : say("unnamed_street"));
    });
  }
  return found;
};

// How far a spot is along a street from its start and from its end, in metres.
geobike.along = function (street, spot) {
  let best = { away: Infinity };
  let before = 0;
  for (const line of geobike.pointsOf(street)) {
    for (let k = 1; k < line.length; k++) {
      const step = line[k].distanceTo(line[k - 1]);
      const share = geobike.shareAlong(line[k - 1], line[k], spot);
      const away = spot.distanceTo(geobike.between(line[k - 1], line[k], share));
      if (away < best.away) best = { away, at: before + share * step };
      before += step;
    }
  }
  return [best.at ?? 0, before - (best.at ?? 0)];
};

geobike.between = (from, to, share) => L.latLng(from.lat + share * (to.lat - from.lat), from.lng + share * (to.lng - from.lng));

// Where on a straight line a spot is nearest: 0 at its start, 1 at its end.
geobike.shareAlong = function (from, to, spot) {
  const narrow = Math.cos((spot.lat * Math.PI) / 180);
  const [x, y] = [(to.lng - from.lng) * narrow, to.lat - from.lat];
  const dot = (spot.lng - from.lng) * narrow * x + (spot.lat - from.lat) * y;
  return x || y ? Math.min(Math.max(dot / (x * x + y * y), 0), 1) : 0;
};

// Figures of streets are of all days: where a day is chosen, their title says so.
geobike.ofAllDays = ({ period, say }, key) => (period < 0 ? say(key) : `${say(key)} (${say("all_periods")})`);

geobike.streetTooltip = function (page, street) {
  const { el } = geobike;
  const rate = `${geobike.ofAllDays(page, "per_100m")}: ${page.figure(street.rate)}`;
  const once = `${geobike.ofAllDays(page, "street_once")}: ${page.figure(street.once)}`;
  const stops = `${page.say("stops", { n: street.stops })}, ${page.say("seen_over", { share: page.percent(street.share) })}`;
  const lines = [rate, once, stops].flatMap((line) => [el("br"), line]);
  return el("div", {}, el("strong", { dir: "auto" }, geobike.streetName(page, street)), ...lines);
};
