"""Objects in labelled bags by a description."""

import dataclasses
import re

import cv2
import numpy as np
import pytest
from bag_files import FIRST
from recorded_bags import write_recorded_bag
from test_relabel import run

from eovseg_model.vocabulary import VocabularyError
from eovseg_ros.bags.embeddings.embeddings_file import EmbeddingsFile
from eovseg_ros.bags.embeddings.stored_frame import StoredFrame, make_preview
from eovseg_ros.bags.errors import BagError
from eovseg_ros.bags.labelling.model import load_label_model
from eovseg_ros.bags.labelling.settings import ModelSettings
from eovseg_ros.bags.search.contact_sheet import contact_sheet
from eovseg_ros.bags.search.hit import Hit
from eovseg_ros.bags.search.page import page
from eovseg_ros.bags.search.searching import contrast, find_hits
from eovseg_ros.bags.search.thumbnails import caption, thumbnail

GREY = make_preview(np.full((48, 64, 3), 128, np.uint8))
HIT = Hit(
    bag="run1",
    results="run1_labels.mcap",
    camera="front",
    track_id=7,
    score=0.875,
    stamp=FIRST + 123_000_000,
    offset=2_500_000_000,
    first=1_000_000_000,
    last=3_000_000_000,
    frames=4,
    box=(20, 12, 16, 24),
    size=(48, 64),
    preview=GREY,
)


@pytest.fixture(scope="module")
def model():
    words = ("red ball", "blue ball", "mug", "floor|stuff")
    return load_label_model(ModelSettings(backend="reference", vocabulary=words, device="cpu"), 1)


def text_of(model, name):
    return model.predictor.encode([name]).text.embeddings[0].numpy()


def write(path, model, frames):
    """Segments as (camera, seconds, [(track, name)]), whose embeddings are those of names."""
    file = EmbeddingsFile(path.with_suffix(".embeddings"))
    for camera, seconds, segments in frames:
        time = FIRST + round(seconds * 1e9)
        rows = np.stack([text_of(model, name) for _, name in segments])
        file.add(
            StoredFrame(
                camera=camera,
                log_time=time,
                stamp=time,
                size=(48, 64),
                ids=np.arange(len(segments)) + 1,
                track_ids=np.array([track for track, _ in segments]),
                boxes=np.array([[i, 2, 3, 4] for i in range(len(segments))]),
                kernels=rows,
                embeddings=rows,
                preview=GREY,
            )
        )
    file.end_block(len(frames))
    file.close()
    return path


def find(files, model, query, **options):
    return find_hits(files, lambda _: model, query, **{"most": 10, "least_score": 0.5} | options)


