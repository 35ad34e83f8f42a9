// Up to ten thousand photos: circles sized by their count, clustered where they overlap.
"use strict";

geobike.MOST_CIRCLES = 10000;

geobike.circles = function (page) {
  const { map, photos } = page;
  const renderer = geobike.photoPane(map);
  const layer = L.markerClusterGroup({
    animate: false,
    maxClusterRadius: 26, // pixels: only what would overlap
    showCoverageOnHover: false,
    clusterPane: "gb-photos",
    spiderLegPolylineOptions: { color: "#333", weight: 1.2, pane: "gb-photos" },
    iconCreateFunction: (cluster) => geobike.clusterIcon(page, geobike.clusterSums(cluster)),
  });
  const circles = photos.details.map((_, i) => geobike.photo(page, i, renderer));
  layer.addLayers(circles);
  page.photoLayer = layer;
  if (photos.n) layer.addTo(map);
  page.onChange(({ period }) => {
    if (period === undefined) return;
    layer.clearLayers();
    layer.addLayers(circles.filter((_, i) => page.isShown(i)));
  });
};

geobike.photoPane = function (map) {
  map.createPane("gb-photos").style.zIndex = 450; // above the areas, below the popups
  return L.svg({ pane: "gb-photos" });
};

// One photo as a circle for mouse and keyboard.
geobike.photo = function (page, i, renderer) {
  const { photos } = page;
  const count = photos.count[i];
  const counted = count >= 0;
  const some = count > 0;
  const circle = L.circleMarker([photos.lat[i], photos.lon[i]], {
    renderer,
    pane: "gb-photos",
    // The area grows with the count, so that twice the count looks like twice as many.
    radius: some ? Math.min(4 + 2.2 * Math.sqrt(count), 18) : 5,
    weight: some ? 1.2 : 2,
    color: some ? "#4a1c00" : counted ? "#d95f0e" : "#6b7280",
    fillColor: some ? "#f58a1f" : "#fff",
    fillOpacity: some ? 0.92 : counted ? 1 : 0,
    className: "gb-photo",
  });
  circle.count = count;
  if (!photos.details) return circle;
  const popup = () => geobike.photoPopup(page, photos.details[i], count);
  circle.bindPopup(popup, { ...geobike.popup, minWidth: 240 });
  const name = `${geobike.photoFinding(page, photos.details[i], count)}, ${photos.details[i].id}`;
  return geobike.reachable(circle, name);
};

// A circle as a button: named, in the tab order, opened by Enter or space.
geobike.reachable = function (circle, name) {
  circle.on("add", () => {
    const shape = circle.getElement();
    shape.setAttribute("role", "button");
    shape.setAttribute("tabindex", "0");
    shape.setAttribute("aria-label", name);
    shape.onkeydown = (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      circle.openPopup();
    };
  });
  circle.on("popupclose", () => {
    const shape = circle.getElement();
    if (shape && document.activeElement === document.body) shape.focus({ preventScroll: true });
  });
  return circle;
};

geobike.clusterSums = function (cluster) {
  const counts = cluster.getAllChildMarkers().map(({ count }) => count);
  const counted = counts.filter((count) => count >= 0);
  const things = counted.reduce((sum, count) => sum + count, 0);
  return { photos: counts.length, counted: counted.length, things };
};

// Photos that would overlap, as one circle with their number.
geobike.clusterIcon = function (page, { photos, counted, things }) {
  const all = page.say("photos", { n: photos });
  const title = page.say("cluster", {
    photos: counted < photos ? page.say("some_counted", { photos: all, n: photos - counted }) : all,
    things: page.things(things),
  });
  const short = new Intl.NumberFormat(page.data.language, { notation: "compact" });
  const badge = geobike.el("span", { title, role: "img", "aria-label": title }, short.format(photos));
  const size = 26 + 4 * Math.log10(photos);
  return L.divIcon({ html: badge, className: "gb-cluster", iconSize: [size, size] });
};

geobike.photoFinding = (page, photo, count) =>
  count < 0 ? page.say("status_" + photo.status) : page.things(count);

geobike.photoPopup = function (page, photo, count) {
  const { el } = geobike;
  const parts = [];
  if (photo.image) parts.push(geobike.picture(page, photo));
  parts.push(el("p", {}, el("strong", {}, geobike.photoFinding(page, photo, count))));
  if (photo.taken) parts.push(el("p", {}, photo.taken));
  parts.push(el("p", { className: "gb-file", dir: "auto" }, photo.id));
  if (!photo.image) parts.push(el("p", {}, page.say("no_picture")));
  return el("div", { className: "gb-popup" }, ...parts);
};

geobike.picture = function (page, photo) {
  const { el } = geobike;
  const image = el("img", { src: photo.image, alt: page.say("picture", { id: photo.id }) });
  const frame = el("div", { className: "gb-picture" }, image);
  // The popup is placed before the image is decoded, so its aspect ratio is set here.
  if (photo.width && photo.height) frame.style.aspectRatio = `${photo.width} / ${photo.height}`;
  for (const box of photo.boxes) {
    const label = `${box.label} ${Math.round(box.score * 100)} %`;
    const drawn = el("div", { className: "gb-box", title: label });
    for (const side of ["left", "top", "width", "height"]) drawn.style[side] = box[side] + "%";
    frame.append(drawn);
  }
  return frame;
};
