// The places that were looked at: circles sized and numbered by what was detected. Where there are
// too many in view they give way to streets, or to cells, until the reader zooms in.
"use strict";

geobike.MOST_PLACES = 300; // circles in view; more would hide the map

geobike.places = function (page) {
  const { map } = page;
  map.createPane("gb-places").style.zIndex = 450; // above areas and streets, below the names
  const layer = L.layerGroup();
  const draw = () => {
    layer.clearLayers();
    if (!page.isPlaced || !map.hasLayer(layer)) return;
    const bare = page.surface === "hexbins" || page.surface === "heat"; // these are the places
    const inView = bare ? [] : geobike.placesInView(page);
    page.crowded = inView.length > geobike.MOST_PLACES;
    const parts = page.crowded ? geobike.cells(page) : geobike.circles(page, inView);
    [...parts, ...(page.crowded || bare || !page.isComplete ? [] : geobike.uncounted(page))].forEach((each) => layer.addLayer(each));
    geobike.rove(map.getPane("gb-places"));
    page.onCrowd?.();
  };
  map.on("moveend", draw);
  layer.on("add remove", draw);
  page.onChange((choice) => {
    const isLate = geobike.concerns(choice, "isComplete", "details") && !page.crowded; // photos that are not counted
    if (isLate || geobike.concerns(choice, "period", "surface", "chosen")) draw();
  });
  page.placeLayer = layer;
  page.layers.push({ key: "places", text: page.say("layer_places"), layer, on: page.data.places.n > 0 });
};

// The numbers of the places that the chosen period shows and that lie in view; of more than can be
// drawn not all.
geobike.placesInView = function ({ map, data }) {
  const view = map.getBounds();
  const [left, right, top, bottom] = [view.getWest(), view.getEast(), view.getNorth(), view.getSouth()];
  const { n, visits, lon, lat } = data.places;
  const found = [];
  for (let i = 0; i < n && found.length <= geobike.MOST_PLACES; i++) {
    if (visits[i] && lon[i] >= left && lon[i] <= right && lat[i] >= bottom && lat[i] <= top) found.push(i);
  }
  return found;
};

geobike.radiusOf = (things) => (things ? Math.min(Math.max(3.6 * Math.sqrt(things), 8.5), 32) : 4.5);

// One circle for each place; places that would overlap become one, with their sum.
geobike.circles = function (page, numbers) {
  const { map, data } = page;
  const { places } = data;
  const groups = [];
  const fullest = [...numbers].sort((a, b) => places.things[b] - places.things[a]);
  for (const i of fullest) {
    const point = map.latLngToLayerPoint([places.lat[i], places.lon[i]]);
    const near = groups.find((group) => point.distanceTo(group.point) < geobike.radiusOf(group.things) * 0.9 + 5);
    if (near) {
      near.places.push(i);
      near.things += places.things[i];
      near.photos += places.photos[i];
    } else groups.push({ point, places: [i], things: places.things[i], photos: places.photos[i] });
  }
  return groups.reverse().map((group) => geobike.circle(page, group)); // the largest last, so on top
};

geobike.circle = function (page, { places: numbers, things, photos }) {
  const { places } = page.data;
  const size = 2 * geobike.radiusOf(things);
  const say = geobike.placeText(page, { numbers, things, photos });
  const button = geobike.el(
    "button",
    { type: "button", className: `gb-place${things ? "" : " gb-zero"}`, "aria-label": say },
    things ? page.short(Math.max(1, Math.round(things))) : "",
  );
  const here = page.chosen?.kind === "place" && page.chosen.places.some((i) => numbers.includes(i));
  if (here) button.classList.add("gb-here");
  const [first] = numbers;
  const icon = L.divIcon({ html: button, className: "gb-spot", iconSize: [size, size] });
  const options = { icon, pane: "gb-places", keyboard: false, zIndexOffset: Math.round(10 * things) };
  const marker = L.marker([places.lat[first], places.lon[first]], options);
  marker.bindTooltip(() => geobike.el("span", {}, say), { className: "gb-tip", offset: [size / 2, 0] });
  button.onclick = () => page.choose({ kind: "place", places: numbers });
  return marker;
};

