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

geobike.strip = function (page, numbers) {
  const { el } = geobike;
  const { data, say } = page;
  page.listed = numbers;
  if (data.photos.packed) return ""; // they come in a moment
  if (!data.photos.details) return el("p", { className: "gb-why" }, say("too_many_photos"));
  if (!numbers.length) return "";
  const pictured = numbers.filter((i) => data.photos.details[i].image).length;
  const title = el("h3", {}, say("photos", { n: numbers.length }));
  const note = pictured < numbers.length ? el("p", { className: "gb-why" }, geobike.pictureNote(page, pictured)) : "";
  const list = el("div", { className: "gb-strip" });
  const more = el("button", { type: "button", className: "gb-more" }, say("show_photos", { n: numbers.length }));
  const show = (count) => {
    list.replaceChildren(...numbers.slice(0, count).map((i) => geobike.tile(page, i, numbers)));
    more.hidden = numbers.length <= count;
  };
  more.onclick = () => show(Infinity);
  show(geobike.FIRST_PHOTOS);
  return el("section", { className: "gb-photos" }, title, note, list, more);
};

geobike.pictureNote = ({ data, say }, pictured) =>
  data.hidden ? say("some_pictures", { n: pictured }) : say("no_pictures");

geobike.tile = function (page, i, numbers) {
  const { el } = geobike;
  const { photos } = page.data;
  const photo = photos.details[i];
  const name = `${geobike.photoFinding(page, i)}, ${photo.id}`;
  const button = el("button", { type: "button", className: "gb-tile", "aria-label": name });
  if (photo.image) {
    const image = el("img", { src: photo.image, alt: "", loading: "lazy" });
    image.onerror = () => image.replaceWith(el("span", {}, page.say("picture_lost")));
    button.append(image);
  } else button.dataset.when = photo.taken ? page.date(photo.taken) : "";
  button.dataset.count = photos.count[i]; // drawn by the style sheet: the name says it already
  button.onclick = () => page.open(numbers, i);
  button.onmouseenter = button.onfocus = () => page.point(i);
  return button;
};

geobike.photoFinding = function (page, i) {
  const { photos } = page.data;
  const count = photos.count[i];
  return count < 0 ? page.say("status_" + photos.details[i].status) : page.say("detected", { count });
};
