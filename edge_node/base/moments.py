"""Times in words for operators: UTC, to the second (pure)."""

import datetime as dt

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


def moment_of(t_ms: int) -> str:
    """`2026-11-21T09:45:08Z`; the number itself where no calendar reaches."""
    try:
        return (_EPOCH + dt.timedelta(milliseconds=t_ms)).strftime("%Y-%m-%dT%H:%M:%SZ")
    except OverflowError:
        return f"{t_ms} ms"
