"""How long something may take, whoever else is at work on the machine."""

import time
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def processor_seconds(most: float) -> Iterator[None]:
    """Fail where a block takes more seconds of the processor: a clock would count waiting too."""
    begun = time.process_time()
    yield
    taken = time.process_time() - begun
    assert taken < most, f"took {taken:.1f} s of the processor, and {most} were to be enough"
