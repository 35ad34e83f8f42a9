"""Text that is shown is one line, bounded, and names no home folder."""

from pathlib import Path

import pytest

from geobike.errors import InputError
from geobike.messages import MESSAGE, message
from geobike.reporting import collect_warnings, report


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("/home/jan/x.jpg: no such file", "~/x.jpg: no such file"),
        ("store '/home/jan': a folder", "store '~': a folder"),
        ("Load model from /home/jan/m.onnx failed", "Load model from ~/m.onnx failed"),
        ("file:///home/jan/x", "file://~/x"),
        ("--out=/home/jan/out", "--out=~/out"),
        ("/home/janneke/x", "/home/janneke/x"),
        ("/home/jan.old/x", "/home/jan.old/x"),
        ("/mnt/home/jan/x", "/mnt/home/jan/x"),
        ("/home", "/home"),
    ],
)
def test_the_home_folder_is_a_tilde_and_no_other_folder_is(
    monkeypatch: pytest.MonkeyPatch, text: str, shown: str
) -> None:
    monkeypatch.setenv("HOME", "/home/jan")
    monkeypatch.setenv("USERPROFILE", "/home/jan")
    assert message(text) == shown


@pytest.mark.parametrize("home", ["/", ""])
def test_who_has_no_home_sees_paths_as_they_are(monkeypatch: pytest.MonkeyPatch, home: str) -> None:
    monkeypatch.setenv("HOME", home)
    monkeypatch.setenv("USERPROFILE", home)
    assert message("/srv/photos: empty") == "/srv/photos: empty"


def test_the_folder_that_a_home_links_to_is_the_home(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    monkeypatch.setenv("HOME", str(tmp_path / "link"))
    monkeypatch.setenv("USERPROFILE", str(tmp_path / "link"))
    assert message(f"{tmp_path / 'real' / 'x'}: empty") == "~/x: empty"


def test_line_breaks_are_blanks_and_control_characters_are_shown() -> None:
    assert message("one\r\n\ttwo\u2028three") == "one two three"
    assert message("\x1b[2J\u202e\x00\x9b") == "\\x1b[2J\\u202e\\x00\\x9b"


def test_a_message_of_any_length_keeps_its_beginning_and_its_end() -> None:
    shown = message("begin " + "x" * 10_000_000 + " end")
    assert len(shown) == MESSAGE
    assert shown.startswith("begin xxx")
    assert shown.endswith("xxx end")


def test_errors_and_reports_are_such_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/jan")
    monkeypatch.setenv("USERPROFILE", "/home/jan")
    assert str(InputError("/home/jan/a\nb: \x1bno")) == "~/a b: \\x1bno"
    with collect_warnings() as notes:
        report("/home/jan/a: odd", ["x" * 10_000, "/home/jan/y\n"])
    (note,) = notes
    assert len(note) < 300
    assert note.startswith("~/a: odd: xxx")
    assert note.endswith("xxx, ~/y")