// The names of places of one list. Those on the same street are told apart as one would say it: how far
// they are from the next crossing, or from an end of the street; and on one spot, by where they look.
geobike.namesOfPlaces = function (page, numbers) {
  const { data, say } = page;
  const { places } = data;
  const street = (i) => data.streets[places.street[i]];
  const several = (names) => new Set(names.filter((name, k) => names.indexOf(name) !== k));
  let names = numbers.map((i, k) => (street(i) ? geobike.streetName(page, street(i)) : say("place_number", { number: k + 1 })));
  const onStreet = several(names);
  names = names.map((name, k) => (onStreet.has(name) ? geobike.placeAlong(page, numbers[k]) : name));
  const onSpot = several(names);
  const looks = names.map((name, k) => (onSpot.has(name) ? geobike.lookOf(page, numbers[k]) : ""));
  names = names.map((name, k) => (looks[k] ? say("place_looks", { name, to: looks[k] }) : name));
  const alike = several(names);
  const seen = new Map();
  return names.map((name) => {
    if (!alike.has(name)) return name;
    seen.set(name, (seen.get(name) || 0) + 1);
    return `${name} (${seen.get(name)})`;
  });
};

geobike.placeAlong = function (page, i) {
  const { data, say } = page;
  const { places } = data;
  const street = data.streets[places.street[i]];
  const away = geobike.along(street, L.latLng(places.lat[i], places.lon[i]));
  const named = [0, 1].filter((end) => street.ends[end]);
  const [end] = (named.length ? named : [0, 1]).sort((a, b) => away[a] - away[b]);
  const n = 5 * Math.round(away[end] / 5); // positions are not better
  const from = street.ends[end] || say("street_end", { side: geobike.sideOf(page, street, end) });
  return say("place_from", { name: street.name || say("unnamed_street"), n, from });
};

// Towards which side of the sky an end of a street lies.
geobike.sideOf = function ({ data }, street, end) {
  const line = geobike.pointsOf(street).flat();
  const [from, to] = end ? [line[0], line[line.length - 1]] : [line[line.length - 1], line[0]];
  const east = (to.lng - from.lng) * Math.cos((to.lat * Math.PI) / 180);
  const angle = (Math.atan2(east, to.lat - from.lat) * 180) / Math.PI;
  return data.words.compass.split(" ")[Math.round((angle + 360) / 45) % 8];
};

// Where the first photo of a place with a known direction looks; empty where none has.
geobike.lookOf = function ({ data }, i) {
  const { photos } = data;
  const at = photos.details ? photos.details.findIndex(({ heading }, k) => photos.place[k] === i && heading !== undefined) : -1;
  return at < 0 ? "" : data.words.compass.split(" ")[Math.round(photos.details[at].heading / 45) % 8];
};

geobike.placeText = function ({ say, figure }, { numbers, things, photos }) {
  const detected = say("detected", { count: Number.isInteger(things) ? things : figure(things) });
  const shown = say("photos", { n: photos });
  return numbers.length > 1 ? `${detected}, ${say("places", { n: numbers.length })}, ${shown}` : `${detected}, ${shown}`;
};

// Photos that are not counted: small and grey, each with its reason.
geobike.uncounted = function (page) {
  const { map, data } = page;
  const { photos } = data;
  if (!photos.details) return [];
  const view = map.getBounds();
  const found = [];
  for (let i = 0; i < photos.lon.length && found.length <= geobike.MOST_PLACES; i++) {
    if (photos.count[i] < 0 && page.isShown(i) && view.contains([photos.lat[i], photos.lon[i]])) found.push(i);
  }
  return found.map((i) => {
    const say = `${page.say("status_" + photos.details[i].status)} ${photos.details[i].id}`;
    const button = geobike.el("button", { type: "button", className: "gb-place gb-other", "aria-label": say });
    button.onclick = () => page.open([i], i);
    const icon = L.divIcon({ html: button, className: "gb-spot", iconSize: [9, 9] });
    const marker = L.marker([photos.lat[i], photos.lon[i]], { icon, pane: "gb-places", keyboard: false, zIndexOffset: -1000 });
    return marker.bindTooltip(() => geobike.el("span", { dir: "auto" }, say), { className: "gb-tip" });
  });
};

