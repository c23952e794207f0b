"""One event under every signature, durable when answered: 64 clients of a real node on a disk."""

from benchmarks._ingest import Trial
from benchmarks.frame import emit, read_options

TRIAL = Trial(
    name="ingest_single", events=1, connections=64, requests_per_s=15_000, rate_min=5_000, ratio_min=4.0,
)  # fmt: skip

if __name__ == "__main__":
    options = read_options()
    emit(TRIAL.measure(options), options)