def test_an_object_is_found_once_where_it_fits_best(model, tmp_path):
    frames = [
        ("front", 0.0, [(0, "mug"), (5, "floor")]),
        ("rear", 0.1, [(8, "mug")]),
        ("front", 0.2, [(2, "red ball"), (5, "floor")]),
        ("front", 0.3, [(2, "mug"), (5, "floor")]),
        ("front", 0.4, [(2, "mug"), (5, "floor")]),
    ]
    path = write(tmp_path / "run1_labels.mcap", model, frames)
    hits = find([path], model, "mug")
    assert {(h.camera, h.track_id, h.offset, h.first, h.last, h.frames) for h in hits} == {
        ("front", 2, 300_000_000, 300_000_000, 400_000_000, 2),
        ("rear", 8, 100_000_000, 100_000_000, 100_000_000, 1),
    }
    assert all(h.score > 0.5 and h.bag == "run1_labels" and h.size == (48, 64) for h in hits)
    everywhere = find([path], model, "mug", every_image=True)
    assert sorted((h.camera, h.offset // 10**8, h.track_id) for h in everywhere) == [
        ("front", 0, 0),
        ("front", 3, 2),
        ("front", 4, 2),
        ("rear", 1, 8),
    ]


def test_without_tracks_each_image_counts(model, tmp_path):
    path = write(tmp_path / "a_labels.mcap", model, [("", 0.0, [(0, "mug")]), ("", 0.1, [(0, "mug")])])
    assert [h.track_id for h in find([path], model, "mug")] == [0, 0]


def test_the_best_of_all_files(model, tmp_path):
    one = write(tmp_path / "a_labels.mcap", model, [("", 0.0, [(1, "blue ball"), (2, "floor")])])
    two = write(tmp_path / "b_labels.mcap", model, [("", 0.0, [(1, "red ball"), (2, "mug")])])
    assert [(h.bag, h.track_id) for h in find([one, two], model, "red ball", most=1)] == [("b_labels", 1)]
    scores = [h.score for h in find([one, two], model, "red ball", least_score=0.0)]
    assert len(scores) == 4 and scores == sorted(scores, reverse=True)
    assert find([one, two], model, "red ball", least_score=0.999999) == []


def test_hidden_segments_and_frames_without_any_are_no_hits(model, tmp_path):
    path = write(tmp_path / "a_labels.mcap", model, [("", 0.0, [(1, "mug")])])
    file = EmbeddingsFile(tmp_path / "b_labels.embeddings")
    rows, none = np.stack([text_of(model, "mug")]), np.zeros((0, 4))
    first = StoredFrame("", 0, 0, (4, 4), none.ravel(), none.ravel(), none, none, none, GREY)
    hidden = np.zeros((1, 4), int)
    file.add(first)
    file.add(StoredFrame("", 1, 1, (4, 4), np.array([1]), np.array([1]), hidden, rows, rows, GREY))
    file.end_block(2)
    file.close()
    assert [h.bag for h in find([path, tmp_path / "b_labels.mcap"], model, "mug")] == ["a_labels"]


@pytest.mark.parametrize(
    ("query", "labels"),
    [
        ("mug", ["mug", "red ball", "blue ball", "floor"]),
        ("Mugs,cup", ["Mugs", "red ball", "blue ball", "floor"]),
        ("MUGS", ["MUGS", "red ball", "blue ball", "floor"]),
        ("balls", ["balls", "mug", "floor"]),  # as ball
        ("ball", ["ball", "mug", "floor"]),  # a red ball is one
        ("red", ["red", "blue ball", "mug", "floor"]),
        ("green ball", ["green ball", "red ball", "blue ball", "mug", "floor"]),
    ],
)
def test_a_query_competes_with_words_that_do_not_say_the_same(model, query, labels):
    assert list(contrast(model, query).vocabulary.labels) == labels


@pytest.mark.parametrize("query", ["@lvis", "set=coco_panoptic"])
def test_a_set_of_names_is_no_query(model, query):
    with pytest.raises(
        VocabularyError, match=r"is a set of \d+ names: find looks for one, such as 'red mug'"
    ):
        contrast(model, query)


def test_broken_files_do_not_hide_the_others(model, tmp_path):
    (tmp_path / "a_labels.mcap").touch()
    (tmp_path / "a_labels.embeddings").write_bytes(b"nonsense")
    write(tmp_path / "b_labels.mcap", model, [("", 0, [(1, "mug")])])
    skipped = []
    files = [tmp_path / "a_labels.mcap", tmp_path / "b_labels.mcap"]
    hits = find_hits(files, lambda _: model, "mug", most=5, skipped=skipped.append)
    assert [hit.bag for hit in hits] == ["b_labels"] and len(skipped) == 1
    assert "a_labels.embeddings is no file of embeddings" in str(skipped[0])
    with pytest.raises(BagError):
        find_hits(files, lambda _: model, "mug", most=5)


def test_a_caption():
    assert caption(HIT) == ["run1", "2.5 s (seen 1.0 to 3.0 s)", "camera front, track 7, score 0.88"]
    single = dataclasses.replace(HIT, camera="", track_id=0, frames=1)
    assert caption(single) == ["run1", "2.5 s", "score 0.88"]


def test_the_object_is_marked_and_not_covered():
    picture = thumbnail(HIT)
    assert picture.shape == (48, 64, 3)
    inside = picture[14:34, 22:34].astype(int)
    assert abs(inside - 128).max() < 8
    assert picture[11, 30].tolist() != [128, 128, 128] and picture[24, 40].tolist() == picture[2, 2].tolist()
    assert thumbnail(dataclasses.replace(HIT, preview=b"no picture")).shape == (180, 240, 3)


def test_the_page_is_one_file_and_names_cannot_add_to_it():
    bad = dataclasses.replace(HIT, bag='<script>alert("x")</script>', camera='"><img src=x onerror=a()>')
    text = page("<i>mug</i> & 'cup'", [HIT, bad], ["/data/<b>"])
    assert "<script" not in text and "<i>" not in text and "onerror=a()>" not in text and "/<b>" not in text
    assert "&lt;i&gt;mug&lt;/i&gt; &amp; &#x27;cup&#x27;: 2 found" in text
    sources = re.findall(r'src="([^"]*)"', text)
    assert len(sources) == 2 and all(source.startswith("data:image/jpeg;base64,") for source in sources)
    assert "http" not in re.sub(r"http-equiv", "", text)
    assert "2023-11-14 22:13:20.123 UTC" in text and "default-src 'none'" in text
    assert "99999999999" in page("mug", [dataclasses.replace(HIT, stamp=10**29 - 1)], [])
    assert "0 found" in page("mug", [], [])


@pytest.mark.parametrize(("count", "height"), [(0, 304), (1, 304), (4, 304), (5, 568)])
def test_the_sheet_has_rows_of_four(count, height):
    sheet = contact_sheet("mug \x00" * 50, [HIT] * count)
    assert sheet.size == (1056, height)
    first = np.asarray(sheet)[40:88, 12:76]
    assert (abs(first[20:30, 24:30].astype(int) - 128).max() < 8) == (count > 0)


@pytest.mark.slow
def test_the_command(tmp_path):
    bag, out = write_recorded_bag(tmp_path / "bag", 6, depth=False), tmp_path / "out"
    done = run("label", bag, "--image-topic", "/camera/image_raw", "--out", out, "--keep-embeddings")
    assert done.returncode == 0, done.stderr
    done = run("find", out, "mug", "--html", tmp_path / "p.html", "--sheet", tmp_path / "s.png")
    assert done.returncode == 0, done.stderr
    head, *lines = done.stdout.splitlines()
    assert head.split() == ["score", "time", "seen", "track", "camera", "bag"]
    assert lines and all(line.endswith("  bag") for line in lines)
    assert (tmp_path / "p.html").read_text().count("<li>") == len(lines)
    assert cv2.imread(str(tmp_path / "s.png")).shape[1] == 1056
    done = run("find", out, "giraffe", "--min-score", "0.99")
    assert done.returncode == 1 and "nothing scores 0.99 or more; --min-score 0 lists" in done.stderr
    done = run("find", tmp_path, "mug")
    assert done.returncode == 1 and "has no results with embeddings" in done.stderr
    done = run("find", out, "red", "mug")
    assert done.returncode == 1 and "red is no folder; several words need quotes: 'red mug'" in done.stderr
    once, twice = (run("find", *folders, "mug").stdout for folders in ([out], [out, f"{out}/"]))
    assert once == twice
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken/x_labels.mcap").touch()
    (tmp_path / "broken/x_labels.embeddings").touch()
    done = run("find", tmp_path / "broken", out, "mug")
    assert done.returncode == 1 and done.stdout == once and "x_labels.mcap has no metadata" in done.stderr
    for words in (["--top", "0"], ["--min-score", "nan"], ["--sheet", "x.gif"], ["--html", "/no/x.html"]):
        done = run("find", out, "mug", *words)
        assert done.returncode == 2 and f"argument {words[0]}: " in done.stderr
    done = run("find", out, "a|b")
    assert done.returncode == 1 and done.stderr.startswith("eovseg-bags: ") and "Traceback" not in done.stderr
