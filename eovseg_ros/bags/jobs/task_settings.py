"""What is done with every bag of a run."""

from dataclasses import dataclass, field

from eovseg_ros.bags.exporting.export_settings import ExportSettings
from eovseg_ros.bags.labelling.settings import LabelSettings


@dataclass(frozen=True, kw_only=True)
class TaskSettings:
    """The same for all bags."""

    label: LabelSettings
    threads: int  # of the model; 0: PyTorch's default
    command: str
    overwrite: bool = False
    exports: ExportSettings = field(default_factory=ExportSettings)
