"""python -m benchmarks.peak FOLDER MODEL: seconds and peak megabytes of detecting in a folder."""

import resource
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import geobike
from geobike import detection
from geobike.detect.onnx import OnnxDetector

folder, model = map(Path, sys.argv[1:])
start = time.perf_counter()
photos = geobike.read_photos(geobike.find_photos(folder))
with TemporaryDirectory() as kept:
    found = detection.detect(
        photos, detector=OnnxDetector(model, threads=1), store=Path(kept, "store.sqlite")
    )
assert found.now == len(photos)
taken = time.perf_counter() - start
status = Path("/proc/self/status")  # the other number counts the parent's memory, before exec
if status.is_file():
    peak = int(status.read_text().split("VmHWM:")[1].split()[0]) / 1e3
else:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6  # macOS: bytes
print(taken, peak)
