"""Contact sheets as one file to look at or to print: thumbnails with numbers, and the list.

The file holds everything and asks for nothing. Names come from files, so they are escaped.
"""

import base64
from collections.abc import Mapping
from html import escape
from typing import Any, Final

import pandas as pd

FILE_NAME: Final = "contact_sheets.html"
"""In the folder of a survey."""

WHAT_COUNTS: Final = (
    "Count every bicycle of which you see half or more; in a rack count front wheels. Say apart "
    "how many of them somebody rides."
)

_STYLE: Final = """
:root { color-scheme: light; }
body { font: 16px/1.45 system-ui, sans-serif; margin: 0 auto; max-width: 110rem; padding: 1rem;
  color: #1a1a1a; background: #fff; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin: 1.5rem 0 .5rem; }
.intro { max-width: 48rem; }
.sheet { display: grid; gap: .6rem;
  grid-template-columns: repeat(auto-fill, minmax(min(16rem, 44%), 1fr)); }
figure { margin: 0; break-inside: avoid; display: flex; flex-direction: column; }
figure img, .none { width: 100%; aspect-ratio: 4 / 3; object-fit: contain; background: #eee; }
.none { display: flex; align-items: center; justify-content: center; text-align: center;
  font-size: .8rem; overflow-wrap: anywhere; color: #444; }
figcaption { display: flex; gap: .4rem; align-items: baseline; font-size: .8rem; min-width: 0; }
figcaption b { font-size: 1rem; }
figcaption span { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; color: #555; }
.done { margin: .5rem 0 0; }
table { border-collapse: collapse; width: 100%; max-width: 60rem; }
th, td { border: 1px solid #999; padding: .15rem .4rem; text-align: left; overflow-wrap: anywhere; }
td:nth-child(n+3) { min-width: 4rem; }
@page { size: A4; margin: 9mm; }
@media print {
  body { padding: 0; max-width: none; font-size: 9pt; }
  .page { break-before: page; } .page h2 { margin: 0 0 1mm; font-size: 10pt; }
  .sheet { grid-template-columns: repeat(6, 1fr); gap: .8mm 1.5mm; }
  figure img, .none { height: 20.5mm; aspect-ratio: auto; }
  figcaption { height: 4.6mm; border-bottom: .2mm solid #666; } figcaption b { font-size: 9pt; }
  figcaption span { display: none; } .done { margin: 1mm 0 0; }
  td, th { padding: 0 1mm; font-size: 8pt; }
}
"""


def write_html(rows: pd.DataFrame, pictures: Mapping[str, bytes]) -> str:
    """Return the page of a draw.

    `rows` has the columns `number`, `file`, `origin`, `page` as text; `pictures` are JPEGs by file.
    A photo without a picture is named instead.

    >>> rows = pd.DataFrame({"number": ["1"], "file": ["<b>.jpg"], "origin": "sheet", "page": "1"})
    >>> "<b>.jpg" in write_html(rows, {}), "&lt;b&gt;.jpg" in write_html(rows, {})
    (False, True)
    """
    sheets = rows[rows["origin"] == "sheet"]
    pages = [_sheet(page, group, pictures) for page, group in sheets.groupby("page", sort=False)]
    listed = rows[rows["origin"] == "list"]
    body = "\n".join([_intro(len(pages)), *pages, _list(listed)])
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
        "img-src data:; style-src 'unsafe-inline'\">\n"
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>Bicycles to count by hand</title>\n<style>{_STYLE}</style>\n</head>\n"
        f"<body>\n<main>\n{body}\n</main>\n</body>\n</html>\n"
    )


def _intro(pages: int) -> str:
    return (
        f'<h1>Bicycles to count by hand</h1>\n<div class="intro">\n<p>{WHAT_COUNTS}</p>\n'
        f"<p>On the contact sheets ({pages}), write a number at the photos that show bicycles and "
        "nothing at the others; tick the page when you have looked at all of it. Photos on the "
        "list are to be opened one by one, and each gets a number, also 0. A rack that cannot be "
        "counted exactly gets a range such as 40-55, a photo that cannot be judged a question "
        "mark. The numbers go into hand_counts.csv: its columns page and number say which photo "
        "is which.</p>\n</div>"
    )


def _sheet(page: Any, rows: pd.DataFrame, pictures: Mapping[str, bytes]) -> str:
    cells = zip(rows["number"], rows["file"], strict=True)
    figures = "\n".join(_figure(number, file, pictures.get(file)) for number, file in cells)
    return (
        f'<section class="page">\n<h2>Page {escape(str(page))}</h2>\n<div class="sheet">\n{figures}'
        '\n</div>\n<p class="done">&#9744; Page done</p>\n</section>'
    )


def _figure(number: str, file: str, picture: bytes | None) -> str:
    name = escape(file)
    if picture is None:
        shown = f'<div class="none">no picture: open {name}</div>'
    else:
        data = base64.b64encode(picture).decode("ascii")
        shown = f'<img src="data:image/jpeg;base64,{data}" alt="Photo {escape(number)}">'
    return (
        f'<figure title="{name}">{shown}<figcaption><b>{escape(number)}</b> <span>{name}</span>'
        "</figcaption></figure>"
    )


def _list(rows: pd.DataFrame) -> str:
    if rows.empty:
        return ""
    cells = zip(rows["number"], rows["file"], strict=True)
    lines = "\n".join(
        f"<tr><td>{escape(number)}</td><td>{escape(file)}</td><td></td><td></td><td></td></tr>"
        for number, file in cells
    )
    return (
        '<section class="page">\n<h2>The list</h2>\n<table>\n<thead><tr><th>number</th>'
        "<th>file</th><th>bicycles</th><th>of them ridden</th><th>remark</th></tr></thead>\n"
        f"<tbody>\n{lines}\n</tbody>\n</table>\n</section>"
    )
