"""Parts: which share of a look's bicycles each area gets.

What a person counts on a photo is one number, so it is shared out: as the detector's bicycles on
this photo stand, and where it found none, as the ground in view lies. Looks are shared out by their
ground, as in counting, so that numerators and denominators follow one rule.
"""

import pandas as pd

from geobike import schema


def share_out(looks: pd.DataFrame, exposure: pd.DataFrame) -> pd.DataFrame:
    """Return the parts of the looks: a row for each row of the exposure frame, on its index.

    Columns: `look`, the row number in the looks frame; `stop_id`; `area_id`, NA outside; `stops`,
    what the area gets of the stop; `part`, what it gets of the bicycles on the look, weighted so
    that the visits of a stop weigh 1 together; `detected`, its share of the bicycles found.
    """
    schema.check(looks, schema.LOOKS)
    schema.check(exposure, schema.EXPOSURE)
    look = schema.rows_of(exposure["photo_id"], looks["photo_id"])
    found = looks["bicycle_count"].to_numpy(dtype=float)[look]
    here = exposure["bicycle_count"].to_numpy(dtype=float)
    weight = exposure["weight"].to_numpy()
    share = exposure["share"].to_numpy()
    part = share.copy()
    part[found > 0] = here[found > 0] / found[found > 0]
    return pd.DataFrame(
        {
            "look": look,
            "stop_id": schema.text(exposure["stop_id"]),
            "area_id": schema.text(exposure["area_id"]),
            "stops": weight * share,
            "part": weight * part,
            "detected": weight * here,
        },
        index=exposure.index,
    )
