"""Several photos in one run of a model, where several wait: what a GPU is fast at."""

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from geobike.detectors.onnx.runtime import Inputs, Outputs
from geobike.errors import DetectionFailed, ModelUnavailable


@dataclass(slots=True, eq=False)
class _Photo:
    inputs: Inputs
    answers: Outputs | None = None

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        return {name: given.shape for name, given in self.inputs.items()}


class Batcher:
    """Dynamic batching: threads call it with one photo each, and the model runs once for several.

    While it runs, photos wait; the next run batches those of one shape, `max_batch_size` at most.
    Nobody waits for photos still to come. A batch that fails halves `max_batch_size`, and its
    photos run again.
    """

    def __init__(self, run: Callable[[Inputs], Outputs], max_batch_size: int) -> None:
        self.max_batch_size = max_batch_size
        self._run = run
        self._waiting: deque[_Photo] = deque()
        self._turn = threading.Lock()

    def __call__(self, inputs: Inputs) -> Outputs:
        """Return the answers for one photo. Raises what `run` raises for it alone."""
        mine = _Photo(inputs)
        self._waiting.append(mine)
        with self._turn:
            if mine.answers is None:  # no other thread added it to a batch
                self._answer(self._taken_along(mine))
            if mine.answers is None:
                mine.answers = self._run(inputs)
            return mine.answers

    def _taken_along(self, mine: _Photo) -> list[_Photo]:
        """Return the photos of the next run, no longer waiting."""
        others = [self._waiting.popleft() for _ in range(len(self._waiting))]
        if mine in others:  # not where its batch failed
            others.remove(mine)
        taken = [one for one in others if one.shapes == mine.shapes][: self.max_batch_size - 1]
        self._waiting.extend(one for one in others if one not in taken)
        return [mine, *taken]

    def _answer(self, photos: list[_Photo]) -> None:
        """Give these photos their answers, or none of them if the model fails on the batch."""
        if len(photos) == 1:
            return
        names = photos[0].inputs
        try:
            answers = self._run(
                {n: np.concatenate([one.inputs[n] for one in photos]) for n in names}
            )
        except (DetectionFailed, ModelUnavailable):
            answers = []
        # Some models leave the number of photos open and answer for one all the same.
        if not answers or any(one.shape[:1] != (len(photos),) for one in answers):
            self.max_batch_size = len(photos) // 2
            return
        for row, one in enumerate(photos):
            one.answers = [answer[row : row + 1] for answer in answers]
