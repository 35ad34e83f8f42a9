// Where a photo was taken and what it looks at, on the map.
"use strict";

geobike.cone = function (page) {
  const { map, data } = page;
  map.createPane("gb-cone").style.zIndex = 455;
  const renderer = L.svg({ pane: "gb-cone" });
  const layer = L.layerGroup().addTo(map);
  const style = { renderer, pane: "gb-cone", interactive: false, color: "#111", weight: 1.5, fillColor: "#ffd400", fillOpacity: 0.55 };
  page.point = function (i) {
    layer.clearLayers();
    if (i === null) return;
    const { photos } = data;
    const place = [photos.lat[i], photos.lon[i]];
    const { heading, view = 67 } = photos.details[i];
    if (heading !== undefined) layer.addLayer(L.polygon(geobike.sector(place, heading, view), style));
    layer.addLayer(L.circleMarker(place, { ...style, radius: 5, fillOpacity: 1 }));
    if (!map.getBounds().contains(place)) map.panTo(place, { animate: false });
  };
};

geobike.SIGHT = 25; // metres: about as far as a detector sees bicycles

geobike.sector = function ([lat, lon], heading, view) {
  const metre = 1 / 111320;
  const narrow = Math.cos((lat * Math.PI) / 180);
  const points = [[lat, lon]];
  for (let k = 0; k <= 12; k++) {
    const angle = ((heading - view / 2 + (k * view) / 12) * Math.PI) / 180;
    const [north, east] = [Math.cos(angle), Math.sin(angle)];
    points.push([lat + geobike.SIGHT * metre * north, lon + (geobike.SIGHT * metre * east) / narrow]);
  }
  return points;
};
