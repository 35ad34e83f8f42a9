// Surfaces that need no areas: hexagons of bicycles per photo, and the blurred heat map.
"use strict";

// Sum the counted photos that are shown by hexagons, `metres` from one flat side to the other.
// Round to the nearest centre in cube coordinates, pointed top.
geobike.hexagons = function (page, metres) {
  const { photos } = page;
  const plane = page.plane;
  const size = metres / Math.sqrt(3); // centre to corner
  const found = new Map();
  for (let i = 0; i < photos.n; i++) {
    if (photos.count[i] < 0 || !page.isShown(i)) continue;
    const px = photos.lon[i] * plane.x;
    const py = photos.lat[i] * plane.y;
    const q = ((Math.sqrt(3) / 3) * px - py / 3) / size;
    const r = ((2 / 3) * py) / size;
    let [a, b, c] = [Math.round(q), Math.round(r), Math.round(-q - r)];
    const [da, db, dc] = [Math.abs(a - q), Math.abs(b - r), Math.abs(c + q + r)];
    if (da > db && da > dc) a = -b - c;
    else if (db > dc) b = -a - c;
    const key = a * 1e6 + b;
    let cell = found.get(key);
    if (!cell) found.set(key, (cell = { a, b, photos: 0, bicycles: 0, lon: 0, lat: 0 }));
    cell.photos += 1;
    cell.bicycles += photos.count[i];
    cell.lon += photos.lon[i];
    cell.lat += photos.lat[i];
  }
  return [...found.values()];
};

geobike.cells = function (page) {
  const { map, bounds } = page;
  const middle = (bounds.getCenter().lat * Math.PI) / 180;
  page.plane = { x: 111320 * Math.cos(middle), y: 111320 }; // metres in a degree
  const wide = (bounds.getEast() - bounds.getWest()) * page.plane.x;
  const high = (bounds.getNorth() - bounds.getSouth()) * page.plane.y;
  const metres = geobike.roundLength(Math.max(wide, high) / 25);
  const rate = ({ photos, bicycles }) => bicycles / photos;
  let classes = null;
  map.createPane("gb-cells").style.zIndex = 420; // between areas and photos
  const layer = L.layerGroup();
  const renderer = L.canvas({ pane: "gb-cells" });

  page.cells = {
    metres,
    layer,
    classes: () => (classes ||= geobike.classify(geobike.hexagons(page, metres).map(rate))),
  };
  const draw = () => {
    layer.clearLayers();
    if (page.surface !== "cells") return void layer.remove();
    for (const cell of geobike.hexagons(page, metres)) {
      const corners = geobike.corners(page.plane, cell, metres / Math.sqrt(3));
      const style = {
        renderer,
        pane: "gb-cells",
        fillColor: geobike.colourOf(page.cells.classes(), rate(cell)),
        fillOpacity: 1,
        color: "#5b6470",
        weight: 0.6,
      };
      const tip = () => geobike.cellTooltip(page, cell, rate(cell));
      layer.addLayer(L.polygon(corners, style).bindTooltip(tip, { sticky: true, className: "gb-tip" }));
    }
    layer.addTo(map);
  };
  page.onChange(({ surface, period }) => {
    if (surface === undefined && period === undefined) return;
    if (page.surface === "cells" && page.period >= 0 && !classes) {
      const period = page.period; // the classes are those of all photos
      page.period = -1;
      page.cells.classes();
      page.period = period;
    }
    draw();
  });
};

geobike.corners = function (plane, { a, b }, size) {
  const x = size * (Math.sqrt(3) * a + (Math.sqrt(3) / 2) * b);
  const y = size * 1.5 * b;
  return [0, 1, 2, 3, 4, 5].map((k) => {
    const angle = (Math.PI / 180) * (60 * k + 30);
    return [(y + size * Math.sin(angle)) / plane.y, (x + size * Math.cos(angle)) / plane.x];
  });
};

geobike.cellTooltip = function (page, { photos, bicycles }, rate) {
  const seen = page.say("finding", {
    things: page.things(bicycles),
    photos: page.say("photos", { n: photos }),
  });
  const text = `${page.metricName("bicycles_per_photo")}: ${page.figure("bicycles_per_photo", rate)}`;
  return geobike.el("div", {}, geobike.el("strong", {}, text), geobike.el("br"), seen);
};

// 1, 2 or 5 times a power of ten, at least 10 metres.
geobike.roundLength = function (metres) {
  const power = 10 ** Math.floor(Math.log10(Math.max(metres, 10)));
  return power * [1, 2, 5, 10].find((step) => step * power >= Math.max(metres, 10));
};

// The blurred layer rescales itself to each view, so it has no legend; it says so in the panel.
geobike.blurred = function (page) {
  const { map } = page;
  map.createPane("gb-heat").style.zIndex = 420;
  // leaflet.heat reads its canvas back at every drawing; a browser that knows keeps it at hand.
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
    // Small cells at their photos' mean place: a million points would take seconds.
    const seen = geobike.hexagons(page, page.cells.metres / 8).filter((cell) => cell.bicycles);
    layer.remove(); // set before it is shown, so that it is drawn once
    layer.setLatLngs(seen.map((c) => [c.lat / c.photos, c.lon / c.photos, c.bicycles]));
    layer.addTo(map);
  });
};
