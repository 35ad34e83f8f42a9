"""What a saved map has for other files of its survey."""

from pathlib import Path

from geobike import maps
from geobike.exports.protocol import OnPage
from geobike.io.redaction import redact
from geobike.maps import saved_page
from geobike.reporting import report


def on_page(html: bytes, path: str | Path) -> OnPage:
    """Return the words and pictures of a map; English and none where it cannot be read."""
    try:
        found = saved_page.read(html.decode("utf-8"))
    except (ValueError, LookupError, TypeError) as error:
        report(f"{redact(path)}: cannot be read for other files, which have no pictures: {error}")
        return OnPage(words=maps.words("en"))
    return OnPage(words=found.words, pictures=found.pictures)
