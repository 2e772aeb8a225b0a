"""Bags with random damage: each is labelled as far as it can be read, or reported."""

import random
import shutil

import pytest
from bag_files import write_bag
from test_labelling import labeller, moving

from eovseg_ros.bags.labelling.report import Status

DAMAGES = 80  # of each kind of bag
KINDS = [("mcap", None), ("mcap", "storage"), ("sqlite3", None), ("sqlite3", "message"), ("sqlite3", "file")]


def damage(data, chance):
    """Change some bytes, many of them near the ends, where the indices are; or cut; or insert."""
    kind = chance.random()
    if kind < 0.6:
        for _ in range(chance.choice([1, 1, 3, 20])):
            near = min(1000, len(data))
            places = (
                chance.randrange(len(data)),
                chance.randrange(near),
                len(data) - 1 - chance.randrange(near),
            )
            data[chance.choice(places)] = chance.randrange(256)
    elif kind < 0.8:
        del data[chance.randrange(len(data)) :]
    else:
        place = chance.randrange(len(data))
        data[place:place] = bytes(chance.randrange(256) for _ in range(chance.randrange(1, 30)))
    return data


@pytest.mark.parametrize(("storage", "compression"), KINDS)
def test_damaged_bags_are_labelled_or_reported(tmp_path, storage, compression):
    chance = random.Random(f"{storage} {compression}")
    bag = write_bag(tmp_path / "bag", moving(5), storage=storage, compression=compression)
    own, found = labeller(), set()
    for i in range(DAMAGES):
        copy, target = tmp_path / f"{i}", tmp_path / f"{i}.mcap"
        shutil.copytree(bag, copy)
        file = chance.choice(sorted(copy.iterdir()))
        file.write_bytes(damage(bytearray(file.read_bytes()), chance))
        report = own.label(copy, target)
        assert target.exists() == (report.status != Status.FAILED)
        assert bool(report.error) == (report.status != Status.LABELLED)
        found.add(report.status)
        shutil.rmtree(copy)
    assert Status.FAILED in found
