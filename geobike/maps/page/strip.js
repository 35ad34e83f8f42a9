// The photos of what was chosen: small pictures with their count; each opens large.
"use strict";

geobike.FIRST_PHOTOS = 24;

// The shown photos that pass a test: the fullest first, then by time.
geobike.photosWhere = function (page, test) {
  const { photos } = page.data;
  const found = [];
  for (let i = 0; i < photos.lon.length; i++) if (page.isShown(i) && photos.count[i] >= 0 && test(i)) found.push(i);
  const time = (i) => photos.details?.[i].taken || "";
  return found.sort((a, b) => photos.count[b] - photos.count[a] || (time(a) < time(b) ? -1 : 1));
};

// An area has those from across its border apart, with the number that stand in it.
geobike.strip = function (page, { photos: own, border }) {
  const { el } = geobike;
  const { data, say } = page;
  const shown = border?.shown || new Map();
  const numbers = [...own, ...shown.keys()];
  page.listed = numbers;
  if (data.photos.packed) return ""; // they come in a moment
  if (!data.photos.details) return el("p", { className: "gb-why" }, say("too_many_photos"));
  if (!numbers.length) return "";
  const pictured = numbers.filter((i) => data.photos.details[i].image).length;
  const few = geobike.note(geobike.pictureNote(page, pictured), pictured < numbers.length);
  const parts = [el("h3", {}, say(border ? "photos_here" : "photos", { n: own.length })), few];
  if (border) parts.push(geobike.note(say("beyond_border", { n: border.beyond }), border.beyond > 0));
  parts.push(...geobike.stripOf(page, own, numbers));
  if (shown.size) {
    const title = say("photos_across", { n: shown.size, count: page.things(border.within) });
    parts.push(el("h3", {}, title), ...geobike.stripOf(page, [...shown.keys()], numbers, shown));
  }
  return el("section", { className: "gb-photos" }, ...parts);
};

// Some photos as tiles, the others when asked for; next to each other in `list` they open. `here` has
// what counts of a photo, where that is not all it shows.
geobike.stripOf = function (page, numbers, list, here) {
  const { el } = geobike;
  const strip = el("div", { className: "gb-strip" });
  const more = el("button", { type: "button", className: "gb-more" }, page.say("show_photos", { n: numbers.length }));
  const show = (some) => strip.append(...some.map((i) => geobike.tile(page, i, list, here?.get(i))));
  more.onclick = () => {
    show(numbers.slice(geobike.FIRST_PHOTOS));
    more.remove();
  };
  show(numbers.slice(0, geobike.FIRST_PHOTOS));
  return numbers.length > geobike.FIRST_PHOTOS ? [strip, more] : [strip];
};

geobike.pictureNote = ({ data, say }, pictured) =>
  data.hidden ? say("some_pictures", { n: pictured }) : say("no_pictures");

geobike.tile = function (page, i, numbers, here = page.data.photos.count[i]) {
  const { el } = geobike;
  const { photos } = page.data;
  const photo = photos.details[i];
  const inside = here === photos.count[i] ? "" : `, ${page.say("stand_here", { count: here })}`;
  const name = `${geobike.photoFinding(page, i)}${inside}, ${photo.id}`;
  const button = el("button", { type: "button", className: "gb-tile", "aria-label": name });
  if (photo.image) {
    const image = el("img", { src: photo.image, alt: "", loading: "lazy" });
    image.onerror = () => image.replaceWith(el("span", {}, page.say("picture_lost")));
    button.append(image);
  } else button.dataset.when = photo.taken ? page.date(photo.taken) : "";
  button.dataset.count = here; // drawn by the style sheet: the name says it already
  button.onclick = () => page.open(numbers, i);
  button.onmouseenter = button.onfocus = () => page.point(i);
  return button;
};

geobike.photoFinding = function (page, i) {
  const { photos } = page.data;
  const count = photos.count[i];
  return count < 0 ? page.say("status_" + photos.details[i].status) : page.say("detected", { count });
};
