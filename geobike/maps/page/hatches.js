// The patterns of areas without a colour, on elements and on a canvas.
"use strict";

// Patterns for areas without a value; grey, because they are not part of the scale.
geobike.hatches = function (svg) {
  const namespace = "http://www.w3.org/2000/svg";
  const make = (tag, attributes, ...children) => {
    const made = document.createElementNS(namespace, tag);
    Object.entries(attributes).forEach(([name, value]) => made.setAttribute(name, value));
    made.append(...children);
    return made;
  };
  const pattern = (name, angle, ...marks) =>
    make(
      "pattern",
      {
        id: `gb-${name}`,
        width: 7,
        height: 7,
        patternUnits: "userSpaceOnUse",
        patternTransform: `rotate(${angle})`,
      },
      make("rect", { class: "gb-ground", width: 7, height: 7, fill: "#eceef0" }),
      ...marks,
    );
  const line = () => make("line", { class: "gb-hatch", y2: 7, stroke: "#b3b9c0", "stroke-width": 2.4 });
  const thread = (end) => make("line", { class: "gb-hatch", ...end, stroke: "#9aa2ab", "stroke-width": 1.6 });
  const dot = () => make("circle", { class: "gb-spot-mark", cx: 3.5, cy: 3.5, r: 1.7, fill: "#7c8794" });
  svg.prepend(
    make(
      "defs",
      {},
      pattern("none", 45, line()),
      pattern("few", 0, dot()),
      pattern("too_thin", 0, dot()),
      pattern("thin", 45, thread({ y2: 7 }), thread({ x2: 7 })),
      pattern("missing", 90, line()),
    ),
  );
};

// The same patterns for a canvas.
geobike.canvasPatterns = function () {
  const made = (draw) => {
    const tile = geobike.el("canvas", { width: 8, height: 8 });
    const pen = tile.getContext("2d");
    pen.fillStyle = "#eceef0";
    pen.fillRect(0, 0, 8, 8);
    pen.strokeStyle = "#b3b9c0";
    pen.fillStyle = "#7c8794";
    pen.lineWidth = 1.6;
    pen.beginPath();
    draw(pen);
    return pen.createPattern(tile, "repeat");
  };
  const line = (pen, ...ends) => (pen.moveTo(ends[0], ends[1]), pen.lineTo(ends[2], ends[3]));
  return {
    none: made((pen) => {
      for (const x of [-8, 0, 8]) line(pen, x - 1, 9, x + 9, -1);
      pen.stroke();
    }),
    few: made((pen) => (pen.arc(4, 4, 1.7, 0, 7), pen.fill())),
    too_thin: made((pen) => (pen.arc(4, 4, 1.7, 0, 7), pen.fill())),
    thin: made((pen) => (line(pen, 0, 0, 8, 8), line(pen, 8, 0, 0, 8), pen.stroke())),
    missing: made((pen) => (line(pen, 0, 4, 8, 4), pen.stroke())),
  };
};
