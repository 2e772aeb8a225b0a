from .case import BenchmarkCase as BenchmarkCase
from .plot import draw as draw
from .progress import steps as steps
from .runner import BenchmarkError as BenchmarkError
from .runner import run_case as run_case
from .text import report as report
from .text import title as title
