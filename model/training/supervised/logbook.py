"""Progress bar and TensorBoard log with curves and sample images."""

import time
from collections.abc import Callable
from pathlib import Path

from torch.utils.tensorboard import SummaryWriter
from tqdm import tqdm

from ..optimization.descent import StepReport
from .sample_pictures import SamplePictures


class Logbook:
    """Log every log_every steps; at checkpoints, also draw sample images and call on_checkpoint."""

    def __init__(
        self,
        folder: Path,
        steps: int,
        log_every: int,
        pictures: SamplePictures,
        on_checkpoint: Callable[[int], None],
    ) -> None:
        self._folder = folder
        self._steps = steps
        self._log_every = log_every
        self._pictures = pictures
        self._on_checkpoint = on_checkpoint

    def start(self, first: int) -> None:
        """Open both; steps that an interrupted run logged after its last checkpoint are replaced."""
        self._writer = SummaryWriter(str(self._folder), purge_step=first + 1)
        self._bar = tqdm(total=self._steps, initial=first, unit="step", mininterval=1, smoothing=0.05)
        self._logged, self._since = first, time.monotonic()

    def step(self, report: StepReport) -> None:
        """Advance the bar; log losses only every log_every steps, because reading them waits for the GPU."""
        self._bar.update()
        if report.step % self._log_every:
            return
        losses = {name: value.item() for name, value in report.losses.items()}
        total = sum(losses.values())
        scalars = {
            "loss/total": total,
            **{f"loss/{name}": value for name, value in losses.items()},
            "gradient norm": report.gradient_norm.item(),
            "learning rate": report.rate,
            "seconds per step": (time.monotonic() - self._since) / (report.step - self._logged),
        }
        for name, value in scalars.items():
            self._writer.add_scalar(name, value, report.step)
        self._bar.set_postfix(loss=f"{total:.2f}", refresh=False)
        self._logged, self._since = report.step, time.monotonic()

    def flush(self) -> None:
        """Write pending events."""
        self._writer.flush()

    def checkpoint(self, step: int) -> None:
        """Log the sample images."""
        for i, picture in enumerate(self._pictures.draw()):
            self._writer.add_image(f"ground truth and prediction/{i}", picture, step, dataformats="HWC")
        self._writer.flush()
        self._on_checkpoint(step)
        self._logged, self._since = step, time.monotonic()

    def close(self) -> None:
        """Close both."""
        self._bar.close()
        self._writer.close()
