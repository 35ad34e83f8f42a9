// The map as a picture with its title and legend, to put into a report or a presentation.
"use strict";

geobike.picturePng = async function (page) {
  const scale = 2;
  const size = page.map.getSize();
  const differ = geobike.differing(page) || geobike.uncompared(page);
  const head = differ ? 98 : 78;
  const foot = 26;
  const side = 250;
  const canvas = geobike.el("canvas", { width: scale * (size.x + side), height: scale * (size.y + head + foot) });
  const pen = canvas.getContext("2d");
  pen.scale(scale, scale);
  pen.fillStyle = "#fff";
  pen.fillRect(0, 0, size.x + side, size.y + head + foot);
  geobike.pictureText(page, pen, size, head, side);
  pen.save();
  pen.beginPath();
  pen.rect(0, head, size.x, size.y);
  pen.clip();
  pen.translate(0, head);
  pen.fillStyle = page.data.basemap ? geobike.GROUND : "#e9edf1";
  pen.fillRect(0, 0, size.x, size.y);
  await geobike.pictureMap(page, pen);
  geobike.pictureScale(page, pen, size);
  pen.restore();
  const content = await new Promise((done) => canvas.toBlob(done, "image/png"));
  return { name: "map.png", type: "image/png", parts: [content] };
};

geobike.FONT = "system-ui, 'Segoe UI', Roboto, Helvetica, Arial, sans-serif";

geobike.pictureText = function (page, pen, size, head, side) {
  const write = (text, x, y, font, colour = "#17202a") => {
    pen.font = `${font} ${geobike.FONT}`;
    pen.fillStyle = colour;
    pen.fillText(text, x, y, size.x + side - x - 8);
  };
  write(page.data.title, 14, 28, "600 20px");
  write(geobike.finding(page), 14, 48, "14px");
  const differ = geobike.differing(page) || geobike.uncompared(page);
  if (differ) write(differ, 14, 68, "600 14px");
  write(geobike.seen(page), 14, head - 11, "12px", "#56616d");
  const source = page.data.source ? page.say("source", page.data) + " · " : "";
  write(`${source}geobike · ${page.say("by_model")}`, 14, size.y + head + 17, "11px", "#56616d");
  let y = head + 24;
  const left = size.x + 16;
  write(geobike.legendTitle(page), left, y, "600 13px");
  for (const item of [...geobike.legendClasses(page), ...geobike.placeKey(page), ...geobike.shownRackKey(page)]) {
    if (item.matches(".gb-bars-head, :has(button)")) continue; // the picture has no bars, and nothing to press
    y += 22;
    const swatch = item.querySelector(".gb-swatch, .gb-dot");
    if (swatch?.matches(".gb-dot")) geobike.pictureDot(page, pen, swatch, left + 11, y - 4);
    else if (swatch) geobike.pictureSwatch(page, pen, swatch, left, y);
    const [text] = [item.querySelector(":scope > span:not(.gb-count)")?.textContent ?? item.textContent];
    y = geobike.wrapped(pen, text, left + (swatch ? 32 : 0), y, side - (swatch ? 60 : 26));
  }
};

// Text in as many lines as it takes; returns where the last one is.
geobike.wrapped = function (pen, text, x, y, width) {
  pen.font = `12px ${geobike.FONT}`;
  pen.fillStyle = "#17202a";
  let line = "";
  for (const word of text.split(" ")) {
    if (line && pen.measureText(`${line} ${word}`).width > width) {
      pen.fillText(line, x, y);
      [line, y] = [word, y + 15];
    } else line = line ? `${line} ${word}` : word;
  }
  pen.fillText(line, x, y);
  return y;
};

geobike.pictureSwatch = function (page, pen, swatch, x, y) {
  const state = [...swatch.classList].find((name) => name.startsWith("gb-") && name !== "gb-swatch");
  const colours = swatch.style.background.match(/rgba?\([^)]*\)/g) || [];
  const fills = state ? [geobike.canvasPatterns()[state.slice(3)]] : [...new Set(colours)];
  fills.forEach((fill, k) => {
    pen.fillStyle = fill;
    pen.fillRect(x + (22 * k) / fills.length, y - 11, 22 / fills.length, 14);
  });
  pen.strokeStyle = "#5b6470";
  pen.lineWidth = 0.8;
  pen.strokeRect(x, y - 11, 22, 14);
};

// A circle of the legend; its style is known once it stands in the page.
geobike.pictureDot = function ({ map }, pen, dot, x, y) {
  const shown = dot.cloneNode();
  map.getContainer().append(shown);
  const style = getComputedStyle(shown);
  geobike.disc(pen, x, y, parseFloat(style.width) / 2, style);
  shown.remove();
};

