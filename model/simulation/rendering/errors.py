"""Why nothing can be rendered."""


class PyBulletMissing(ImportError):
    """Raised by the import of all that renders, where PyBullet cannot be imported."""

    def __init__(self, reason: str) -> None:
        super().__init__(
            "rendering scenes needs PyBullet: pip install pybullet "
            f"(PyPI has a wheel up to Python 3.11): {reason}"
        )
        self.reason = reason

    def __reduce__(self) -> tuple[type["PyBulletMissing"], tuple[str]]:
        return PyBulletMissing, (self.reason,)  # as it comes from worker processes, too
