"""CUDA graphs of the backend torch on the simulated device. Nothing here has run on a GPU."""

import threading

import pytest
import torch
from simulated_cuda import simulated_cuda

from eovseg_model.backends.cuda.network_graphs import MOST_GRAPHS, NetworkGraphs


@pytest.fixture
def cuda():
    with simulated_cuda() as cuda:
        yield cuda


def of(*values):
    return torch.tensor(values, dtype=torch.float32).to("cuda")


def test_the_first_call_of_some_sizes_is_run_the_second_recorded_and_others_replayed(cuda):
    runs = []

    def network(x, y):
        runs.append((len(x), torch.cuda.is_current_stream_capturing()))
        return x + y, x * y

    graphs = NetworkGraphs(network)
    for n in range(4):
        total, product = graphs(of(n, 1), of(2, 3))
        assert (total.tolist(), product.tolist()) == ([n + 2, 4], [2 * n, 3])
    assert runs == [(2, False), (2, True)]
    assert graphs(of(1, 2, 3), of(1, 1, 1))[0].tolist() == [2, 3, 4]
    assert graphs(of(5, 1), of(2, 3))[0].tolist() == [7, 4]
    assert runs == [(2, False), (2, True), (3, False)]


def test_results_outlive_the_next_call(cuda):
    graphs = NetworkGraphs(lambda x: (x + 1,))
    results = [graphs(of(n))[0] for n in range(4)]
    assert [result.tolist() for result in results] == [[1], [2], [3], [4]]


def test_the_least_recently_used_graph_goes_first_and_only_when_it_is_idle(cuda):
    runs = []

    def network(x):
        runs.append(len(x))
        return (x + 1,)

    graphs = NetworkGraphs(network)
    for size in (*range(1, MOST_GRAPHS + 1), 1):
        graphs(torch.zeros(size, device="cuda"))
        graphs(torch.zeros(size, device="cuda"))
    cuda.forget()
    graphs(torch.zeros(9, device="cuda"))  # in place of that of size 2
    assert cuda.waits() == {"backends.cuda.network_graphs._graph_for": 1}
    runs.clear()
    graphs(torch.zeros(1, device="cuda"))
    graphs(torch.zeros(2, device="cuda"))
    assert runs == [2]


def test_a_network_that_no_graph_holds_is_run_and_the_log_says_so_once(cuda, caplog):
    graphs = NetworkGraphs(lambda x: (x + float(x.sum()),))
    assert [graphs(of(n, 1))[0].tolist() for n in range(4)] == [[2 * n + 1, n + 2] for n in range(4)]
    (record,) = caplog.records
    assert record.levelname == "WARNING" and record.name.startswith("eovseg_model.")
    assert record.getMessage() == (
        "cannot use a CUDA graph (RuntimeError: CUDA error: operation not permitted when stream is capturing "
        "(_local_scalar_dense)); the network runs without, which is slower"
    )


def test_an_error_of_the_network_itself_is_its_callers(cuda, caplog):
    def network(x):
        if len(x) == 2:
            raise ValueError("no 2")
        return (x + 1,)

    graphs = NetworkGraphs(network)
    with pytest.raises(ValueError, match="no 2"):
        graphs(of(1, 2))
    for _ in range(3):
        assert graphs(of(1))[0].tolist() == [2]
    assert not caplog.records and len(graphs._graphs) == 2


def test_threads_take_turns_and_get_their_own_results(cuda):
    graphs = NetworkGraphs(lambda x: (x.cumsum(0),))
    inputs = [torch.full((50,), float(n), device="cuda") for n in range(8)]
    wrong = []

    def run(x):
        with torch.cuda.stream(torch.cuda.Stream("cuda")):
            for _ in range(20):
                if not torch.equal(graphs(x)[0].on_cpu, x.on_cpu.cumsum(0)):
                    wrong.append(x)

    threads = [threading.Thread(target=run, args=(x,)) for x in inputs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong and len(graphs._graphs) == 1
