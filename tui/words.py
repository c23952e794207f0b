"""Figures as people read them: counts, sizes, rates, ages and times (pure)."""

from datetime import UTC, datetime

_SIZES = ("B", "KiB", "MiB", "GiB", "TiB", "PiB")


def count_of(value: int) -> str:
    """12481730 as `12,481,730`."""
    return f"{value:,}"


def counted(value: int, one: str) -> str:
    """A count and what is counted: `1 stream`, `12,481 streams`."""
    return f"{count_of(value)} {one}" if value == 1 else f"{count_of(value)} {one}s"


def short_count(value: float) -> str:
    """At most five characters: `999`, `12.4k`, `1.2M`."""
    for unit in ("", "k", "M", "G"):
        if abs(value) < 999.5:
            return f"{value:.0f}{unit}" if not unit or abs(value) >= 99.95 else f"{value:.1f}{unit}"
        value /= 1_000
    return f"{value:.0f}T"


def size_of(value: float) -> str:
    """Bytes in the binary unit that leaves at most four figures: `0 B`, `12.5 MiB`, `311 GiB`."""
    for unit in _SIZES:
        if abs(value) < 1_023.5 or unit == _SIZES[-1]:
            break
        value /= 1_024
    return f"{value:.0f} {unit}" if unit == "B" or abs(value) >= 99.95 else f"{value:.1f} {unit}"


def rate_of(per_s: float) -> str:
    """Events or the like a second: `0/s`, `0.3/s`, `12.4k/s`."""
    return f"{per_s:.1f}/s" if 0 < per_s < 9.95 else f"{short_count(per_s)}/s"


def span_of(seconds: float) -> str:
    """A length of time in its largest unit: `0s`, `59s`, `4m`, `3h`, `12d`."""
    whole = max(0, int(seconds))
    if whole < 60:
        return f"{whole}s"
    if whole < 3_600:
        return f"{whole // 60}m"
    return f"{whole // 3_600}h" if whole < 172_800 else f"{whole // 86_400}d"


def age_of(then_ms: int, now_ms: int) -> str:
    """How long ago, by the node's clock; a moment in its future is called so; `-` for never (0)."""
    if not then_ms:
        return "-"
    return span_of((now_ms - then_ms) / 1_000) if then_ms <= now_ms + 999 else "future"


def clock_of(t_ms: int) -> str:
    """The time of day in UTC, `14:03:59`; `-` for none."""
    return _utc(t_ms, "%H:%M:%S")


def moment_of(t_ms: int) -> str:
    """Date and time in UTC, `2026-08-14 14:03:59Z`; `-` for none."""
    return _utc(t_ms, "%Y-%m-%d %H:%M:%SZ")


def _utc(t_ms: int, form: str) -> str:
    try:
        return datetime.fromtimestamp(t_ms / 1_000, UTC).strftime(form) if t_ms else "-"
    except (ValueError, OverflowError, OSError):  # a stamp that is no date is still a number somebody sent
        return f"{t_ms} ms"
