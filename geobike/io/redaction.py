"""URLs in messages, without the secrets in them."""

import re


def redact(text: object) -> str:
    """Return a URL, or a text with URLs, without user, password and query.

    Only web addresses have a query; in a bucket, ? and # are letters of a name.
    """
    without_query = re.sub(r"(https?://[^?#\s'\"]*)[?#][^\s'\"]*", r"\1", str(text))
    # In abfs://container@account there is no user.
    return re.sub(r"(?<!\babfs)(?<!\babfss)://[^/@\s]*@", "://", without_query)