geobike.disc = function (pen, x, y, radius, style) {
  pen.beginPath();
  pen.arc(x, y, Math.max(radius - 1, 2), 0, 7);
  pen.fillStyle = style.backgroundColor;
  pen.fill();
  const edge = parseFloat(style.borderTopWidth);
  if (!edge) return;
  pen.strokeStyle = style.borderTopColor;
  pen.lineWidth = edge;
  if (style.borderTopStyle === "dashed") pen.setLineDash([3, 3]); // as racks on the map
  pen.stroke();
  pen.setLineDash([]);
};

// What lies on the map, from the lowest to the uppermost. Tiles stay out: they would forbid to read the picture.
geobike.pictureMap = async function ({ map }, pen) {
  const height = (pane) => Number(getComputedStyle(pane).zIndex) || 0;
  const panes = [...map.getPane("mapPane").children].sort((a, b) => height(a) - height(b));
  for (const pane of panes) {
    for (const drawn of pane.querySelectorAll(":scope > svg, :scope > canvas")) await geobike.pictureDrawn(map, pen, drawn);
    for (const button of geobike.stacked(pane)) geobike.pictureCircle(map, pen, button);
    for (const name of pane.querySelectorAll(".gb-name, .gb-place-name")) geobike.pictureName(map, pen, name);
  }
};

// Shapes are elements or a canvas; elements become a picture first.
geobike.pictureDrawn = async function (map, pen, drawn) {
  const frame = map.getContainer().getBoundingClientRect();
  const box = drawn.getBoundingClientRect();
  if (!box.width || !box.height) return;
  const picture = drawn instanceof SVGElement ? await geobike.pictureOf(drawn) : drawn;
  pen.drawImage(picture, box.left - frame.left, box.top - frame.top, box.width, box.height);
};

geobike.pictureOf = async function (svg) {
  const copy = svg.cloneNode(true);
  copy.removeAttribute("style"); // where it stands in the page
  const text = new XMLSerializer().serializeToString(copy);
  const image = geobike.el("img", { src: `data:image/svg+xml,${encodeURIComponent(text)}` });
  await image.decode();
  return image;
};

// The bar of the scale as the map has it, and which way is north.
geobike.pictureScale = function ({ map, say }, pen, { x, y }) {
  const { offsetWidth: wide, textContent: text } = map.getContainer().querySelector(".leaflet-control-scale-line");
  pen.lineJoin = "miter";
  pen.beginPath();
  for (const [to, at] of [["moveTo", [12, y - 19]], ["lineTo", [12, y - 11]], ["lineTo", [12 + wide, y - 11]], ["lineTo", [12 + wide, y - 19]]]) pen[to](...at);
  const arrow = new Path2D(`M${x - 22} 12l8 22-8-5-8 5z`);
  for (const [colour, width] of [["#fffd", 5], ["#17202a", 1.6]]) {
    Object.assign(pen, { strokeStyle: colour, lineWidth: width });
    pen.stroke();
    pen.stroke(arrow);
  }
  pen.fillStyle = "#17202a";
  pen.fill(arrow);
  Object.assign(pen, { font: `600 12px ${geobike.FONT}`, strokeStyle: "#fffd", lineWidth: 3 });
  for (const draw of ["strokeText", "fillText"]) {
    pen[draw](text, 18, y - 16);
    pen[draw](say("north_letter"), x - 26, 48);
  }
};

// The circles from the lowest to the uppermost, as the page stacks them.
geobike.stacked = (pane) =>
  [...pane.children]
    .sort((a, b) => (a.style.zIndex || 0) - (b.style.zIndex || 0))
    .flatMap((spot) => [...spot.querySelectorAll(".gb-place, .gb-cell")]);

geobike.pictureCircle = function (map, pen, button) {
  const frame = map.getContainer().getBoundingClientRect();
  const box = button.getBoundingClientRect();
  const [x, y] = [box.left - frame.left + box.width / 2, box.top - frame.top + box.height / 2];
  const style = getComputedStyle(button);
  geobike.disc(pen, x, y, box.width / 2, style);
  pen.font = `700 ${style.fontSize} ${geobike.FONT}`;
  pen.fillStyle = style.color;
  pen.textAlign = "center";
  pen.fillText(button.textContent, x, y + 4);
  pen.textAlign = "left";
};

geobike.pictureName = function (map, pen, name) {
  const frame = map.getContainer().getBoundingClientRect();
  const light = name.classList.contains("gb-light-ink");
  pen.font = `600 12px ${geobike.FONT}`;
  pen.textAlign = "center";
  pen.lineWidth = 3;
  pen.lineJoin = "round"; // without it the edge of an M is a spike
  pen.strokeStyle = light ? "#000a" : "#fffc";
  pen.fillStyle = light ? "#fff" : "#17202a"; // the picture is light where the page is dark
  for (const part of name.children) {
    const box = part.getBoundingClientRect();
    const lines = part.textContent.split("\n");
    lines.forEach((line, k) => {
      const x = box.left - frame.left + box.width / 2;
      const y = box.top - frame.top + ((k + 0.5) * box.height) / lines.length + 4;
      pen.strokeText(line, x, y);
      pen.fillText(line, x, y);
    });
  }
  pen.textAlign = "left";
};
