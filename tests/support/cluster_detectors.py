"""Detectors that are sent to workers, and what they write down of what befalls them there."""

import os
import signal
import time
from pathlib import Path
from typing import Any

from PIL import Image

from geobike.detectors.protocol import Box, Detection
from geobike.errors import CreditsExhausted, DetectionFailed
from geobike.reporting import report


class Counting:
    """Finds as many bicycles as the photo is wide in tens of pixels, and keeps a diary.

    The diary has a line for each time a worker makes its detector ("made PID"), and one for each
    photo that it is asked about ("asked PID WIDTH").
    """

    name = "counting"
    version = "1"

    def __init__(self, diary: Path, *, seconds: float = 0.0) -> None:
        self.diary, self.seconds = diary, seconds

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self.write("made")

    def write(self, *words: object) -> None:
        line = " ".join(map(str, (words[0], os.getpid(), *words[1:])))
        with self.diary.open("a") as file:  # one short line at once, so that none is torn
            file.write(f"{line}\n")

    def detect(self, image: Image.Image) -> list[Detection]:
        self.write("asked", image.width)
        time.sleep(self.seconds)
        return [
            Detection("bicycle", 0.9, Box(10 * i, 0, 10 * i + 9, image.height))
            for i in range(image.width // 10)
        ]


class Failing(Counting):
    """Gives no answer for the photo that is 50 pixels wide."""

    def detect(self, image: Image.Image) -> list[Detection]:
        if image.width == 50:
            raise DetectionFailed("it would not")
        return super().detect(image)


class Broken(Counting):
    """Answers with scores that are not numbers."""

    def detect(self, image: Image.Image) -> list[Detection]:
        super().detect(image)
        return [Detection("bicycle", float("nan"), Box(0, 0, 9, 9))]


class Grumbling(Counting):
    """Reports something about each photo, the same of all."""

    def detect(self, image: Image.Image) -> list[Detection]:
        report("the lens is dirty")
        return super().detect(image)


class Poor(Counting):
    """Has credit for as many answers as the diary has lines of."""

    credit = 4

    def detect(self, image: Image.Image) -> list[Detection]:
        if asked(self.diary) >= self.credit:
            raise CreditsExhausted("no credit left; buy some")
        return super().detect(image)


class Deadly(Counting):
    """Ends the process that looks at the photo that is 50 pixels wide, as lack of memory does."""

    def detect(self, image: Image.Image) -> list[Detection]:
        if image.width == 50:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().detect(image)


def lines(diary: Path, word: str) -> list[list[str]]:
    """Return the words behind `word` in the diary."""
    text = diary.read_text() if diary.exists() else ""
    return [line.split()[1:] for line in text.splitlines() if line.startswith(word)]


def asked(diary: Path) -> int:
    """Return how often a detector was asked about a photo."""
    return len(lines(diary, "asked"))
