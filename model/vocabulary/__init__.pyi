from .encoder import EncodedVocabulary as EncodedVocabulary
from .encoder import VocabularyEncoder as VocabularyEncoder
from .text_cache import TextCache as TextCache
from .vocabulary import VOCABULARY_FOLDER as VOCABULARY_FOLDER
from .vocabulary import Vocabulary as Vocabulary
from .vocabulary import VocabularyClass as VocabularyClass
from .vocabulary import VocabularyError as VocabularyError
from .vocabulary import load_vocabulary as load_vocabulary
