"""Poses as a device records them: the true ones with errors that hang together along the way."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from data.town.drive.frames import Frame

SEED = 20260519
ALONG = 80.0  # metres over which errors of the position fade into others
SHARED = 0.9  # share of their variance that does so; the rest is of each stop alone
BIASED = 0.5  # share of the compass's variance that a camera keeps through a pass


@dataclass(frozen=True)
class Noise:
    """How far a recorded pose is off."""

    name: str  # what the columns end in
    position: float  # metres, standard deviation each way
    compass: float  # degrees, standard deviation


NOISES = (Noise("1m", 1.0, 2.0), Noise("4m", 4.0, 8.0))


def poses(frames: Sequence[Frame], noise: Noise, *, draw: int = 0) -> NDArray[np.float64]:
    """Return metres east and north, and degrees clockwise from north, a row a frame.

    The tables have draw 0; others say how much of a result is chance.
    """
    chance = np.random.default_rng([SEED, NOISES.index(noise), *([draw] if draw else [])])
    out = np.empty((len(frames), 3))
    start = 0
    for _, group in groupby(frames, key=lambda frame: frame.drive):
        drive = list(group)
        out[start : start + len(drive)] = _of_a_pass(drive, noise, chance)
        start += len(drive)
    return out


def _of_a_pass(
    frames: Sequence[Frame], noise: Noise, chance: np.random.Generator
) -> NDArray[np.float64]:
    """Cameras of one car share its position; each has a compass error of its own."""
    stops, stop = np.unique([frame.number for frame in frames], return_inverse=True)
    at = np.array([next(f.at for f in frames if f.number == number) for number in stops])
    way = np.append(0, np.hypot(*np.diff(at, axis=0).T)).cumsum()
    hanging = np.exp(-np.abs(way[:, None] - way) / ALONG) + 1e-9 * np.eye(len(way))
    drift = np.linalg.cholesky(hanging) @ chance.normal(size=(len(way), 2))
    off = math.sqrt(SHARED) * drift + math.sqrt(1 - SHARED) * chance.normal(size=drift.shape)
    _, camera = np.unique([frame.camera for frame in frames], return_inverse=True)
    bias = chance.normal(size=camera.max() + 1)[camera] * math.sqrt(BIASED)
    turn = bias + math.sqrt(1 - BIASED) * chance.normal(size=len(frames))
    heading = np.array([frame.heading for frame in frames]) + noise.compass * turn
    return np.column_stack([at[stop] + noise.position * off[stop], heading % 360])
