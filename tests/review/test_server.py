"""What the server gives to whom: everything to the page, nothing to anybody else."""

import http.client
import json
import shutil
import signal
import socket
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.support import reviewed
from tests.support.program import geobike
from tests.support.reviewed import BICYCLES, NAMES, OTHER, PERSON, Served

pytest.importorskip("uvicorn", reason="needs the extra `review`")


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = reviewed.survey(tmp_path_factory.mktemp("served"))
    reviewed.draw(found)
    return found


@pytest.fixture(scope="module")
def page(out: Path) -> Iterator[Served]:
    with reviewed.served(out) as running:
        yield running


def get(
    page: Served, path: str, *, method: str = "GET", body: bytes | None = None, **headers: str
) -> tuple[int, bytes, dict[str, str]]:
    """Send exactly this path, which a browser would tidy first."""
    host, port = page.origin.removeprefix("http://").split(":")
    connection = http.client.HTTPConnection(host, int(port), timeout=30)
    connection.putrequest(method, path, skip_host="host" in headers)
    for name, value in headers.items():
        connection.putheader(name.replace("_", "-"), value)
    if body is not None:
        connection.putheader("Content-Length", str(len(body)))
    connection.endheaders(body)
    answer = connection.getresponse()
    found = answer.status, answer.read(), {k.lower(): v for k, v in answer.getheaders()}
    connection.close()
    return found


def inside(page: Served, path: str) -> str:
    return "/" + page.address.split("/", 3)[3] + path


def test_the_page_has_the_strictest_policy_and_is_kept_nowhere(page: Served) -> None:
    status, content, headers = get(page, inside(page, ""))
    assert (status, b"<script src" in content) == (200, True)
    policy = headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    assert "data:" not in policy
    assert headers["cache-control"] == "no-store"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    "path",
    [
        "/", "/state", "/photo/0", "/page/page.js", "/wrong-token/", "/wrong-token/state",
        "//state", "/../", "/%2e%2e/", "*",
    ],
)  # fmt: skip
def test_without_the_token_there_is_nothing(page: Served, path: str) -> None:
    status, content, _ = get(page, path)
    assert status in (400, 404)
    assert b"state" not in content
    assert b"geobike" not in content


@pytest.mark.parametrize(
    "path",
    [
        "../../../etc/passwd", "photo/../../../../etc/passwd", "photo/..%2f..%2fetc%2fpasswd",
        "%2e%2e/%2e%2e/etc/passwd", "page/../server.py", "page/%2e%2e/server.py",
        "page/..%2fserver.py", "/etc/passwd", "photo//etc/passwd", "photo/list/a.jpg",
        "photo/-1", "photo/999", "photo/0.jpg", "small/1e1", "page/words-en.json",
        "page/page.js%00.css", "page/%5c..%5cserver.py", "tried/../state", "hand_counts.csv",
        "summary.json", "photo/file:///etc/passwd", "photo/" + "9" * 5000, "page/" + "a" * 9999,
    ],
)  # fmt: skip
def test_no_path_leads_to_another_file(page: Served, path: str) -> None:
    status, content, headers = get(page, inside(page, path))
    assert status == 404
    assert b"root:" not in content
    assert b"import" not in content
    assert headers["content-type"].split(";")[0] in ("text/plain", "application/json")


@pytest.mark.parametrize(
    "host", ["evil.example", "localhost", "127.0.0.1", "127.0.0.1:1", "[::1]", "", "0.0.0.0"]
)
def test_a_name_that_only_leads_here_gets_nothing(page: Served, host: str) -> None:
    """DNS rebinding: a page of evil.example asks its own name, which now means this machine."""
    assert get(page, inside(page, "state"), host=host)[0] in (400, 404)


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1:1", "file://"])
@pytest.mark.parametrize("path", ["state", "photo/0", "tasks"])
def test_a_page_of_another_site_gets_nothing(page: Served, origin: str, path: str) -> None:
    method = "POST" if path == "tasks" else "GET"
    status, content, headers = get(
        page, inside(page, path), method=method, body=b'{"counter": "x"}', Origin=origin
    )
    assert (status, content) == (404, b"Not found\n")
    assert "access-control-allow-origin" not in headers


def test_a_form_that_names_no_origin_changes_nothing(page: Served, out: Path) -> None:
    body = b'{"counter": "Eve", "n": 0, "bicycles": "99", "confirmed": true}'
    status, _, _ = get(page, inside(page, "count"), method="POST", body=body)
    assert status == 404
    assert reviewed.sheet(out)["list/a.jpg"]["bicycles"] == ""


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_a_picture_in_another_page_gets_nothing(page: Served, site: str) -> None:
    headers = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": "no-cors"}
    assert get(page, inside(page, "photo/0"), **headers)[0] == 404
    opened = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": "navigate"}
    assert get(page, inside(page, ""), **opened)[0] == 200


