"""A stand-in for the model of bags: a pixel's segment id is its red value, the label its green one."""

import time

from fake_node import Encoded, FakePredictor

from eovseg_model.vocabulary import Vocabulary
from eovseg_ros.bags.labelling.model import LabelModel
from eovseg_ros.bags.labelling.settings import ModelSettings

WORDS = ("cup", "ball", "floor|stuff")


def fake_model(words=WORDS, seconds=0.0):
    """Takes some seconds for an image; an image that begins in magenta fails."""
    predictor = FakePredictor(seconds)
    vocabulary = Encoded(Vocabulary.parse(words))
    identity = {"version": "0", "weights_sha256": "w", "vocabulary_sha256": "/".join(words)}
    return LabelModel(predictor, vocabulary, ModelSettings(vocabulary=tuple(words)), identity)


def slow_model(settings, threads):
    """As load_label_model; 10 ms an image."""
    time.sleep(0.2)
    return fake_model(settings.entries, seconds=0.01)