// Too many places for circles: a dot for each square of the screen, the larger the more.
geobike.cells = function (page) {
  const { map, data } = page;
  if (data.streets.length) return []; // drawn in their place
  const { n, visits, things, lat, lon } = data.places;
  const { left, columns, perDegree, rowOf } = geobike.grid(map, 36);
  const found = [];
  for (let i = 0; i < n; i++) {
    const column = Math.floor((lon[i] + 180) * perDegree) - left;
    const row = visits[i] && column >= 0 && column < columns ? rowOf(lat[i]) : -1;
    if (row < 0) continue;
    const cell = (found[row * columns + column] ||= { places: 0, things: 0, lat: 0, lon: 0 });
    cell.places += 1;
    cell.things += things[i];
    cell.lat += lat[i];
    cell.lon += lon[i];
  }
  const full = found.filter((cell) => cell.things);
  const most = Math.max(...full.map((cell) => cell.things), 1);
  return full.map((cell) => geobike.cell(page, cell, most));
};

// The squares of the view, `side` pixels wide. The edges between their rows are unprojected once: a
// million places would take long to project.
geobike.grid = function (map, side) {
  const { min, max } = map.getPixelBounds();
  const [left, top] = [Math.floor(min.x / side), Math.floor(min.y / side)];
  const rows = Math.floor(max.y / side) - top + 1;
  const edges = Array.from({ length: rows + 1 }, (_, k) => map.unproject([0, (top + k) * side]).lat);
  const perRow = (edges[0] - edges[rows]) / rows;
  const rowOf = (lat) => {
    if (lat > edges[0] || lat < edges[rows]) return -1;
    let row = Math.min(Math.max(Math.floor((edges[0] - lat) / perRow), 0), rows - 1);
    while (row > 0 && lat > edges[row]) row -= 1;
    while (row < rows - 1 && lat <= edges[row + 1]) row += 1;
    return row;
  };
  return { left, columns: Math.floor(max.x / side) - left + 1, perDegree: (256 * 2 ** map.getZoom()) / 360 / side, rowOf };
};

geobike.cell = function (page, { places, things, lat, lon }, most) {
  const size = Math.max(4, 26 * Math.sqrt(things / most));
  const text = `${page.say("detected", { count: Math.round(things) })}, ${page.say("places", { n: places })}: ${page.say("zoom_in")}`;
  const dot = geobike.el("span", { className: "gb-cell" });
  const icon = L.divIcon({ html: dot, className: "gb-spot", iconSize: [size, size] });
  const marker = L.marker([lat / places, lon / places], { icon, pane: "gb-places", keyboard: false });
  marker.bindTooltip(() => geobike.el("span", {}, text), { className: "gb-tip" });
  return marker.on("click", () => page.map.setView(marker.getLatLng(), page.map.getZoom() + 2));
};

// One tab stop for all circles; the arrow keys go from one to the next.
geobike.rove = function (pane, selector = "button") {
  const buttons = [...pane.querySelectorAll(selector)];
  buttons.forEach((button, k) => {
    button.setAttribute("tabindex", k === 0 ? 0 : -1);
    button.onkeydown = (event) => {
      const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
      if (!step) return;
      event.preventDefault();
      event.stopPropagation(); // the map would pan
      const next = buttons[(k + step + buttons.length) % buttons.length];
      button.setAttribute("tabindex", -1);
      next.setAttribute("tabindex", 0);
      next.focus({ preventScroll: true });
    };
  });
};
