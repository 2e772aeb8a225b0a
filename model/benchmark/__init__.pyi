from .case import BenchmarkCase as BenchmarkCase
from .gpu_check.check import run_gpu_check as run_gpu_check
from .plot import draw as draw
from .progress import steps as steps
from .runner import BenchmarkError as BenchmarkError
from .runner import run_case as run_case
from .text import report as report
from .text import title as title
