// The layers below the areas: the user's tiles, water, streets and borders.
"use strict";

geobike.background = function (page) {
  const { map, data } = page;
  if (data.tiles) geobike.tiles(page);
  const pane = map.createPane("gb-context");
  pane.style.zIndex = 350; // above tiles, below areas
  const renderer = L.canvas({ pane: "gb-context", padding: 0.5 });
  page.context = data.context.map(({ name, geometries }) => {
    const style = ({ geometry }) => ({
      renderer,
      pane: "gb-context",
      interactive: false,
      color: "#7d8894",
      weight: 1,
      opacity: 0.8,
      fill: geometry.type.endsWith("Polygon"),
      fillColor: "#a9c6de",
      fillOpacity: 0.45,
    });
    const features = geometries.map((geometry) => ({ type: "Feature", geometry, properties: {} }));
    return { name, layer: L.geoJSON(features, { style, interactive: false }).addTo(map) };
  });
  // Areas then let lines shine through, and keep their colours where there are none.
  map.getContainer().classList.toggle("gb-backed", !!data.tiles || page.context.length > 0);
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
