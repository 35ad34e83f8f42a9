// Below and above the areas: the user's tiles; water, streets and borders with their names.
"use strict";

geobike.background = function (page) {
  const { map, data } = page;
  if (data.tiles) geobike.tiles(page);
  page.namedLines = [];
  data.context.forEach((one, number) => {
    const pane = map.createPane(`gb-context-${number}`);
    pane.style.zIndex = 405; // above the areas, whose colour shows at both sides of a line
    pane.style.pointerEvents = "none";
    const layer = L.layerGroup(geobike.contextLayers(one, `gb-context-${number}`));
    page.layers.push({ key: `context-${number}`, text: one.name, layer, on: true });
    geobike.noteNames(page, one.geometries, one.names || []);
  });
  // Areas then let tiles shine through, and keep their colours where there are none.
  map.getContainer().classList.toggle("gb-backed", !!data.tiles);
};

// A line is grey within white, so that it is seen on light and on dark colours.
geobike.contextLayers = function ({ geometries }, pane) {
  const renderer = L.canvas({ pane, padding: 0.5 });
  const features = geometries.map((geometry) => ({ type: "Feature", geometry, properties: {} }));
  const drawn = (style) => L.geoJSON(features, { interactive: false, style: () => ({ renderer, pane, interactive: false, fill: false, ...style }) });
  const surfaces = features.filter(({ geometry }) => geometry.type.endsWith("Polygon"));
  const water = L.geoJSON(surfaces, {
    interactive: false,
    style: () => ({ renderer, pane, interactive: false, stroke: false, fill: true, fillColor: "#a9c6de", fillOpacity: 0.55 }),
  });
  return [water, drawn({ color: "#fff", weight: 3.6, opacity: 0.85 }), drawn({ color: "#6d7781", weight: 1.3, opacity: 0.95 })];
};

geobike.noteNames = function (page, geometries, names) {
  geometries.forEach(({ type, coordinates }, i) => {
    if (!names[i]) return;
    const rings = { LineString: [coordinates], MultiLineString: coordinates, Polygon: coordinates.slice(0, 1) }[type] || [];
    for (const ring of rings) page.namedLines.push({ name: names[i], points: ring.map(([x, y]) => L.latLng(y, x)) });
  });
};

// Tiles from the only host that the page's policy allows. Where none can be loaded, the layer is
// removed with its attribution.
geobike.tiles = function (page) {
  const { map, data } = page;
  const { url, wms, attribution } = data.tiles;
  const options = { attribution: geobike.el("span", {}, attribution).innerHTML, maxZoom: 19 };
  const layer = wms ? geobike.wms(url, options) : L.tileLayer(url, options);
  let failed = 0;
  let loaded = 0;
  layer.on("tileload", () => (loaded += 1));
  layer.on("tileerror", () => {
    failed += 1;
    if (loaded || failed < 3 || !map.hasLayer(layer)) return;
    layer.remove();
    const message = L.control({ position: "bottomright" });
    message.onAdd = () => geobike.el("p", { className: "gb-message", role: "status" }, page.say("no_tiles"));
    message.addTo(map);
  });
  layer.addTo(map);
};

geobike.wms = function (url, options) {
  const [address, query] = url.split("?");
  const asked = Object.fromEntries(new URLSearchParams(query));
  const named = Object.fromEntries(Object.entries(asked).map(([key, value]) => [key.toLowerCase(), value]));
  delete named.request;
  delete named.service;
  return L.tileLayer.wms(address, { format: "image/png", ...named, ...options });
};
