"""Two thousand photos, with a service of which every fifth answer is a fault."""

import random
import zlib
from collections import Counter, defaultdict
from pathlib import Path

import geobike
from geobike.detectors.hosted.detector import HostedDetector, RetryPolicy
from tests.support.hosted_runs import Size, size_of, stored, town
from tests.support.hosted_scenarios import HONEST, SCENARIOS, TOKEN, Reply
from tests.support.hosted_service import FakeService, Seen

PHOTOS = 2000
FAULTS = 0.2  # of the requests

PASSING = [
    "rate_429_plain", "rate_429_ratelimit_r_positive", "unknown_500", "overload_503", "html_502",
    "html_504", "timeout_408_then_ok", "empty_204", "html_200", "error_200", "cut_json_200",
    "reset", "cut_chunked_body", "cut_length_body",
]  # fmt: skip
FINAL = [
    "bad_image_400", "truncated_400", "error_as_list_400", "unknown_400", "nan_score",
    "box_far_away", "label_of_a_megabyte",
]  # fmt: skip


class Moody:
    """Draws a fault for one request in five, the same for the same photo and try."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.tries: Counter[Size] = Counter()
        self.drawn: dict[Size, list[str]] = defaultdict(list)

    def __call__(self, seen: Seen) -> Reply | None:
        size = size_of(seen)
        self.tries[size] += 1
        draw = random.Random(zlib.crc32(repr((self.seed, size, self.tries[size])).encode()))
        name = "honest"
        if draw.random() < FAULTS:
            name = draw.choice(PASSING if draw.random() < 0.8 else FINAL)
        self.drawn[size].append(name)
        return HONEST if name == "honest" else SCENARIOS[name][0]


def run(folder: Path, paths: dict[str, Path], service: FakeService) -> geobike.SurveyResult:
    detector = HostedDetector(
        token=TOKEN, endpoint=service.url(), policy=RetryPolicy(first_wait=0.002)
    )
    plan = geobike.Survey(**paths, detector=detector, workers=8, threshold=0.3)
    return geobike.run(plan, store=folder / "store.sqlite")


def test_each_of_2000_photos_is_counted_or_failed_and_none_is_sent_again_after_its_answer(
    tmp_path: Path,
) -> None:
    paths = town(tmp_path, PHOTOS)
    moody = Moody(seed=1)
    with FakeService() as service:
        service.play(moody)
        result = run(tmp_path, paths, service)

        # What the service last said decides, and after an answer it heard no more of that photo.
        expected = {size: names[-1] == "honest" for size, names in moody.drawn.items()}
        assert len(expected) == PHOTOS
        assert all("honest" not in names[:-1] for names in moody.drawn.values())
        faults = sum(name != "honest" for names in moody.drawn.values() for name in names)
        assert 0.15 < faults / len(service.requests) < 0.25

        photos = result.photos
        columns = zip(photos["width"], photos["height"], photos["status"], strict=True)
        status = {(width, height): status for width, height, status in columns}
        assert status == {size: "counted" if good else "failed" for size, good in expected.items()}
        failed = photos[photos["status"] == "failed"]
        assert 20 < len(failed) < 200
        assert failed["reason"].str.len().min() > 20
        assert failed["bicycle_count"].isna().all()
        ledger = result.ledger.photos
        assert (ledger["counted"], ledger["failed"]) == (PHOTOS - len(failed), len(failed))
        assert result.ledger.bicycles_in_areas == 2 * ledger["counted"]
        assert len(stored(tmp_path / "store.sqlite")) == ledger["counted"]

        # The next run asks for those that failed, and for no other.
        service.play("honest")
        sent = len(service.requests)
        again = run(tmp_path, paths, service)
        asked = {size_of(seen) for seen in service.requests[sent:]}
        assert asked == {size for size, good in expected.items() if not good}
        assert again.ledger.photos["counted"] == PHOTOS
