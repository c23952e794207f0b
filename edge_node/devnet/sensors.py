"""Five sensors every Linux machine has: readings of itself, as plain JSON values."""

from collections.abc import Callable
from typing import Any

import psutil

Reading = dict[str, Any]


def read_cpu() -> Reading:
    """Share of time each core was busy since the last reading, percent, and how often the kernel switched tasks."""
    stats = psutil.cpu_stats()
    return {"busy_percent": psutil.cpu_percent(percpu=True), "switches": stats.ctx_switches}


def read_memory() -> Reading:
    """Memory and swap in bytes."""
    memory, swap = psutil.virtual_memory(), psutil.swap_memory()
    return {"total": memory.total, "available": memory.available, "swap_used": swap.used}


def read_disk() -> Reading:
    """The root file system in bytes, and what the disks did since boot."""
    usage, io = psutil.disk_usage("/"), psutil.disk_io_counters()
    return {
        "total": usage.total,
        "free": usage.free,
        "read_bytes": io.read_bytes if io else None,
        "write_bytes": io.write_bytes if io else None,
    }


def read_network() -> Reading:
    """Bytes, packets and errors over all interfaces since boot."""
    io = psutil.net_io_counters()
    return {
        "sent_bytes": io.bytes_sent,
        "received_bytes": io.bytes_recv,
        "sent_packets": io.packets_sent,
        "received_packets": io.packets_recv,
        "errors": io.errin + io.errout,
    }


def read_load() -> Reading:
    """Load averages of 1, 5 and 15 minutes, and the hottest sensor in degrees Celsius where there is one."""
    temperatures = [entry.current for entries in psutil.sensors_temperatures().values() for entry in entries]
    return {"load": list(psutil.getloadavg()), "celsius_max": max(temperatures, default=None)}


SENSORS: dict[str, Callable[[], Reading]] = {
    "cpu": read_cpu,
    "memory": read_memory,
    "disk": read_disk,
    "network": read_network,
    "load": read_load,
}
