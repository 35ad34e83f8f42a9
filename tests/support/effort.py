"""How much work something may be, by the processor's clock: others on the machine do not count."""

import time
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def busy_at_most(seconds: float) -> Iterator[None]:
    """Fail where what is within keeps processors busy for longer than so many seconds.

    Give at least five times what it takes, for slower machines, and far less than the fault would.
    """
    begun = time.process_time()
    yield
    spent = time.process_time() - begun
    assert spent <= seconds, f"{spent:.1f} s of a processor, where {seconds:g} s are enough"
