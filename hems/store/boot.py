"""Which start of the machine this is: times on the monotonic clock compare only within one."""

from pathlib import Path

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


def machine_boot_id() -> str:
    """The kernel's name for the present boot; empty where the kernel has none, and then no two boots count as one."""
    try:
        return _BOOT_ID.read_text(encoding="ascii").strip()
    except OSError:
        return ""
