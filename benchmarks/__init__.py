"""One module per promise of speed; `python -m benchmarks.<name> --quick --json`."""
