"""A detector that runs another on the halves of a photo."""

from PIL import Image

from geobike.detectors.protocol import Box, Detection, Detector, Wrapper


class Halves(Wrapper):
    def __init__(self, inner: Detector, *, overlap: int) -> None:
        super().__init__(inner, parameters=f"halves, overlap {overlap}")
        self.overlap = overlap

    def detect(self, image: Image.Image) -> list[Detection]:
        middle = image.width // 2
        spans = [(0, middle + self.overlap), (middle - self.overlap, image.width)]
        return [
            Detection(one.label, one.score, _moved(one.box, left))
            for left, right in spans
            for one in self.inner.detect(image.crop((left, 0, right, image.height)))
        ]


def _moved(box: Box, across: int) -> Box:
    return box._replace(xmin=box.xmin + across, xmax=box.xmax + across)
