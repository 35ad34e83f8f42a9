// The background from the author's own file: water, green, rail, streets and names of places, below
// the areas, whose colour then lets it through.
"use strict";

geobike.basemap = function (page) {
  const { map, data } = page;
  if (!data.basemap) return;
  const pane = map.createPane("gb-basemap");
  pane.style.zIndex = 250;
  pane.style.pointerEvents = "none";
  // Elements are sharp on paper; only what would be slow is drawn on a canvas.
  const size = JSON.stringify(data.basemap.layers).length;
  const renderer = (size < geobike.MOST_DRAWN ? L.svg : L.canvas)({ pane: "gb-basemap", padding: 0.5 });
  const surfaces = { water: "#a9cce3", green: "#cfe3c3" };
  const lines = {
    waterway: { color: "#8fbbd9", weight: 2 },
    street: { color: "#ffffff", weight: 1.4 },
    rail: { color: "#6b7280", weight: 1.4, dashArray: "5 3" },
    main: { color: "#f3b562", weight: 2.6 },
  };
  for (const kind of ["green", "water", "waterway", "street", "rail", "main"]) {
    const shapes = data.basemap.layers[kind] || [];
    const common = { renderer, pane: "gb-basemap", interactive: false, smoothFactor: 0.6 };
    const fill = { ...common, stroke: false, fillColor: surfaces[kind], fillOpacity: 1, fillRule: "nonzero" };
    // As one path: outer rings turn one way and inner ones the other, so overlaps stay filled.
    const rings = (polygon) => polygon.map(geobike.steps);
    if (surfaces[kind] && shapes.length) L.polygon(shapes.map(rings), fill).addTo(map);
    if (lines[kind] && shapes.length) L.polyline(shapes.map(geobike.steps), { ...common, ...lines[kind] }).addTo(map);
  }
  document.body.classList.add("gb-backed-by-file");
  geobike.placeNames(page);
};

geobike.MOST_DRAWN = 2000000; // characters of the background as elements

// The most important first; one that would touch another waits until the reader zooms in.
geobike.placeNames = function (page) {
  const { map, data } = page;
  const pane = map.createPane("gb-place-names");
  pane.style.zIndex = 440;
  pane.style.pointerEvents = "none";
  pane.setAttribute("aria-hidden", "true");
  const layer = L.layerGroup().addTo(map);
  const draw = () => {
    layer.clearLayers();
    if (!page.isComplete) return;
    const taken = [];
    for (const [name, lon, lat] of data.basemap.names) {
      if (!map.getBounds().contains([lat, lon])) continue;
      const { x, y } = map.latLngToLayerPoint([lat, lon]);
      const wide = 6.5 * name.length + 8;
      const box = [x - wide / 2, y - 8, x + wide / 2, y + 8];
      if (taken.some((one) => box[0] < one[2] && one[0] < box[2] && box[1] < one[3] && one[1] < box[3])) continue;
      taken.push(box);
      const html = geobike.el("span", { dir: "auto" }, name);
      const icon = L.divIcon({ html, className: "gb-place-name", iconSize: [wide, 16] });
      layer.addLayer(L.marker([lat, lon], { icon, pane: "gb-place-names", interactive: false, keyboard: false }));
    }
  };
  map.on("moveend", draw);
  page.onChange(({ isComplete }) => isComplete && draw());
};
