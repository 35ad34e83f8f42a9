"""The pictures that people count on: what is hidden on them."""

from io import BytesIO

import numpy as np
from PIL import Image

from geobike.photos.decoding import MAX_PIXELS
from geobike.review.pictures import jpeg


def test_who_stands_over_the_seam_of_a_panorama_is_hidden_on_both_sides() -> None:
    noise = np.random.default_rng(1).integers(0, 256, (200, 400, 3), dtype=np.uint8)
    out = BytesIO()
    Image.fromarray(noise).save(out, "PNG")
    made = jpeg(out.getvalue(), [(360.0, 50.0, 440.0, 150.0)], max_pixels=MAX_PIXELS)
    shown = np.asarray(Image.open(BytesIO(made)).convert("L"), dtype=float)
    right, left, middle = (shown[60:140, place] for place in (slice(370, 400), slice(0, 30), 200))
    assert max(right.std(), left.std()) < 20 < middle.std()
