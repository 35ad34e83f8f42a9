// Which areas differ clearly from the average. `geobike/certainty.py` says it, for the report as well.
"use strict";

// 1: clearly more, -1: clearly fewer, 0: cannot be told; undefined where nothing is known. Of a
// period nothing is known.
geobike.groupOf = (page, area, metric = page.metric) => page.groups(metric).get(area);

geobike.certainty = function (page) {
  const found = new Map();
  page.groupsOfAll = function (metric) {
    if (!found.has(metric)) found.set(metric, geobike.grouped(page, metric));
    return found.get(metric);
  };
  page.groups = (metric) => (page.period >= 0 ? new Map() : page.groupsOfAll(metric));
};

geobike.grouped = function ({ data }, { name }) {
  const known = data.areas.filter(({ groups }) => groups[name] !== undefined);
  return new Map(known.map((area) => [area, area.groups[name]]));
};
