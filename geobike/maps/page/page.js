// Starts the page: reads the JSON block, builds the frame around Folium's map, wires the parts.
// Text is set through textContent alone, so a name can hold any markup and none of it runs.
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
  geobike.areas(page);
  geobike.cells(page);
  geobike.blurred(page);
  const few = page.photos.n <= geobike.MOST_CIRCLES;
  (few ? geobike.circles : geobike.clusters)(page);
  container.after(geobike.panel(page));
  const legend = geobike.legend(page);
  geobike.fit(page, legend);
  page.showAreas();
  geobike.onPrint(page, legend);
  // On paper a long table follows the map; a short one stands beside it.
  document.body.classList.toggle("gb-long", data.areas.length > 24);
  page.change({});
  requestAnimationFrame(() => requestAnimationFrame(() => performance.mark("geobike-drawn")));
};

// What the reader chose, and who wants to know when that changes.
geobike.state = function (map, data) {
  const listeners = [];
  return {
    map,
    data,
    metric: data.metrics[0],
    surface: "areas",
    period: -1, // all of them
    onChange: (listener) => listeners.push(listener),
    change(choice) {
      Object.assign(this, choice);
      listeners.forEach((listener) => listener(choice));
    },
  };
};

// Show all areas, beside an open legend and not below it.
geobike.fit = function ({ map, bounds }, legend) {
  map.invalidateSize({ animate: false });
  const left = legend.open ? Math.min(legend.offsetWidth + 20, map.getSize().x * 0.42) : 12;
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
      geobike.fit(page, legend);
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

// Panels stand open on a wide screen and folded on a telephone.
geobike.wide = () => !matchMedia("(max-width: 700px)").matches;

// A group of radios or checkboxes.
geobike.choices = function (title, ...choices) {
  const legend = geobike.el("legend", {}, title);
  return geobike.el("fieldset", { className: "gb-choices" }, legend, ...choices);
};
