import threading

from eovseg_ros.node.threads.publishing_order import PublishingOrder


def test_turns_come_in_the_order_of_the_tickets_and_not_in_that_of_the_work():
    order = PublishingOrder()
    tickets = [order.draw() for _ in range(3)]
    published = []

    def publish(ticket):
        order.wait_for(ticket)
        published.append(ticket)
        order.done(ticket)

    threads = [threading.Thread(target=publish, args=[ticket]) for ticket in reversed(tickets)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(5)
    assert published == tickets


def test_a_frame_that_is_never_published_holds_nobody_up_once_it_is_done_with():
    order = PublishingOrder()
    failed, good = order.draw(), order.draw()
    turn = threading.Event()
    waiting = threading.Thread(target=lambda: (order.wait_for(good), turn.set()))
    waiting.start()
    assert not turn.wait(0.1)
    order.done(failed)
    assert turn.wait(5)


def test_being_done_before_ones_turn_waits_for_it():
    order = PublishingOrder()
    first, second, third = (order.draw() for _ in range(3))
    early = threading.Thread(target=order.done, args=[second])
    early.start()
    early.join(0.2)
    assert early.is_alive()
    order.wait_for(first)  # still its turn
    order.done(first)
    early.join(5)
    assert not early.is_alive()
    last = threading.Thread(target=order.wait_for, args=[third])
    last.start()
    last.join(5)
    assert not last.is_alive()
