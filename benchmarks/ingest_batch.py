"""100 CloudEvents under one signature, durable when answered: real HTTP to a real node on a disk."""

from benchmarks._ingest import Trial
from benchmarks.frame import emit, read_options

TRIAL = Trial(
    name="ingest_batch", events=100, connections=64, requests_per_s=6_000, rate_min=150_000, ratio_min=3.0,
)  # fmt: skip

if __name__ == "__main__":
    options = read_options()
    emit(TRIAL.measure(options), options)
