// The state of the page in its address: #metric=…&area=…&period=…, also of a file. What the address
// says is only ever looked up among what the page holds.
"use strict";

geobike.address = function (page) {
  const { data } = page;
  let own = "";
  let isReading = false; // what is read step by step is written once: a reload in between finds all of it
  const write = () => {
    if (isReading) return;
    own = geobike.addressOf(page);
    try {
      history.replaceState(null, "", own || location.pathname + location.search);
    } catch {
      // inside a notebook's frame there is no address to write
    }
  };
  const read = () => {
    const given = new URLSearchParams(location.hash.slice(1));
    if (!["metric", "show", "period", "area", "street", "place"].some((key) => given.has(key))) return;
    const choice = {};
    const metric = page.colours.find(({ name }) => name === given.get("metric"));
    const grouped = given.get("metric") === "groups" && page.groups(page.colours[0]).size > 0;
    if (metric || grouped) Object.assign(choice, { metric: metric || page.colours[0], byGroup: grouped });
    const surface = given.get("show");
    if (document.querySelector(`[name=gb-surface][value="${CSS.escape(surface || "")}"]:not(:disabled)`)) choice.surface = surface;
    const period = data.periods.indexOf(given.get("period"));
    if (period >= 0) choice.period = period;
    isReading = true;
    page.change(choice);
    const chosen = geobike.chosenFrom(page, given);
    if (chosen) page.choose(chosen, { zoom: true });
    isReading = false;
    write();
  };
  read();
  page.onChange(write);
  addEventListener("hashchange", () => location.hash !== own && read());
};

geobike.chosenFrom = function ({ data }, given) {
  const area = data.areas.find(({ id }) => id === given.get("area"));
  if (area) return { kind: "area", area };
  const street = given.has("street") && data.streets[Number(given.get("street"))];
  if (street) return { kind: "street", street };
  const places = (given.get("place") || "").split(".").map(Number).filter((i) => Number.isInteger(i) && i >= 0 && i < data.places.n);
  return given.get("place") && places.length ? { kind: "place", places } : null;
};

geobike.addressOf = function (page) {
  const { data, chosen } = page;
  const state = new URLSearchParams();
  if (page.byGroup) state.set("metric", "groups");
  else if (page.metric !== page.colours[0]) state.set("metric", page.metric.name);
  if (page.surface !== "areas") state.set("show", page.surface);
  if (page.period >= 0) state.set("period", data.periods[page.period]);
  if (chosen?.kind === "area") state.set("area", chosen.area.id);
  if (chosen?.kind === "street") state.set("street", chosen.street.number);
  if (chosen?.kind === "place") state.set("place", chosen.places.join("."));
  const text = state.toString();
  return text && "#" + text;
};
