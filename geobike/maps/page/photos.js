// The photos: circles sized by what they show, gathered where they overlap, and the heat layer.
"use strict";

geobike.photos = function (page) {
  const { map, data } = page;
  map.createPane("gb-photos").style.zIndex = 450; // above the areas, below the popups
  const renderer = L.svg({ pane: "gb-photos" });
  const layer = L.markerClusterGroup({
    animate: false,
    maxClusterRadius: 26, // pixels: only what would overlap
    showCoverageOnHover: false,
    clusterPane: "gb-photos",
    spiderLegPolylineOptions: { color: "#333", weight: 1.2, pane: "gb-photos" },
    iconCreateFunction: (cluster) => geobike.clusterIcon(page, cluster),
  });
  layer.addLayers(data.photos.map((photo) => geobike.photo(page, photo, renderer)));
  page.photoLayer = layer;
  if (data.photos.length) layer.addTo(map);

  const weights = data.photos
    .filter(({ bicycle_count }) => bicycle_count > 0)
    .map(({ lat, lon, bicycle_count }) => [lat, lon, bicycle_count]);
  map.createPane("gb-heat").style.zIndex = 420; // between areas and photos
  page.heatLayer = L.heatLayer(weights, {
    pane: "gb-heat",
    radius: 28,
    blur: 20,
    minOpacity: 0.15,
    gradient: { 0.3: "#fdd49e", 0.6: "#fc8d59", 0.8: "#d7301f", 1: "#7f0000" },
  });
};

geobike.photo = function (page, photo, renderer) {
  const counted = photo.status === "counted";
  const some = counted && photo.bicycle_count > 0;
  const circle = L.circleMarker([photo.lat, photo.lon], {
    renderer,
    pane: "gb-photos",
    // The area grows with the count, so that twice the bicycles look like twice as many.
    radius: some ? Math.min(4 + 2.2 * Math.sqrt(photo.bicycle_count), 18) : 5,
    weight: some ? 1.2 : 2,
    color: some ? "#4a1c00" : counted ? "#d95f0e" : "#6b7280",
    fillColor: some ? "#f58a1f" : "#fff",
    fillOpacity: some ? 0.92 : counted ? 1 : 0,
    className: "gb-photo",
  });
  circle.count = photo.bicycle_count || 0;
  circle.bindPopup(() => geobike.photoPopup(page, photo), { ...geobike.popup, minWidth: 240 });
  return circle;
};

geobike.clusterIcon = function (page, cluster) {
  const { el } = geobike;
  const n = cluster.getChildCount();
  const bicycles = cluster.getAllChildMarkers().reduce((sum, { count }) => sum + count, 0);
  const title = page.say("cluster", {
    photos: page.say("photos", { n }),
    things: page.things(bicycles),
  });
  const badge = el("span", { title, role: "img", "aria-label": title }, String(n));
  return L.divIcon({ html: badge, className: "gb-cluster", iconSize: [30, 30] });
};

geobike.photoPopup = function (page, photo) {
  const { el } = geobike;
  const parts = [];
  if (photo.image) parts.push(geobike.picture(page, photo));
  const count =
    photo.status === "counted"
      ? page.things(photo.bicycle_count)
      : page.say("status_" + photo.status);
  parts.push(el("p", {}, el("strong", {}, count)));
  if (photo.taken) parts.push(el("p", {}, photo.taken));
  parts.push(el("p", { className: "gb-file", dir: "auto" }, photo.id));
  if (!photo.image) parts.push(el("p", {}, page.say("no_picture")));
  return el("div", { className: "gb-popup" }, ...parts);
};

geobike.picture = function (page, photo) {
  const { el } = geobike;
  const image = el("img", { src: photo.image, alt: page.say("picture", { id: photo.id }) });
  const frame = el("div", { className: "gb-picture" }, image);
  // The popup takes its place before the image is read, so the shape is set here.
  if (photo.width && photo.height) frame.style.aspectRatio = `${photo.width} / ${photo.height}`;
  for (const box of photo.boxes) {
    const label = `${box.label} ${Math.round(box.score * 100)} %`;
    const drawn = el("div", { className: "gb-box", title: label });
    for (const side of ["left", "top", "width", "height"]) drawn.style[side] = box[side] + "%";
    frame.append(drawn);
  }
  return frame;
};
