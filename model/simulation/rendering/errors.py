"""Why nothing can be rendered."""


class PyBulletMissing(ImportError):
    """Raised by the import of all that renders, where PyBullet cannot be imported."""