def test_only_this_machine_can_reach_it(page: Served) -> None:
    port = int(page.origin.rpartition(":")[2])
    others = {
        found[4][0] for found in socket.getaddrinfo(socket.gethostname(), port, socket.AF_INET)
    } - {"127.0.0.1", "127.0.1.1"}
    for address in [*others, "127.0.0.2"]:
        with socket.socket() as client:
            client.settimeout(2)
            assert client.connect_ex((address, port)) != 0


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "counter is missing"), (b"[]", "no object"), (b"{", "not JSON"),
        (b'{"counter": ""}', "is empty"), (b'{"counter": 3}', "is no text"),
        (b'{"counter": "' + b"x" * 61 + b'"}', "over 60 letters"), (b"[" * 100_000, "not JSON"),
        (b'{"counter": "' + b"x" * 1_000_001 + b'"}', "over the limit"),
    ],
)  # fmt: skip
def test_what_is_no_question_is_answered_in_one_line(page: Served, body: bytes, said: str) -> None:
    status, content, _ = get(
        page, inside(page, "tasks"), method="POST", body=body, Origin=page.origin
    )
    assert status == 400
    assert said in content.decode()
    assert b"Traceback" not in content


HUGE = "9" * 400


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("find", '{"text": "' + "a" * 900_000 + '"}'),
        ("count", r'{"counter": "x", "n": 0, "bicycles": "1", "remark": "\ud800"}'),
        ("count", r'{"counter": "x\ud800", "n": 0, "bicycles": "1"}'),
        ("count", '{"counter": "x", "n": 0, "bicycles": "1", "dots": [[' + HUGE + ", 1, false]]}"),
        ("count", '{"counter": "x", "n": 0, "bicycles": "1", "dots": [[NaN, 1, false]]}'),
        ("count", '{"counter": "x", "n": 0, "bicycles": "1", "dots": "abc"}'),
        ("correct", '{"counter": "x", "n": 0, "add": [[' + HUGE + ", 1, 2, 3]]}"),
        ("correct", '{"counter": "x", "n": 0, "add": [[NaN, 1, 2, 3]]}'),
        ("correct", '{"counter": "x", "n": 0, "add": [[0, 0, 1e400, 3]]}'),
        ("correct", '{"counter": "x", "n": 0, "add": ["1234"]}'),
        ("correct", '{"counter": "x", "n": 0, "add": [[9, 9, 1, 1]]}'),
        ("correct", '{"counter": "x", "n": 0, "strike": {"a": 1}}'),
    ],
)
def test_numbers_and_texts_that_cannot_be_are_refused_in_one_line(
    page: Served, path: str, body: str
) -> None:
    status, content, _ = get(
        page, inside(page, path), method="POST", body=body.encode(), Origin=page.origin
    )
    assert status == 400
    assert "error" in json.loads(content)


@pytest.mark.parametrize("seconds", ["NaN", "-1", "1e400", HUGE, '"x"', "null", "[]", "true"])
def test_a_time_that_cannot_be_is_not_kept(tmp_path: Path, seconds: str) -> None:
    made = reviewed.survey(tmp_path)
    reviewed.draw(made)
    fields = '{"counter": "x", "n": 3, "bicycles": "1", "confirmed": true, "seconds": %s}'
    with reviewed.served(made) as running:
        status, _, _ = get(
            running, inside(running, "count"), method="POST", body=(fields % seconds).encode(),
            Origin=running.origin,
        )  # fmt: skip
        assert status == 200
        assert running.ask("tasks", counter="x")["list"]
    kept = (made / "hand_counts_by.csv").read_text("utf-8")
    assert not {"nan", "inf"} & set(kept.lower().replace("\n", ",").split(","))


@pytest.mark.parametrize("number", [-1, 10_000, "0", None, True, 1.5])
def test_a_photo_that_is_none_is_not_counted(page: Served, number: object) -> None:
    body = json.dumps({"counter": "x", "n": number, "bicycles": "1"}).encode()
    status, _, _ = get(page, inside(page, "count"), method="POST", body=body, Origin=page.origin)
    assert status == 400


def pixels(data: bytes) -> "np.ndarray[tuple[int, ...], np.dtype[np.float64]]":
    return np.asarray(Image.open(BytesIO(data)).convert("L"), dtype=float)


def stripes(shown: "np.ndarray[tuple[int, ...], np.dtype[np.float64]]", scale: float = 1) -> float:
    """Return how far neighbours on the person differ: stripes of 4 pixels, or none."""
    xmin, ymin, xmax, ymax = (int(side * scale) for side in PERSON)
    patch = shown[ymin + 4 : ymax - 4, xmin + 4 : xmax - 4]
    return float(np.abs(np.diff(patch, axis=1)).mean())


