"""Addresses in messages, without what is secret in them."""

import re


def redact(text: object) -> str:
    """Return an address, or a text with addresses, without user, password and query.

    Only web addresses have a query; in a bucket, ? and # are letters of a name.
    """
    without_query = re.sub(r"(https?://[^?#\s'\"]*)[?#][^\s'\"]*", r"\1", str(text))
    # In abfs://container@account there is no user.
    return re.sub(r"(?<!\babfs)(?<!\babfss)://[^/@\s]*@", "://", without_query)
