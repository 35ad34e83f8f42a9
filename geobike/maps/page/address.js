// The state of the page in its address: #metric=…&area=…&period=…, also of a file. What the address
// says is only ever looked up among what the page holds. Areas are named by their own code, photos by their
// file; streets and places by where they are, so that a link outlives the next run.
"use strict";

geobike.address = function (page) {
  const { data } = page;
  let known = location.hash; // as it was last read or written
  let isReading = false; // what is read step by step is written once: a reload in between finds all of it
  let photo = null; // the name of the one that was given
  let isWaiting = false; // for the names of the photos, to open it
  const write = () => {
    // A new address is there before its event: it is read first, not written over.
    if (isReading || location.hash !== known) return;
    try {
      history.replaceState(null, "", geobike.addressOf(page) || location.pathname + location.search);
    } catch {
      // inside a notebook's frame there is no address to write
    }
    known = location.hash;
  };
  const read = () => {
    known = location.hash;
    const given = new URLSearchParams(location.hash.slice(1));
    photo = given.get("photo");
    if (!["metric", "show", "list", "period", "area", "street", "place", "photo"].some((key) => given.has(key))) return;
    const choice = {};
    const metric = page.colours.find(({ name }) => name === given.get("metric"));
    const grouped = given.get("metric") === "groups" && page.groups(page.colours[0]).size > 0;
    if (metric || grouped) Object.assign(choice, { metric: metric || page.colours[0], byGroup: grouped });
    const surface = given.get("show");
    if (document.querySelector(`[name=gb-surface][value="${CSS.escape(surface || "")}"]:not(:disabled)`)) choice.surface = surface;
    if (given.get("list") === "racks" && data.racks) choice.view = "racks";
    const period = data.periods.indexOf(given.get("period"));
    if (period >= 0) choice.period = period;
    isReading = true;
    page.change(choice);
    const chosen = geobike.chosenFrom(page, given);
    if (chosen) page.choose(chosen, { zoom: true });
    else page.tell(geobike.missedBy(given, choice));
    if (photo === null) page.closePhoto();
    isWaiting = photo !== null && !!data.photos.packed;
    if (!isWaiting) finish();
  };
  const finish = () => {
    if (photo !== null) geobike.followPhoto(page, photo);
    isReading = isWaiting = false;
    write();
  };
  read();
  page.onChange((choice) => {
    if (!isWaiting) return write();
    if ("chosen" in choice) photo = null; // the reader went on
    if (photo === null || choice.details) finish();
  });
  page.onPhoto = write;
  addEventListener("hashchange", () => location.hash !== known && read());
};

geobike.chosenFrom = function ({ data }, given) {
  const area = data.areas.find(({ id }) => id === given.get("area"));
  if (area) return { kind: "area", area };
  const street = geobike.streetAt(data.streets, given.get("street") || "");
  if (street) return { kind: "street", street };
  const codes = (given.get("place") || "").split("*").slice(0, geobike.MOST_PLACES);
  const places = [...new Set(codes.map((code) => geobike.placeAt(data.places, code)))].filter((i) => i >= 0);
  return places.length ? { kind: "place", places } : null;
};

// Open the photo that an address names, among those of what is chosen where it is one of them.
geobike.followPhoto = function (page, name) {
  const { details } = page.data.photos;
  const i = details ? details.findIndex(({ id }) => id === name) : -1;
  if (i >= 0) return page.open(page.chosen && page.listed.includes(i) ? page.listed : [i], i);
  page.closePhoto();
  page.tell(details ? "lost_photo" : "too_many_photos");
};

// What an address names and the page does not hold, as the key of a text; empty where it holds all.
geobike.missedBy = function (given, choice) {
  const kind = ["area", "street", "place"].find((key) => given.has(key));
  if (kind) return "lost_" + kind;
  return given.has("period") && choice.period === undefined ? "lost_period" : "";
};

geobike.spot = (lon, lat) => `${lon.toFixed(5)}_${lat.toFixed(5)}`;

// A place by where it stands; of several on one spot, which look to different sides, also by its turn.
geobike.codeOfPlace = function ({ lon, lat }, i) {
  let turn = 1;
  for (let k = 0; k < i; k++) if (lon[k] === lon[i] && lat[k] === lat[i]) turn += 1;
  return geobike.spot(lon[i], lat[i]) + (turn > 1 ? `_${turn}` : "");
};

geobike.placeAt = function ({ lon, lat, n }, code) {
  const [x, y, turn = 1] = code.split("_").map(Number);
  const found = [];
  for (let k = 0; k < n; k++) if (Math.abs(lon[k] - x) < 4e-6 && Math.abs(lat[k] - y) < 4e-6) found.push(k);
  return found[turn - 1] ?? found[0] ?? -1;
};

geobike.codeOfStreet = function (street) {
  const { lat, lng } = geobike.middleOf(street);
  return geobike.spot(lng, lat);
};

geobike.SAME_STREET = 12; // metres: as far as the middle of a line may move when it is simplified otherwise

geobike.streetAt = function (streets, code) {
  const [x, y] = code.split("_").map(Number);
  if (!Number.isFinite(y)) return null;
  const wanted = L.latLng(y, x);
  const away = streets.map((street) => geobike.middleOf(street).distanceTo(wanted));
  const nearest = away.indexOf(Math.min(...away));
  return away[nearest] <= geobike.SAME_STREET ? streets[nearest] : null;
};

geobike.addressOf = function (page) {
  const { data, chosen } = page;
  const state = new URLSearchParams();
  if (page.byGroup) state.set("metric", "groups");
  else if (page.metric !== page.colours[0]) state.set("metric", page.metric.name);
  if (page.surface !== "areas") state.set("show", page.surface);
  if (page.view !== "areas") state.set("list", page.view);
  if (page.period >= 0) state.set("period", data.periods[page.period]);
  if (chosen?.kind === "area") state.set("area", chosen.area.id);
  if (chosen?.kind === "street") state.set("street", geobike.codeOfStreet(chosen.street));
  if (chosen?.kind === "place") state.set("place", chosen.places.map((i) => geobike.codeOfPlace(data.places, i)).join("*"));
  if (page.photo !== null) state.set("photo", data.photos.details[page.photo].id);
  const text = state.toString();
  return text && "#" + text;
};
