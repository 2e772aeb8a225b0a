from . import ade20k as ade20k
from . import cityscapes as cityscapes
from . import coco as coco
from . import pascal as pascal
