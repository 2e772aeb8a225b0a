"""Memory of a process."""

from pathlib import Path

from eovseg_ros.processes import ProgramFailure


def resident_kb(pid: int) -> float:
    """Resident memory of a process, kB of 1,000 bytes. Raises ProgramFailure if the process has ended."""
    for line in Path("/proc", str(pid), "status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1.024
    raise ProgramFailure(f"process {pid} has ended")
