// More than ten thousand photos: clustered by squares of the screen, anew for every view.
// One pass over a million takes some tens of milliseconds, and follows the time slider for free.
"use strict";

geobike.clusters = function (page) {
  const { map, photos } = page;
  const renderer = geobike.photoPane(map);
  const layer = L.layerGroup();
  const places = geobike.mercator(photos);
  const draw = () => {
    if (!map.hasLayer(layer)) return;
    layer.clearLayers();
    for (const cluster of geobike.clustered(page, places)) {
      const single = cluster.photos === 1;
      const made = single ? geobike.photo(page, cluster.first, renderer) : geobike.badge(page, cluster);
      layer.addLayer(made);
    }
  };
  page.photoLayer = layer.addTo(map);
  map.on("moveend", draw);
  layer.on("add", draw);
  page.onChange(({ period }) => period !== undefined && draw());
};

// Places on the map of the world, 0 to 1 from west to east and north to south (EPSG:3857).
geobike.mercator = function ({ n, lon, lat }) {
  const x = new Float64Array(n);
  const y = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    const sine = Math.sin((lat[i] * Math.PI) / 180);
    x[i] = lon[i] / 360 + 0.5;
    y[i] = 0.5 - (0.25 * Math.log((1 + sine) / (1 - sine))) / Math.PI;
  }
  return { x, y };
};

// Cluster the photos in view by squares of 64 pixels.
geobike.clustered = function (page, { x, y }) {
  const { map, photos } = page;
  const squares = (256 * 2 ** map.getZoom()) / 64;
  const { x: left, y: top } = map.getPixelBounds().min.divideBy(64).floor();
  const { x: right, y: bottom } = map.getPixelBounds().max.divideBy(64).floor();
  const width = right - left + 1;
  const found = new Array(width * (bottom - top + 1));
  for (let i = 0; i < photos.n; i++) {
    const column = Math.floor(x[i] * squares) - left;
    const row = Math.floor(y[i] * squares) - top;
    if (column < 0 || row < 0 || column >= width || row > bottom - top || !page.isShown(i)) continue;
    const at = row * width + column;
    const cluster = (found[at] ??= { photos: 0, counted: 0, things: 0, lon: 0, lat: 0, first: i });
    cluster.photos += 1;
    cluster.counted += photos.count[i] >= 0;
    cluster.things += Math.max(photos.count[i], 0);
    cluster.lon += photos.lon[i];
    cluster.lat += photos.lat[i];
  }
  return found.filter(Boolean);
};

geobike.badge = function (page, cluster) {
  const { map } = page;
  const { photos, lon, lat } = cluster;
  const icon = geobike.clusterIcon(page, cluster);
  const marker = L.marker([lat / photos, lon / photos], { icon, pane: "gb-photos" });
  marker.on("click keypress", () => map.setView(marker.getLatLng(), map.getZoom() + 2));
  return marker;
};
