"""Several photos in one run of a model, where several wait: what a GPU is fast at."""

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from geobike.detectors.onnx.runtime import Answers, Feeds
from geobike.errors import DetectionFailed, ModelUnavailable


@dataclass(slots=True, eq=False)
class _Photo:
    feeds: Feeds
    answers: Answers | None = None

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        return {name: given.shape for name, given in self.feeds.items()}


class Gathered:
    """A model that several threads ask for one photo each, and that runs once for several.

    While it runs, photos wait; the next run takes those of one shape along, `most` at most. Nobody
    waits for photos still to come. A batch that fails halves `most`, and its photos run again.
    """

    def __init__(self, run: Callable[[Feeds], Answers], most: int) -> None:
        self.most = most
        self._run = run
        self._waiting: deque[_Photo] = deque()
        self._turn = threading.Lock()

    def __call__(self, feeds: Feeds) -> Answers:
        """Return the answers for one photo. Raises what `run` raises for it alone."""
        mine = _Photo(feeds)
        self._waiting.append(mine)
        with self._turn:
            if mine.answers is None:  # nobody took it along
                self._answer(self._taken_along(mine))
            if mine.answers is None:
                mine.answers = self._run(feeds)
            return mine.answers

    def _taken_along(self, mine: _Photo) -> list[_Photo]:
        """Return the photos of the next run, no longer waiting."""
        others = [self._waiting.popleft() for _ in range(len(self._waiting))]
        if mine in others:  # not where its batch failed
            others.remove(mine)
        taken = [one for one in others if one.shapes == mine.shapes][: self.most - 1]
        self._waiting.extend(one for one in others if one not in taken)
        return [mine, *taken]

    def _answer(self, photos: list[_Photo]) -> None:
        """Give these photos their answers, or none of them, if the model fails on them together."""
        if len(photos) == 1:
            return
        names = photos[0].feeds
        try:
            answers = self._run(
                {n: np.concatenate([one.feeds[n] for one in photos]) for n in names}
            )
        except (DetectionFailed, ModelUnavailable):
            answers = []
        # Some models leave the number of photos open and answer for one all the same.
        if not answers or any(len(answer) != len(photos) for answer in answers):
            self.most = len(photos) // 2
            return
        for row, one in enumerate(photos):
            one.answers = [answer[row : row + 1] for answer in answers]
