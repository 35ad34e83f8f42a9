"""Cases by number: the same number of the same seed is the same file, on any machine."""

from pathlib import Path
from random import Random
from typing import Final, NamedTuple

from tests.fuzz import mutating, targets
from tests.fuzz.seeds import Seeds, framed

_TEXTS: Final = (".csv", ".gpx", ".kml", ".gml", ".toml", ".xml")
_JSONS: Final = (".json", ".geojson")
_UNCHANGED_ENDINGS: Final = 0.97


class Case(NamedTuple):
    kind: str
    name: str
    content: bytes
    target: targets.Target


def case(seeds: Seeds, number: int, seed: int) -> Case:
    """Return the case of a number."""
    random = Random(f"{seed}:{number}")
    kind = random.choice(list(seeds))
    name, content = random.choice(seeds[kind])
    if random.random() < 0.04:
        content = mutating.spliced(random, [one for _, one in seeds[kind]])
    content = _mutator(name)(random, content)
    if kind == "exif":
        name, content = framed(random.random() < 0.7, content)
    if random.random() > _UNCHANGED_ENDINGS:
        name = random.choice(seeds[kind])[0]  # another's
    survey = targets.SURVEYS.get(kind)
    target = survey if survey and random.random() < 0.1 else targets.TARGETS[kind]
    return Case(kind, name, content, target)


def _mutator(name: str) -> mutating.Mutator:
    ending = Path(name).suffix.lower()
    if ending in _JSONS:
        return mutating.any_of(
            mutating.json_of, mutating.json_of, mutating.text_of, mutating.bytes_of
        )
    if ending in _TEXTS:
        return mutating.any_of(mutating.text_of, mutating.text_of, mutating.bytes_of)
    return mutating.bytes_of
