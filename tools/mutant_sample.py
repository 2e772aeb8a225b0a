"""The faults that `make mutants` plants among all that cosmic-ray knows."""

import ast
import random
import sqlite3
from pathlib import Path

# Whether equal numbers are identical is an accident of CPython; what `is` compares is equal only to itself.
ALIKE = ("_Is", "_IsNot", "_Is_Eq", "_IsNot_NotEq")


def keep_sample(session: Path, source: str, most: int, seed: int) -> None:
    """Keep one fault of cosmic-ray's session at each of `most` random places of the source."""
    inert = inert_places(source)
    query = """SELECT start_pos_row, start_pos_col, operator_name, occurrence, job_id FROM mutation_specs
        ORDER BY 1, 2, 3, 4"""
    draw = random.Random(seed)
    with sqlite3.connect(session) as database:
        places: dict[tuple[int, int], list[str]] = {}
        for row, column, operator, _, job in database.execute(query):
            place = (row, column)
            if not operator.endswith(ALIKE) and not any(part[:2] <= place < part[2:] for part in inert):
                places.setdefault(place, []).append(job)
        jobs = [draw.choice(faults) for faults in places.values()]
        kept = draw.sample(jobs, min(most, len(jobs)))
        marks = ", ".join("?" * len(kept))
        for table in ("mutation_specs", "work_items"):
            database.execute(f"DELETE FROM {table} WHERE job_id NOT IN ({marks})", kept)


def inert_places(source: str) -> list[tuple[int, int, int, int]]:
    """Return the places (row, column, end row, end column) where a fault makes no difference to a program.

    These are annotations, sizes of caches, and what guards against mistakes of programmers: the options of
    @dataclass, and `strict` of zip.
    """
    parts: list[ast.expr | None] = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.AnnAssign | ast.arg):
            parts.append(node.annotation)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            parts.append(node.returns)
        elif isinstance(node, ast.ClassDef):
            parts += [call for call in node.decorator_list if isinstance(call, ast.Call)]
        elif isinstance(node, ast.keyword) and node.arg in ("strict", "maxsize"):
            parts.append(node.value)
    return [
        (part.lineno, part.col_offset, part.end_lineno or 0, part.end_col_offset or 0)
        for part in parts
        if part
    ]
