// The background from the author's own file: water, green, rail, streets and names of places, below
// the areas, whose colour then lets it through.
"use strict";

geobike.basemap = function (page) {
  const { map, data } = page;
  if (!data.basemap) return;
  const pane = map.createPane("gb-basemap");
  pane.style.zIndex = 250;
  pane.style.pointerEvents = "none";
  const renderer = L.canvas({ pane: "gb-basemap", padding: 0.5 });
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
    const fill = { ...common, stroke: false, fillColor: surfaces[kind], fillOpacity: 1 };
    // One by one: where two surfaces of one path overlap, there would be a hole.
    for (const rings of surfaces[kind] ? shapes : []) L.polygon(rings.map(geobike.steps), fill).addTo(map);
    if (lines[kind] && shapes.length) L.polyline(shapes.map(geobike.steps), { ...common, ...lines[kind] }).addTo(map);
  }
  document.body.classList.add("gb-backed-by-file");
  geobike.placeNames(page);
};

// Steps of 1e-5 degrees, summed up to places.
geobike.steps = function (steps) {
  const out = [];
  let x = 0;
  let y = 0;
  for (let i = 0; i < steps.length; i += 2) out.push([(y += steps[i + 1]) / 1e5, (x += steps[i]) / 1e5]);
  return out;
};

// The most important first; one that would touch another waits until the reader zooms in.
geobike.placeNames = function ({ map, data }) {
  const pane = map.createPane("gb-place-names");
  pane.style.zIndex = 440;
  pane.style.pointerEvents = "none";
  pane.setAttribute("aria-hidden", "true");
  const layer = L.layerGroup().addTo(map);
  const draw = () => {
    layer.clearLayers();
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
};
