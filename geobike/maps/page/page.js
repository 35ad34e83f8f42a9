// Starts the page: reads the JSON block, builds the frame around Folium's map, wires the parts.
// Text is set through textContent alone, so a name can hold any markup and none of it runs.
"use strict";
const geobike = {};

geobike.start = function (map, id) {
  const data = JSON.parse(document.getElementById(id).textContent);
  const page = {
    map,
    data,
    metric: data.metrics[0].key,
    areas: new Map(data.areas.map((area) => [area.id, area])),
    listeners: [],
    onMetric(listener) {
      page.listeners.push(listener);
    },
    setMetric(key) {
      page.metric = key;
      page.listeners.forEach((listener) => listener());
    },
  };
  Object.assign(page, geobike.speech(data));

  const container = map.getContainer();
  container.setAttribute("role", "region");
  container.setAttribute("aria-label", page.say("region_map"));
  container.before(geobike.header(page));
  map.attributionControl.setPrefix(false);
  L.control.scale({ imperial: false }).addTo(map);

  geobike.areas(page);
  geobike.photos(page);
  container.after(geobike.panel(page));
  const legend = geobike.legend(page);
  geobike.fit(page, legend);
  geobike.onPrint(page, legend);
  page.setMetric(page.metric);
};

// Show all areas, beside an open legend and not below it.
geobike.fit = function ({ map, bounds }, legend) {
  map.invalidateSize({ animate: false });
  const left = legend.open ? Math.min(legend.offsetWidth + 20, map.getSize().x / 3) : 12;
  map.fitBounds(bounds, {
    paddingTopLeft: [left, 12],
    paddingBottomRight: [12, 12],
    animate: false,
  });
};

// Paper shows all areas, in its own shape; the screen goes back to where it was.
geobike.onPrint = function (page, legend) {
  const { map } = page;
  let view = null;
  matchMedia("print").addEventListener("change", ({ matches }) => {
    if (matches) {
      view = [map.getCenter(), map.getZoom()];
      geobike.fit(page, legend);
    } else {
      map.invalidateSize({ animate: false });
      map.setView(...view, { animate: false });
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

// Words and numbers in the page's language.
geobike.speech = function (data) {
  const plural = new Intl.PluralRules(data.language);
  const whole = new Intl.NumberFormat(data.language, { maximumFractionDigits: 0 });
  const exact = new Intl.NumberFormat(data.language, {
    minimumFractionDigits: data.digits,
    maximumFractionDigits: data.digits,
  });
  const thing = data.label === "bicycle" ? "bicycle" : "object";

  function say(key, given) {
    const values = { things: data.words["many_" + thing], ...given };
    let text = data.words[key];
    if (typeof text !== "string") text = text[plural.select(values.n)] || text.other;
    return text.replace(/\{(\w+)\}/g, (_, name) =>
      typeof values[name] === "number" && name !== "threshold"
        ? whole.format(values[name])
        : String(values[name]),
    );
  }
  const isCount = (key) => key.endsWith("_count");
  return {
    say,
    // The figure of a column: counts whole, rates with decimals, "–" where there is none.
    figure(key, value) {
      if (value === null) return data.words.unknown;
      if (isCount(key)) return whole.format(value);
      const least = 10 ** -data.digits;
      if (value > 0 && value < least / 2) return "< " + exact.format(least);
      return exact.format(value);
    },
    things: (n) => say(thing, { n }),
    metricName: (key) => say(key.replace("bicycle", thing)),
  };
};

// A radio or a checkbox with its words.
geobike.choice = function (properties, text) {
  const input = geobike.el("input", properties);
  return geobike.el("label", { className: "gb-choice" }, input, " " + text);
};

// Panels stand open on a wide screen and folded on a telephone.
geobike.wide = () => !matchMedia("(max-width: 700px)").matches;

// A group of radios or checkboxes.
geobike.choices = function (title, ...choices) {
  const legend = geobike.el("legend", {}, title);
  return geobike.el("fieldset", { className: "gb-choices" }, legend, ...choices);
};
