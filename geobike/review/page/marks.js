// What is drawn on a photo: dots where a person saw a bicycle, boxes of the detector.
"use strict";

geobike.drawDot = function (stage, [x, y, ridden], number) {
  const { svg } = geobike;
  const size = 1 / stage.scale;
  const group = svg("g", { class: ridden ? "gb-dot-mark gb-ridden" : "gb-dot-mark", transform: `translate(${x} ${y}) scale(${size})` });
  const text = svg("text", { y: 4.5 });
  text.textContent = String(number);
  group.append(svg("circle", { r: 11 }), text);
  stage.marks.append(group);
};

geobike.drawBox = function (stage, [left, top, right, bottom], kind, label) {
  const { svg } = geobike;
  const shared = { x: left, y: top, width: Math.max(0, right - left), height: Math.max(0, bottom - top) };
  stage.marks.append(
    svg("rect", { ...shared, class: "gb-box-edge" }),
    svg("rect", { ...shared, class: `gb-box-mark gb-box-${kind}` }));
  if (kind === "struck") {
    const line = { x1: left, y1: bottom, x2: right, y2: top };
    stage.marks.append(svg("line", { ...line, class: "gb-box-mark gb-box-struck" }));
  }
  if (label) {
    const size = 1 / stage.scale;
    const text = svg("text", { class: "gb-box-name", transform: `translate(${left} ${top}) scale(${size})`, x: 2, y: -4 });
    text.textContent = label;
    stage.marks.append(text);
  }
};

// The dot within reach of the finger or the mouse, or -1.
geobike.dotAt = function (stage, dots, [x, y], event) {
  const reach = (event.pointerType === "touch" ? 20 : 12) / stage.scale;
  const apart = dots.map(([left, top]) => Math.hypot(left - x, top - y));
  const nearest = apart.indexOf(Math.min(...apart));
  return nearest >= 0 && apart[nearest] <= reach ? nearest : -1;
};
