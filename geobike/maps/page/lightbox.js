// One photo, large: its boxes, when and where it was taken, and the photos before and after.
"use strict";

geobike.lightbox = function (page) {
  const { el } = geobike;
  const { say } = page;
  const dialog = el("dialog", { className: "gb-light", "aria-label": say("photo_large") });
  let list = [];
  let at = 0;
  page.boxes = true;
  let twice = false; // the picture is shown at twice its size, to count where many stand
  page.photo = null; // the one that is open
  const show = () => {
    const i = list[at];
    dialog.replaceChildren(geobike.lightBar(page, { list, at, step, toggle, enlarge, close }), geobike.large(page, i, enlarge), geobike.facts(page, i));
    twice = false;
    mark();
    dialog.classList.toggle("gb-bare", !page.data.photos.details[i].image);
    page.point(i);
    page.photo = i;
    page.onPhoto?.();
  };
  const mark = () => {
    dialog.classList.toggle("gb-no-boxes", !page.boxes);
    dialog.classList.toggle("gb-twice", twice);
    const pressed = { boxes: page.boxes, twice };
    for (const button of dialog.querySelectorAll("[data-shows]")) button.ariaPressed = String(pressed[button.dataset.shows]);
  };
  const step = (by) => {
    if (!(list[at + by] >= 0)) return;
    at += by;
    show();
    dialog.focus();
  };
  const toggle = () => {
    page.boxes = !page.boxes;
    mark(); // a picture that was moved stays where it is
  };
  // Around a point of the picture, in shares of its width and height; once more, and it is as it was.
  const enlarge = (x = 0.5, y = 0.5) => {
    const view = dialog.querySelector(".gb-view");
    if (!view) return;
    twice = !twice;
    mark();
    view.tabIndex = twice ? 0 : -1; // the arrows move it
    (twice ? view : dialog).focus({ preventScroll: true });
    view.scrollTo(x * view.scrollWidth - view.clientWidth / 2, y * view.scrollHeight - view.clientHeight / 2);
  };
  const close = () => {
    page.photo = null; // the event comes late
    dialog.close();
  };
  let before = null;
  page.open = function (numbers, i) {
    if (!dialog.open) before = document.activeElement;
    page.shownPhotos = list = numbers;
    at = numbers.indexOf(i);
    show();
    if (!dialog.open) dialog.showModal();
    dialog.focus();
  };
  page.closePhoto = close;
  dialog.tabIndex = -1;
  dialog.onkeydown = (event) => {
    const larger = () => enlarge();
    const keys = { b: toggle, B: toggle, "+": larger };
    const moves = event.target.matches(".gb-view");
    if (!moves) Object.assign(keys, { ArrowRight: () => step(1), ArrowLeft: () => step(-1) });
    if (moves || event.target === dialog) keys.Enter = larger; // on a button it presses that
    const done = keys[event.key];
    if (!done || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    done();
  };
  dialog.onclose = () => {
    if (dialog.open) return; // by now another photo is
    dialog.replaceChildren();
    page.photo = null;
    page.onPhoto?.();
    if (before?.isConnected) before.focus({ preventScroll: true });
    if (!page.chosen) page.point(null);
  };
  dialog.onclick = (event) => (event.target === dialog || (!twice && event.target.matches(".gb-view"))) && dialog.close(); // beside the photo
  document.body.append(dialog);
};

geobike.lightBar = function (page, { list, at, step, toggle, enlarge, close }) {
  const { el } = geobike;
  const { say } = page;
  const button = (key, text, onclick, disabled = false) =>
    el("button", { type: "button", title: say(key), "aria-label": say(key), onclick, disabled }, text);
  const shows = (key, onclick) => el("button", { type: "button", "data-shows": key, onclick }, say(key));
  return el(
    "div",
    { className: "gb-light-bar" },
    button("previous", "‹", () => step(-1), at === 0),
    el("span", {}, say("of", { at: at + 1, all: list.length })),
    button("next", "›", () => step(1), at === list.length - 1),
    shows("boxes", toggle),
    shows("twice", () => enlarge()),
    button("close", "✕", close),
  );
};

geobike.large = function (page, i, enlarge) {
  const { el } = geobike;
  const photo = page.data.photos.details[i];
  if (!photo.image) return el("p", { className: "gb-nothing" }, geobike.whyBare(page, photo));
  const image = el("img", { src: photo.image, alt: page.say("picture", { id: photo.id }) });
  const frame = el("div", { className: "gb-picture" }, image);
  image.onload = () => frame.style.setProperty("--gb-most", `${2 * image.naturalWidth}px`); // larger, it is only coarser
  image.onerror = () => frame.replaceWith(el("p", { className: "gb-nothing" }, page.say("picture_lost")));
  if (photo.width && photo.height) {
    frame.style.aspectRatio = `${photo.width} / ${photo.height}`;
    frame.style.setProperty("--gb-ratio", photo.width / photo.height);
  }
  for (const box of photo.boxes) frame.append(geobike.boxed(page, box));
  frame.onclick = ({ clientX, clientY }) => {
    const { left, top, width, height } = frame.getBoundingClientRect();
    enlarge((clientX - left) / width, (clientY - top) / height);
  };
  return el("div", { className: "gb-view", role: "group", "aria-label": page.say("photo_large") }, frame);
};

// Why a photo has no picture, and how to get one.
geobike.whyBare = function ({ data, say }, { status }) {
  if (status !== "counted") return say("no_picture_uncounted");
  return say(data.hidden?.large ? "no_picture_made" : "no_picture");
};

geobike.boxed = function (page, { label, score, dropped, ...place }) {
  const why = dropped ? `, ${page.say("dropped_" + dropped)}` : "";
  const title = `${label} ${Math.round(score * 100)} %${why}`;
  const drawn = geobike.el("div", { className: `gb-box ${dropped ? "gb-dropped " : ""}gb-is-${dropped || "counted"}`, title });
  for (const side of ["left", "top", "width", "height"]) drawn.style[side] = place[side] + "%";
  return drawn;
};

geobike.facts = function (page, i) {
  const { el } = geobike;
  const { data, say } = page;
  const { photos, places } = data;
  const photo = photos.details[i];
  const lines = [];
  if (photo.taken) lines.push(["taken", say("taken"), page.date(photo.taken)]);
  if (photo.heading !== undefined) lines.push(["heading", say("heading"), geobike.compass(page, photo.heading)]);
  const area = data.areas[photos.area[i]];
  const place = photos.place[i];
  const street = place >= 0 ? data.streets[places.street[place]] : null;
  if (area) lines.push(["area", say("taken_in"), area.name]);
  if (street) lines.push(["street", say("street"), geobike.streetName(page, street)]);
  if (place >= 0) lines.push(["stop", say("place"), geobike.placeText(page, { numbers: [place], things: places.things[place], photos: places.photos[place] })]);
  const ridden = photos.ridden?.[i];
  const { faint } = photo; // all of them: only the best are drawn
  if (ridden) lines.push(["ridden", say("ridden_name"), say("ridden", { n: ridden })]);
  if (faint) lines.push(["nearly", say("rejected_name"), page.whole(faint)]);
  return el(
    "div",
    { className: "gb-facts" },
    el("p", {}, el("strong", {}, geobike.photoFinding(page, i))),
    photo.obscured ? el("p", { className: "gb-obscured" }, say("obscured", { n: photo.obscured })) : "",
    geobike.figures(lines),
    geobike.countsForPlace(page, i),
    geobike.note(say("place_area"), place >= 0 && places.area[place] !== photos.area[i]),
    el("p", { className: "gb-file", dir: "auto" }, photo.id),
    geobike.boxKey(page, photo),
  );
};

// Whether a photo is the one that counts for its place; else that one, to open.
geobike.countsForPlace = function (page, i) {
  const { el } = geobike;
  const { data, say } = page;
  const { photos, places } = data;
  const place = photos.place[i];
  if (place < 0) return "";
  const visits = places.visits[place];
  if (photos.first[i]) return el("p", { className: "gb-counts" }, say(visits > 1 ? "counts_by_mean" : "counts_by_this", { n: visits }));
  const first = geobike.firstOfVisit(page, i);
  if (first < 0) return "";
  const { taken, id } = photos.details[first];
  const onclick = () => {
    const there = geobike.photosWhere(page, (k) => photos.place[k] === place);
    page.open([page.shownPhotos, there].find((list) => list.includes(first)) || [first], first);
  };
  const text = `${taken ? page.date(taken) : id}: ${say("detected", { count: photos.count[first] })}`;
  return el("p", { className: "gb-counts" }, say("counts_by_other"), " ", el("button", { type: "button", onclick }, text));
};

// The photo on which the visit of another is counted: the last of its place that opens a visit before it.
// Those without a time belong to the first visit.
geobike.firstOfVisit = function ({ data }, i) {
  const { place, first, details, n } = data.photos;
  const time = (k) => details[k].taken || "";
  const opening = [];
  for (let k = 0; k < n; k++) if (first[k] && place[k] === place[i]) opening.push(k);
  opening.sort((a, b) => (time(a) < time(b) ? -1 : 1));
  const before = opening.filter((k) => time(k) <= time(i));
  return before.pop() ?? opening[0] ?? -1;
};

// What the frames on the picture mean: those that were counted, and for each reason those that were not.
geobike.boxKey = function ({ say }, { image, boxes }) {
  const { el } = geobike;
  if (!image || !boxes.length) return "";
  const found = new Set(boxes.map(({ dropped = "counted" }) => dropped));
  const reasons = ["counted", "ridden", "threshold", "duplicate"].filter((reason) => found.has(reason));
  const text = (reason) => (reason === "counted" ? say("box_counted") : say("box_dropped", { why: say("dropped_" + reason) }));
  const item = (reason) => el("li", {}, el("i", { className: `gb-is-${reason}` }), text(reason));
  return el("div", { className: "gb-box-key" }, el("ul", {}, ...reasons.map(item)), geobike.note(say(geobike.hasKeys() ? "count_yourself" : "count_yourself_touch"), true));
};

geobike.hasKeys = () => !matchMedia("(hover: none)").matches; // a telephone has none

// "45° (north-east)".
geobike.compass = function ({ data }, heading) {
  const names = data.words.compass.split(" ");
  return `${heading}° ${names[Math.round(heading / 45) % 8]}`;
};
