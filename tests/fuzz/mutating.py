"""Ways to spoil a file: bytes of any file, numbers and words of a text, values of a JSON."""

import json
import re
from collections.abc import Callable, Sequence
from copy import deepcopy
from random import Random
from typing import Any, Final

Mutator = Callable[[Random, bytes], bytes]

_NUMBER: Final = re.compile(rb"-?\d+(?:\.\d+)?")
_NUMBERS: Final = (
    *(
        b"0",
        b"-1",
        b"1e308",
        b"-1e999",
        b"NaN",
        b"Infinity",
        b"0.1",
        b"360",
        b"95.2",
        b"2147483648",
    ),
    *(b"18446744073709551616", b"1" + b"0" * 400, b"1e-320", b"-0", b"", b"0x10", b"52.009.094"),
)
_WORDS: Final = (
    *(b"", b"\x00", b"\xff\xfe", b"\xef\xbb\xbf", b"\r", b"\n\n", b'"', b"'", b"\xc2\xa0", b"null"),
    *(
        b"=1+1",
        b"\xed\xa0\x80",
        b"\\ud800",
        b"../../etc/passwd",
        b"http://127.0.0.1:9/x",
        b"[" * 5000,
    ),
    *(
        b"{" * 3000,
        b"a" * 70_000,
        b",",
        b";",
        b"\t",
        b"<!--",
        b"&x;",
        b"%s%n",
        b"\x1b[31m",
        b"\xe2\x80\xae",
    ),
)
_VALUES: Final[tuple[Any, ...]] = (
    *(None, True, 0, -1, 1e308, float("nan"), float("inf"), 10**400, 2**63, "", "a", " ", "\ud800"),
    *([], {}, [[]], {"a": None}, [None], "x" * 70_000, [0, 0], [[0, 0], [1, 1]], "101.0", "\x00"),
)


def bytes_of(random: Random, data: bytes) -> bytes:
    """Change, remove, repeat or insert bytes, or cut the file off."""
    out = bytearray(data)
    for _ in range(random.choice((1, 1, 1, 2, 4, 32))):
        at = random.randrange(len(out) + 1)
        length = random.choice((1, 1, 2, 4, 8, 64, 1000))
        match random.randrange(7):
            case 0 | 1:
                out[at : at + 1] = bytes([random.randrange(256)])
            case 2:
                out[at : at + length] = random.choice((b"\x00", b"\xff")) * length
            case 3:
                del out[at : at + length]
            case 4:
                out[at:at] = out[at : at + length] * random.choice((1, 2, 50))
            case 5:
                out[at : at + 4] = random.getrandbits(32).to_bytes(4, "big")
            case 6:
                if random.random() < 0.2:
                    del out[at:]
    return bytes(out)


def text_of(random: Random, data: bytes) -> bytes:
    """Change numbers and words, and remove, repeat or join lines."""
    out = data
    for _ in range(random.choice((1, 1, 1, 3))):
        match random.randrange(4):
            case 0 | 1:
                out = _with_another_number(random, out)
            case 2:
                at = random.randrange(len(out) + 1)
                out = out[:at] + random.choice(_WORDS) + out[at + random.choice((0, 0, 1, 10)) :]
            case 3:
                out = _with_other_lines(random, out)
    return out


def _with_another_number(random: Random, data: bytes) -> bytes:
    places = [match.span() for match in _NUMBER.finditer(data, 0, 200_000)]
    if not places:
        return data
    start, end = random.choice(places)
    return data[:start] + random.choice(_NUMBERS) + data[end:]


def _with_other_lines(random: Random, data: bytes) -> bytes:
    lines = data.splitlines(keepends=True)
    if not lines:
        return data
    at = random.randrange(len(lines))
    lines[at : at + 1] = random.choice(
        ([], [lines[at]] * 3, [lines[at].rstrip()], [b"\n", lines[at]])
    )
    return b"".join(lines)


def json_of(random: Random, data: bytes) -> bytes:
    """Put other values into a JSON, or remove keys, repeat items and change names."""
    try:
        tree = json.loads(data)
    except ValueError:
        return text_of(random, data)
    for _ in range(random.choice((1, 1, 1, 3))):
        tree = _changed(random, tree)
    return json.dumps(tree).encode()


def _changed(random: Random, tree: Any) -> Any:
    """Return a tree with one branch replaced, anywhere in it."""
    if not isinstance(tree, dict | list) or not tree or random.random() < 0.08:
        return deepcopy(random.choice(_VALUES))
    key: Any = random.choice(list(tree)) if isinstance(tree, dict) else random.randrange(len(tree))
    match random.randrange(12):
        case 0:
            del tree[key]
        case 1:
            if isinstance(tree, list):
                tree.extend(deepcopy(tree[key]) for _ in range(random.choice((1, 3, 100))))
            else:
                tree[random.choice(("", "name", "type", "\ud800", "x" * 300, key.upper()))] = (
                    tree.pop(key)
                )
        case _:
            tree[key] = _changed(random, tree[key])
    return tree


def any_of(*ways: Mutator) -> Mutator:
    def mutate(random: Random, data: bytes) -> bytes:
        return random.choice(ways)(random, data)

    return mutate


def spliced(random: Random, seeds: Sequence[bytes]) -> bytes:
    """Return the beginning of one file with the end of another."""
    first, second = random.choice(seeds), random.choice(seeds)
    return first[: random.randrange(len(first) + 1)] + second[random.randrange(len(second) + 1) :]
