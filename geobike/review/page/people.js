// Two people who counted the same photos: where they differ, and whose count stands.
"use strict";

geobike.made.people = function (page) {
  const { el } = geobike;
  const { say } = page;
  const place = el("div", { className: "gb-pad" });
  const view = { el: el("div", { className: "gb-view gb-people" }, place), keys: {} };
  const number = ({ bicycles, bicycles_high, ridden, remark }) =>
    bicycles === "?" ? say("cannot_short", { why: remark })
      : geobike.typed({ bicycles, bicycles_high }) + (ridden ? ` ${say("ridden_short", { n: Number(ridden) })}` : "");

  view.enter = async () => {
    await page.save.idle();
    const told = await geobike.ask("differences", {});
    const pairs = told.agreements.map(({ names, photos, same, sums, mean_difference }) => el("p", { className: "gb-finding" },
      say("agreement", { one: names[0], other: names[1], n: photos, same, sum: sums[0], others: sums[1], mean: mean_difference })));
    const rows = told.photos.map(({ n, file, said, settled }) => {
      const take = (names, shown) => el("button", { type: "button", "aria-pressed": String(settled.counter === names.join(" & ")),
        onclick: async () => { await geobike.ask("settle", { n, names }); view.enter(); } }, shown);
      const names = said.map(({ counter }) => counter);
      return el("tr", {},
        el("th", { scope: "row" }, el("img", { src: `small/${n}`, loading: "lazy", alt: "" }), el("span", {}, file)),
        el("td", {}, ...said.map((one) => el("p", {}, el("b", {}, one.counter || say("paper")), ` ${number(one)}`))),
        el("td", {}, el("div", { className: "gb-takes" }, ...names.map((name) => take([name], name || say("paper"))),
          take(names.slice(0, 2), say("range")))));
    });
    place.replaceChildren(
      el("h2", {}, say("tab_people")),
      ...(pairs.length ? pairs : [el("p", {}, say("nobody_twice"))]),
      el("p", { className: "gb-soft" }, say("people_how")),
      ...(rows.length ? [el("table", { className: "gb-table" },
        el("thead", {}, el("tr", {}, ...["photo", "said", "stands"].map((key) => el("th", { scope: "col" }, say(key))))),
        el("tbody", {}, ...rows))] : []));
    page.tasks.differing = told.photos.length;
    page.titles();
  };
  return view;
};
