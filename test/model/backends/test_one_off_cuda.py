"""One-off calls and batches on a simulated GPU: whose graphs are made."""

import numpy as np
from simulated_cuda import simulated_cuda
from test_backends import random_model

from eovseg_model.backends.loading import load_backend
from eovseg_model.inference.predictor import EOVSegPredictor


def test_a_one_off_makes_no_graph():
    """On a GPU: it would take the place of a graph of the stream."""
    model = random_model("tiny")
    with simulated_cuda():
        predictor = EOVSegPredictor(model.to("cuda"), ["mug"], backend=load_backend("torch", model))
        graphs = predictor._backend._graphs._graphs
        pictures = np.random.default_rng(0).integers(0, 256, (3, 64, 96, 3), np.uint8)
        for picture in pictures:
            predictor(picture, short_side=-1)
        (graph,) = graphs.values()
        replays = graph._graph.replays
        one = predictor(pictures[2], short_side=-1, one_off=True)
        other = predictor(pictures[2][:40, :50], short_side=-1, one_off=True)
        assert list(graphs.values()) == [graph] and graph._graph.replays == replays
        expected = predictor(pictures[2], short_side=-1)
        assert np.array_equal(one.label_image, expected.label_image) and other.map.shape == (40, 50)


def test_batches_on_a_gpu_have_graphs_of_powers_of_two():
    model = random_model("tiny")
    with simulated_cuda():
        predictor = EOVSegPredictor(model.to("cuda"), ["mug"], backend=load_backend("torch", model))
        pictures = np.random.default_rng(0).integers(0, 256, (3, 64, 96, 3), np.uint8)
        for number in (3, 2, 1, 3):
            predictor.segment_batch(pictures[:number], short_side=-1)
        graphs = predictor._backend._graphs._graphs
        assert sorted(sizes[0][0][0] for sizes in graphs) == [1, 2]
