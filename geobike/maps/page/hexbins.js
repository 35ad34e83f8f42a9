// Surfaces that need no areas: hexagons and the heat map, both drawn from places.
"use strict";

// The bins that the shown places fall into, `metres` from one flat side to the other, each with its
// numbers, its value, and the mean position of its places.
geobike.binned = function (page, metres) {
  const { places } = page.data;
  const bins = [];
  const numbers = geobike.binNumbers(page, metres, bins);
  for (let i = 0; i < places.n; i++) {
    if (numbers[i] < 0) continue;
    const bin = bins[numbers[i]];
    bin.places += 1;
    bin.things += places.things[i];
    bin.lon += places.lon[i];
    bin.lat += places.lat[i];
  }
  for (const bin of bins) {
    bin.value = bin.things / bin.places;
    bin.lon /= bin.places;
    bin.lat /= bin.places;
  }
  return bins;
};

// Whether a metric can be computed from places, for ground that is no area.
geobike.isOfPlaces = ({ roles }, { numerator, denominator }) =>
  numerator === roles.onStops && denominator === roles.stops;

// The number of the bin of each place, -1 for one that is not shown. Rounds to the nearest centre
// in cube coordinates, pointed top, and adds new bins to `bins`.
geobike.binNumbers = function ({ data, plane }, metres, bins) {
  const { places } = data;
  const size = metres / Math.sqrt(3); // centre to corner
  const found = new Map();
  const numbers = new Int32Array(places.n).fill(-1);
  for (let i = 0; i < places.n; i++) {
    if (!places.visits[i]) continue;
    const px = places.lon[i] * plane.x;
    const py = places.lat[i] * plane.y;
    const q = ((Math.sqrt(3) / 3) * px - py / 3) / size;
    const r = ((2 / 3) * py) / size;
    let [a, b, c] = [Math.round(q), Math.round(r), Math.round(-q - r)];
    const [da, db, dc] = [Math.abs(a - q), Math.abs(b - r), Math.abs(c + q + r)];
    if (da > db && da > dc) a = -b - c;
    else if (db > dc) b = -a - c;
    const key = a * 1e6 + b;
    if (!found.has(key)) found.set(key, bins.push({ a, b, lon: 0, lat: 0, places: 0, things: 0 }) - 1);
    numbers[i] = found.get(key);
  }
  return numbers;
};

geobike.hexbins = function (page) {
  const { map, bounds } = page;
  const middle = (bounds.getCenter().lat * Math.PI) / 180;
  page.plane = { x: 111320 * Math.cos(middle), y: 111320 }; // metres in a degree
  const wide = (bounds.getEast() - bounds.getWest()) * page.plane.x;
  const high = (bounds.getNorth() - bounds.getSouth()) * page.plane.y;
  const metres = geobike.roundLength(Math.max(wide, high) / 40);
  const classes = new Map(); // by period
  map.createPane("gb-hexbins").style.zIndex = 402; // between areas and lines
  const layer = L.layerGroup();
  const renderer = L.canvas({ pane: "gb-hexbins" });

  page.hexbins = {
    metres,
    values: () => geobike.binned(page, metres).map(({ value }) => value),
    classes: () => {
      if (!classes.has(page.period)) classes.set(page.period, geobike.classify(page.hexbins.values(), false));
      return classes.get(page.period);
    },
  };
  const draw = () => {
    layer.clearLayers();
    if (page.surface !== "hexbins") return void layer.remove();
    for (const bin of geobike.binned(page, metres)) {
      const corners = geobike.corners(page.plane, bin, metres / Math.sqrt(3));
      const style = {
        renderer,
        pane: "gb-hexbins",
        fillColor: geobike.colourOf(page.hexbins.classes(), bin.value),
        fillOpacity: 1,
        color: "#5b6470",
        weight: 0.6,
      };
      const tip = () => geobike.hexbinTooltip(page, bin);
      layer.addLayer(L.polygon(corners, style).bindTooltip(tip, { sticky: true, className: "gb-tip" }));
    }
    layer.addTo(map);
  };
  page.onChange((choice) => geobike.concerns(choice, "surface", "period") && draw());
};

geobike.corners = function (plane, { a, b }, size) {
  const x = size * (Math.sqrt(3) * a + (Math.sqrt(3) / 2) * b);
  const y = size * 1.5 * b;
  return [0, 1, 2, 3, 4, 5].map((k) => {
    const angle = (Math.PI / 180) * (60 * k + 30);
    return [(y + size * Math.sin(angle)) / plane.y, (x + size * Math.cos(angle)) / plane.x];
  });
};

geobike.hexbinTooltip = function (page, { places, things, value }) {
  const text = `${page.nameOf(page.metric)}: ${page.figure(value)}`;
  const found = `${page.say("detected", { count: Math.round(things) })}, ${page.say("places", { n: places })}`;
  return geobike.el("div", {}, geobike.el("strong", {}, text), geobike.el("br"), found);
};

// 1, 2 or 5 times a power of ten, at least 10 metres.
geobike.roundLength = function (metres) {
  const power = 10 ** Math.floor(Math.log10(Math.max(metres, 10)));
  return power * [1, 2, 5, 10].find((step) => step * power >= Math.max(metres, 10));
};

// The heat map rescales itself to each view, so it has no classes; the legend says so.
geobike.heatmap = function (page) {
  const { map } = page;
  map.createPane("gb-heat").style.zIndex = 402;
  // leaflet.heat reads its canvas back whenever it draws; this hint tells the browser in advance.
  const plain = window.simpleheat;
  window.simpleheat = (canvas) => {
    canvas.getContext("2d", { willReadFrequently: true });
    return plain(canvas);
  };
  const layer = L.heatLayer([], {
    pane: "gb-heat",
    radius: 28,
    blur: 20,
    minOpacity: 0.15,
    gradient: { 0.3: "#fdd49e", 0.6: "#fc8d59", 0.8: "#d7301f", 1: "#7f0000" },
  });
  page.onChange(({ surface, period }) => {
    if (surface === undefined && period === undefined) return;
    if (page.surface !== "heat") return void layer.remove();
    // Small bins, each as one point: a million places would take seconds.
    const found = geobike.binned(page, page.hexbins.metres / 8).filter(({ things }) => things);
    layer.remove(); // set before it is shown, so that it is drawn once
    layer.setLatLngs(found.map(({ lat, lon, things }) => [lat, lon, things]));
    layer.addTo(map);
  });
};
