"""`make test` runs these notebooks; that must not spend the credit of whoever runs it."""

from collections.abc import Iterator

import pytest


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as environment:
        for name in ("API_TOKEN", "HF_TOKEN"):
            environment.delenv(name, raising=False)
        return (yield)
