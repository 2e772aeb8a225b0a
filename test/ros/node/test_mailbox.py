import threading

from eovseg_ros.node.mailbox import Mailbox


def test_the_newest_item_replaces_an_older_one_and_is_counted():
    mailbox = Mailbox()
    for item in (1, 2, 3):
        mailbox.put(item)
    assert mailbox.take() == 3
    assert mailbox.replaced == 2
    assert not mailbox.occupied


def test_an_item_taken_in_time_is_not_counted():
    mailbox = Mailbox()
    for item in (1, 2):
        mailbox.put(item)
        assert mailbox.take() == item
    assert mailbox.replaced == 0


def test_take_waits_for_an_item():
    mailbox = Mailbox()
    taken = []
    thread = threading.Thread(target=lambda: taken.append(mailbox.take()))
    thread.start()
    mailbox.put("picture")
    thread.join(5)
    assert taken == ["picture"]


def test_a_nudge_lets_take_return_once_without_an_item():
    mailbox = Mailbox()
    mailbox.nudge()
    assert mailbox.take() is None
    mailbox.put(1)
    assert mailbox.take() == 1


def test_a_nudge_is_used_up_by_the_take_that_it_ends():
    mailbox = Mailbox()
    mailbox.nudge()
    mailbox.nudge()  # before anybody took notice of the first
    assert mailbox.take() is None
    taken = []
    thread = threading.Thread(target=lambda: taken.append(mailbox.take()))
    thread.start()
    thread.join(0.2)
    assert thread.is_alive() and not taken
    mailbox.put("image")
    thread.join(5)
    assert taken == ["image"]


def test_a_nudge_is_used_up_by_a_take_that_finds_an_item():
    mailbox = Mailbox()
    mailbox.put(1)
    mailbox.nudge()
    assert mailbox.take() == 1
    taken = []
    thread = threading.Thread(target=lambda: taken.append(mailbox.take()))
    thread.start()
    thread.join(0.2)
    assert thread.is_alive() and not taken
    mailbox.put("image")
    thread.join(5)
    assert taken == ["image"]


def test_a_closed_mailbox_forgets_what_it_held_and_never_blocks():
    mailbox = Mailbox()
    mailbox.put(1)
    mailbox.close()
    mailbox.put(2)
    assert mailbox.take() is None
    assert mailbox.take() is None
