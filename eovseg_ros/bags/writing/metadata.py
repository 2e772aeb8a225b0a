"""The record of metadata in a file of results."""

from pathlib import Path

RESULT = "eovseg"  # name of the record


def read_metadata(path: Path) -> dict[str, str]:
    """Return the record's values, empty for a file without one or that cannot be read."""
    from mcap.reader import make_reader

    try:
        with path.open("rb") as file:
            for record in make_reader(file).iter_metadata():
                if record.name == RESULT:
                    return dict(record.metadata)
    except Exception:  # whatever a file leads to that is no MCAP
        return {}
    return {}
