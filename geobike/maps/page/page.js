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

  const container = map.getContainer();
  container.setAttribute("role", "region");
  container.setAttribute("aria-label", page.say("region_map"));
  container.before(geobike.header(page));
  document.addEventListener("keydown", ({ key }) => key === "Escape" && map.closePopup());
  map.attributionControl.setPrefix(false);
  L.control.scale({ imperial: false }).addTo(map);

  geobike.background(page);
  geobike.basemap(page);
  geobike.areas(page);
  geobike.hexbins(page);
  geobike.heatmap(page);
  const few = page.photos.n <= geobike.MOST_CIRCLES;
  (few ? geobike.circles : geobike.clusters)(page);
  geobike.racks(page);
  container.after(geobike.panel(page));
  const legend = geobike.legend(page);
  geobike.rackKey(page, legend);
  geobike.fit(page, legend);
  page.showAreas();
  geobike.onPrint(page, legend);
  geobike.onPaper(page, legend);
  // On paper a long table follows the map; a short one is beside it.
  const rows = data.areas.filter((area) => !geobike.isUnseen(data, area)).length;
  document.body.classList.toggle("gb-long", rows > 24);
  page.change({});
  requestAnimationFrame(() => requestAnimationFrame(() => performance.mark("geobike-drawn")));
};

// What the reader chose, and the listeners to changes of it.
geobike.state = function (map, data) {
  const listeners = [];
  const page = {
    map,
    data,
    metric: null,
    // The metrics that a place of the page shows, in order.
    metricsIn: (place) => data.metrics.filter(({ shown }) => shown.includes(place)),
    surface: "areas",
    period: -1, // all of them
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

// Show all areas, beside an open legend and not below it.
geobike.fit = function ({ map, bounds }, legend) {
  map.invalidateSize({ animate: false });
  const left = legend?.open ? Math.min(legend.offsetWidth + 20, map.getSize().x * 0.42) : 12;
  map.fitBounds(bounds, {
    paddingTopLeft: [left, 12],
    paddingBottomRight: [12, 12],
    animate: false,
  });
};

// Paper shows all areas, in its own shape; the screen goes back to where it was.
geobike.onPrint = function (page, legend) {
  const { map } = page;
  let before = null;
  matchMedia("print").addEventListener("change", ({ matches }) => {
    if (matches) {
      before = { centre: map.getCenter(), zoom: map.getZoom(), open: legend.open };
      map.closePopup();
      legend.open = true;
      geobike.fit(page);
    } else {
      legend.open = before.open;
      map.invalidateSize({ animate: false });
      map.setView(before.centre, before.zoom, { animate: false });
    }
  });
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

// A radio or a checkbox with its words.
geobike.choice = function (properties, text) {
  const input = geobike.el("input", properties);
  return geobike.el("label", { className: "gb-choice", dir: "auto" }, input, " " + text);
};

// Panels are open on a wide screen and closed on a phone.
geobike.wide = () => !matchMedia("(max-width: 700px)").matches;

// A group of radios or checkboxes.
geobike.choices = function (title, ...choices) {
  const legend = geobike.el("legend", {}, title);
  return geobike.el("fieldset", { className: "gb-choices" }, legend, ...choices);
};
