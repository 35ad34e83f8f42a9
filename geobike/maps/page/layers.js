// What is drawn on the map: one surface, and layers above it. A box in the map's corner.
"use strict";

geobike.layerBox = function (page) {
  const { el, choice, choices } = geobike;
  const { map, say } = page;
  const surfaces = ["areas", ...(page.hasStreets ? ["streets"] : []), ...(page.data.places.n ? ["hexbins", "heat"] : [])];
  const radios = surfaces.map((key) => {
    const text = say("surface_" + key);
    const onchange = () => page.change({ surface: key });
    return choice({ type: "radio", name: "gb-surface", value: key, checked: key === page.surface, onchange }, text);
  });
  const boxes = page.layers.map(({ key, text, layer, on }) => {
    if (on) layer.addTo(map);
    const onchange = ({ target }) => (target.checked ? layer.addTo(map) : layer.remove());
    return choice({ type: "checkbox", value: key, checked: on, onchange }, text);
  });
  const why = el("p", { className: "gb-why" });
  const taken = el("p", { className: "gb-why" });
  const box = el(
    "details",
    { className: "gb-layers" },
    el("summary", {}, say("layers")),
    choices(say("surface"), ...radios),
    why,
    choices(say("above"), ...boxes),
    taken,
  );
  geobike.folding(page, box);
  // Hexagons and heat map are drawn from places, which have no figure but one.
  page.onChange(() => {
    const possible = geobike.isOfPlaces(page.data, page.metric) && !page.byGroup;
    for (const input of box.querySelectorAll("[name=gb-surface]")) {
      input.checked = input.value === page.surface;
      if (["hexbins", "heat"].includes(input.value)) input.disabled = !possible;
    }
    // These are made of the places; the circles come back with another surface.
    const bare = ["hexbins", "heat"].includes(page.surface);
    const circles = box.querySelector("[value=places]");
    Object.assign(circles, { disabled: bare, checked: !bare && map.hasLayer(page.placeLayer) });
    taken.textContent = bare ? say("places_taken") : "";
    const wanted = page.colours.find((metric) => geobike.isOfPlaces(page.data, metric));
    why.textContent = possible || !wanted || !page.data.places.n ? "" : say("only_for", { metric: page.innerNameOf(wanted) });
    if (!possible && ["hexbins", "heat"].includes(page.surface)) page.change({ surface: "areas" });
  });
  const control = L.control({ position: "topright" });
  control.onAdd = () => {
    L.DomEvent.disableClickPropagation(box);
    L.DomEvent.disableScrollPropagation(box);
    return box;
  };
  control.addTo(map);
};

// Closed by a click on the map, so that it never covers what one looks at; on a phone by a choice too.
geobike.folding = function ({ map }, box) {
  map.getContainer().addEventListener(
    "click",
    ({ target }) => {
      if (!box.contains(target)) box.open = false;
    },
    true, // also where a circle or a street keeps the click to itself
  );
  box.addEventListener("change", () => geobike.wide() || (box.open = false));
};
