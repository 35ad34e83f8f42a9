// What paper has and the screen has not: the legend beside the map in place of on it, where the map
// comes from (the day of printing, the program, the source), and after it what the reader has open.
"use strict";

geobike.onPaper = function (page) {
  const { data, legend, say } = page;
  const panel = document.getElementById("gb-panel");
  // On a screen north is always up; on paper one asks.
  const north = geobike.el("div", { className: "gb-north" }, "▲", geobike.el("b", {}, say("north_letter")));
  north.setAttribute("aria-hidden", "true");
  page.map.getContainer().append(north);
  const line = geobike.el("footer", { className: "gb-colophon", dir: "auto" });
  const sheet = geobike.el("section", { className: "gb-sheet" });
  panel.after(line, sheet);
  const notes = panel.querySelector(".gb-notes");
  let folded = false;
  let before = null;
  // Before a browser counts the sheets; when the medium changes it has done so.
  addEventListener("beforeprint", () => {
    const date = page.today();
    const parts = [say("printed", { date, version: data.version }), data.source && say("source", data)];
    line.textContent = parts.filter(Boolean).join(" ");
    before = [legend.parentNode, legend.nextSibling];
    panel.prepend(legend);
    sheet.replaceChildren(...geobike.opened(page, panel));
    folded = !notes.open;
    notes.open = true; // how the numbers came about belongs on paper
  });
  addEventListener("afterprint", () => {
    before[0].insertBefore(legend, before[1]); // where it was
    sheet.replaceChildren();
    if (folded) notes.open = false;
  });
};

// A copy of what is open in the panel, without its photos: paper has no pictures.
geobike.opened = function ({ chosen, view, say }, panel) {
  if (!chosen && view !== "racks") return [];
  const copy = panel.querySelector(chosen ? ".gb-detail" : ".gb-parking").cloneNode(true);
  copy.querySelectorAll(".gb-detail-bar, .gb-photos").forEach((part) => part.remove());
  if (!chosen) copy.prepend(geobike.el("h2", {}, say("view_racks")));
  return [copy];
};