def test_people_cannot_be_recognised_and_bicycles_can(page: Served) -> None:
    number = NAMES.index("list/a.jpg")
    for path in ("photo", "small"):
        _, data, headers = get(page, inside(page, f"{path}/{number}"))
        assert headers["content-type"] == "image/jpeg"
        assert Image.open(BytesIO(data)).size == reviewed.SIZE
        assert stripes(pixels(data)) < 2
        left, top, right, bottom = map(int, BICYCLES[0])
        assert pixels(data)[top:bottom, left:right].min() < 40
        assert not Image.open(BytesIO(data)).getexif()


def test_people_are_shown_to_who_may_see_them(out: Path) -> None:
    with reviewed.served(_copy(out), "--show-people") as shown:
        assert stripes(pixels(get(shown, inside(shown, "photo/0"))[1])) > 40


def _copy(out: Path) -> Path:
    """Return the folder of the same survey, which no other run holds."""
    other = out.parent / "shown"
    if not other.exists():
        shutil.copytree(out, other, ignore=shutil.ignore_patterns(".geobike.lock"))
    return other


def test_a_photo_that_was_replaced_is_not_shown(tmp_path: Path) -> None:
    """Its boxes are of another file: a person who is not in them would be seen."""
    made = reviewed.survey(tmp_path)
    reviewed.picture(tmp_path / "photos" / "list/a.jpg", 99)
    (tmp_path / "photos" / "list/f.jpg").unlink()
    (tmp_path / "photos" / "list/f.jpg").symlink_to("/etc/passwd")
    (tmp_path / "photos" / OTHER).unlink()
    (tmp_path / "secret.jpg").write_bytes((tmp_path / "photos" / "list/a.jpg").read_bytes())
    (tmp_path / "photos" / OTHER).symlink_to(tmp_path / "secret.jpg")
    with reviewed.served(made) as shown:
        names = sorted(NAMES)
        told = {
            name: get(shown, inside(shown, f"photo/{names.index(name)}"))
            for name in ("list/a.jpg", "list/f.jpg", OTHER)
        }
    assert {status for status, _, _ in told.values()} == {404}
    assert b"has changed" in told["list/a.jpg"][1]
    assert b"leads out of it" in told[OTHER][1]


def test_a_photo_that_no_detector_looked_at_is_not_shown_unless_people_may_be(
    tmp_path: Path,
) -> None:
    made = reviewed.survey(tmp_path)
    manifest = tmp_path / "manifest.csv"
    rows = manifest.read_text("utf-8").splitlines()
    manifest.write_text("\n".join([*rows[:-1], f"{OTHER},40.0,4.0"]) + "\n", "utf-8")  # outside
    geobike("map", "--config", made / "summary.json", "--out", made)
    number = sorted(NAMES).index(OTHER)
    for options, status in (((), 404), (("--show-people",), 200)):
        with reviewed.served(made, *options) as running:
            for kind in ("photo", "small"):
                found, content, _ = get(running, inside(running, f"{kind}/{number}"))
                assert found == status, content[:300]
            assert status == 200 or b"no detector has looked at it" in content


def test_without_a_detector_of_people_the_page_does_not_open(tmp_path: Path) -> None:
    made = reviewed.survey(tmp_path, people=False)
    done = geobike("review", made, "--no-browser")
    assert done.returncode == 2
    assert "labelled 'person'" in done.stderr
    assert "--show-people" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.usefixtures("page")
def test_a_second_run_in_the_same_folder_is_refused(out: Path) -> None:
    for command in (["review", out, "--no-browser"], ["map", "--out", out]):
        if command[0] == "map":
            command += [out.parent / "photos", "--areas", out.parent / "areas.geojson"]
            command += ["--detections", out.parent / "boxes.csv"]
        done = geobike(*command)
        assert done.returncode == 2
        assert "another run" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "name the folder of a survey"),
        (["{tmp}"], "holds no survey"),
        (["{tmp}", "--try"], "or --try without one"),
        (["{out}", "--counter", " "], "is empty"),
        (["{out}", "--language", "xx"], "xx"),
    ],
)
def test_a_mistake_ends_in_one_line(
    out: Path, tmp_path: Path, arguments: list[str], said: str
) -> None:
    given = [each.format(tmp=tmp_path, out=_copy(out)) for each in arguments]
    done = geobike("review", *given, "--no-browser")
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_taken_port_is_named(out: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = geobike("review", _copy(out), "--no-browser", "--port", port)
    assert done.returncode == 2
    assert f"--port {port} cannot be used" in done.stderr


def test_ctrl_c_ends_it_in_order(out: Path) -> None:
    with reviewed.served(_copy(out)) as running:
        running.process.send_signal(signal.SIGINT)
        said, complained = running.process.communicate(timeout=60)
    assert running.process.returncode == 0
    assert "the same command goes on from there" in said
    assert "Traceback" not in complained
    assert not (_copy(out) / ".geobike.lock").exists()
