from eovseg_model.benchmark.geometry import CASES, made_up_frame, main


def test_frames_have_the_segments_of_their_case():
    for size, segments in CASES:
        label_image, depth = made_up_frame(size, segments)
        assert label_image.shape == depth.shape == size
        assert set(label_image.ravel().tolist()) == set(range(1, segments + 1))
        assert 900 < depth.min() and depth.max() < 5000


def test_the_command_prints_a_line_for_each_case(capsys):
    main(["--frames", "2"])
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(": ")[0] for line in lines] == [
        "640x480, 20 segments, 2 frames",
        "1280x720, 100 segments, 2 frames",
    ]
