"""Former location of the predictor; will be removed in the next release."""

import warnings

from ..inference import DEMO_WEIGHTS as DEMO_WEIGHTS
from ..inference import EOVSegPredictor as EOVSegPredictor

warnings.warn(
    "eovseg_model.predictor has moved; use `from eovseg_model import EOVSegPredictor`",
    DeprecationWarning,
    stacklevel=2,
)
