"""The benchmark of batches; no test of a time."""

import pytest
import torch

from eovseg_model.benchmark.batch.__main__ import main, measure

SMALL = ["--width", "96", "--height", "64", "--classes", "3", "--repeats", "1"]


def test_the_command_prints_a_line_for_each_number_of_images(capsys, monkeypatch):
    monkeypatch.setattr(torch, "set_num_threads", lambda number: None)  # for the tests that follow
    main([*SMALL, "--batch", "1", "3", "--backend", "torch", "--device", "cpu", "--clock", "cpu"])
    title, *lines = capsys.readouterr().out.splitlines()
    assert title == (
        "tiny, torch fp32 on cpu, threads: 1, 96x64, 3 classes: processor time per image, median of 1"
    )
    assert [line.split(":")[0] for line in lines] == ["1 images", "3 images"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [(["--batch", "0"], "at least 1"), (["--backend", "abacus"], "unknown backend 'abacus'")],
)
def test_what_cannot_be_measured_is_refused(arguments, words, capsys, monkeypatch):
    monkeypatch.setattr(torch, "set_num_threads", lambda number: None)
    with pytest.raises(SystemExit):
        main([*SMALL, *arguments])
    assert words in capsys.readouterr().err


def test_both_ways_get_the_same_images_and_times_are_per_image():
    calls, clock = [], iter(range(0, 10000, 2))

    class Predictor:
        def __call__(self, picture):
            calls.append([picture])
            next(clock)  # 2 s a call more

        def segment_batch(self, pictures):
            calls.append(list(pictures))

    class Clock:
        def now(self):
            return next(clock)

    singly, together = measure(Predictor(), ["a", "b"], Clock(), repeats=1)
    assert calls == [["a"], ["b"], ["a", "b"]] * 3
    assert (singly, together) == (3000.0, 1000.0)  # 6 s and 2 s for two images
