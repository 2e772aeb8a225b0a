from .supervised.recipe import Recipe as Recipe
from .supervised.recipe import RecipeError as RecipeError
from .supervised.recipe import read_recipe as read_recipe
from .supervised.recipe import read_variant as read_variant
from .supervised.train import train_supervised as train_supervised
