// Starts the page: reads the JSON block, builds the parts around Folium's map, connects them.
// Text is set only through textContent, so markup in a name never runs.
"use strict";
const geobike = {};

geobike.start = function (map, id) {
  const data = JSON.parse(document.getElementById(id).textContent);
  const waiting = geobike.unpack(data);
  // A page with nothing packed is drawn at once: scripts of the user's own layers come next.
  if (waiting) waiting.then(() => geobike.draw(map, data));
  else geobike.draw(map, data);
};

geobike.draw = function (map, data) {
  geobike.placePhotos(data);
  const page = geobike.state(map, data);
  Object.assign(page, geobike.speech(data));
  geobike.count(page);
  geobike.certainty(page);

  const container = map.getContainer();
  container.setAttribute("role", "region");
  container.setAttribute("aria-label", page.say("region_map"));
  container.before(geobike.header(page));
  map.attributionControl.setPrefix(false);
  L.control.scale({ imperial: false }).addTo(map);

  geobike.background(page);
  geobike.basemap(page);
  geobike.areas(page);
  geobike.hexbins(page);
  geobike.heatmap(page);
  geobike.streets(page);
  geobike.places(page);
  geobike.cone(page);
  geobike.names(page);
  geobike.racks(page);
  container.after(geobike.panel(page));
  geobike.lightbox(page);
  page.legend = geobike.legend(page);
  geobike.layerBox(page);
  geobike.home(page);
  geobike.rackKey(page);
  page.change({});
  map.invalidateSize({ animate: false }); // the browser lays out the page here, once
  page.isPlaced = true;
  geobike.fit(page);
  geobike.fitSeen(page);
  page.startZoom = map.getZoom();
  page.showAreas();
  geobike.onPrint(page);
  geobike.onPaper(page);
  // On paper a long table follows the map; a short one is beside it.
  const rows = data.areas.filter((area) => !geobike.isUnseen(data, area)).length;
  document.body.classList.toggle("gb-long", rows > 24);
  geobike.address(page);
  geobike.complete(page);
};

// What the first drawing can do without is added once the reader sees it, or before it is printed.
geobike.complete = function (page) {
  const rest = () => {
    if (page.isComplete) return;
    page.change({ isComplete: true });
    geobike.unpackDetails(page).then(() => performance.mark("geobike-complete"));
  };
  const drawn = () => {
    performance.mark("geobike-drawn");
    setTimeout(rest);
  };
  requestAnimationFrame(() => requestAnimationFrame(drawn));
  addEventListener("beforeprint", rest);
};

// What the reader chose, and the listeners to changes of it.
geobike.state = function (map, data) {
  const listeners = [];
  const page = {
    map,
    data,
    layers: [], // {key, text, layer, on} with a checkbox
    metric: null,
    surface: "areas",
    view: "areas", // what the panel lists; or "racks"
    period: -1, // all of them
    isPlaced: false, // the map shows its first view
    isComplete: false, // also what comes after the first drawing is there
    chosen: null, // {kind, area | street | places}, shown in the panel
    // The metrics that a place of the page shows, in order.
    metricsIn: (place) => data.metrics.filter(({ shown }) => shown.includes(place)),
    onChange: (listener) => listeners.push(listener),
    change(choice) {
      Object.assign(this, choice);
      listeners.forEach((listener) => listener(choice));
    },
  };
  page.colours = page.metricsIn("map").sort((a, b) => a.order - b.order);
  page.metric = page.colours[0];
  return page;
};

// Show all areas.
geobike.fit = function (page) {
  page.map.invalidateSize({ animate: false });
  page.map.fitBounds(page.bounds, geobike.padding(page, 12));
};

// Start where something was seen, if that is much closer than all areas; the home button shows these.
geobike.fitSeen = function (page) {
  const { map, data } = page;
  const seen = data.areas.filter((area) => !geobike.isUnseen(data, area));
  if (!seen.length) return;
  const bounds = L.latLngBounds([]);
  for (const { shape } of seen) bounds.extend(shape.getBounds());
  const options = geobike.padding(page, 24);
  const room = options.paddingTopLeft.map((side, k) => side + options.paddingBottomRight[k]);
  const closer = map.getBoundsZoom(bounds, false, L.point(room)) - map.getZoom();
  if (closer >= geobike.LEAST_CLOSER) map.fitBounds(bounds, options);
};

geobike.LEAST_CLOSER = 1; // levels of zoom: areas are twice as wide

// Room for what lies on the map: beside an open legend, above a closed one.
geobike.padding = function ({ map, legend }, edge) {
  const onMap = map.getContainer().contains(legend); // on paper it is not
  const left = onMap && legend.open ? Math.min(legend.offsetWidth + 8, map.getSize().x * 0.42) : 0;
  const below = onMap && !legend.open ? legend.offsetHeight + 8 : 0;
  return { paddingTopLeft: [edge + left, edge], paddingBottomRight: [edge, edge + below], animate: false };
};

// A button below those that zoom: back to all areas.
geobike.home = function (page) {
  const control = L.control({ position: "topleft" });
  control.onAdd = () => {
    const title = page.say("home");
    const button = geobike.el("button", { type: "button", title, "aria-label": title }, "⌂");
    button.onclick = () => {
      if (page.chosen) page.close({ stay: true });
      button.focus({ preventScroll: true }); // closing leads to where one chose
      geobike.fit(page);
    };
    L.DomEvent.disableClickPropagation(button);
    return geobike.el("div", { className: "leaflet-bar gb-home" }, button);
  };
  control.addTo(page.map);
};

// Paper shows all areas, in its own shape; the screen goes back to where it was.
geobike.onPrint = function (page) {
  const { map, legend } = page;
  let before = null;
  const enter = () => {
    before ||= { centre: map.getCenter(), zoom: map.getZoom(), open: legend.open };
    legend.open = true;
    geobike.fit(page);
  };
  const leave = () => {
    if (!before) return;
    legend.open = before.open;
    map.invalidateSize({ animate: false });
    map.setView(before.centre, before.zoom, { animate: false });
    before = null;
  };
  // A browser counts the sheets before the medium changes: what the legend has only of a part of the
  // map must be gone by then, or a sheet stays blank.
  addEventListener("beforeprint", enter);
  addEventListener("afterprint", leave);
  matchMedia("print").addEventListener("change", ({ matches }) => (matches ? enter() : leave()));
};

// Make an element: properties, then children; strings become text.
geobike.el = function (tag, properties, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties || {})) {
    if (name in made) made[name] = value;
    else made.setAttribute(name, value);
  }
  made.append(...children);
  return made;
};

// Whether a change concerns any of these.
geobike.concerns = (choice, ...keys) => keys.some((key) => key in choice);

// A radio or a checkbox with its words.
geobike.choice = function (properties, text) {
  const input = geobike.el("input", properties);
  return geobike.el("label", { className: "gb-choice", dir: "auto" }, input, " " + text);
};

// A group of radios or checkboxes.
geobike.choices = function (title, ...choices) {
  const legend = geobike.el("legend", {}, title);
  return geobike.el("fieldset", { className: "gb-choices" }, legend, ...choices);
};
