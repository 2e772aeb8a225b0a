from .inference import EOVSegPredictor as EOVSegPredictor
from .inference import PanopticResult as PanopticResult
from .vocabulary import Vocabulary as Vocabulary
