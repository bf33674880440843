"""What a run's numbers depend on besides its settings: versions, and the processor."""

from collections.abc import Mapping
import importlib.metadata
import pathlib
import platform

from mgail_tf import __version__

PACKAGES = "tensorflow", "keras", "numpy", "gymnasium", "mujoco"


def describe() -> dict[str, str]:
    """Returns what is used here, by name; a package that is not installed is left out."""
    found = {"mgail_tf": __version__, "python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found | {"system": platform.system(), "processor": _processor()}


def differences(before: Mapping[str, str], now: Mapping[str, str]) -> str:
    """Says what differs, in a part of a sentence; nothing if all is the same."""
    changed = [name for name in now if before.get(name, now[name]) != now[name]]
    if not changed:
        return ""
    old, new = (", ".join(f"{name} {each[name]}" for name in changed) for each in (before, now))
    return f"with {old}, and goes on with {new}"


def _processor() -> str:
    # Linux says it here, and `platform.processor()` only the architecture, or nothing.
    cpuinfo = pathlib.Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()
