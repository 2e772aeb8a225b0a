from eovseg_ros.node.reporting import log_limit
from eovseg_ros.node.reporting.log_limit import LogLimit


def test_the_same_error_is_logged_once_a_minute_and_another_one_after_five_seconds(monkeypatch):
    now = [100.0]
    monkeypatch.setattr(log_limit.time, "monotonic", lambda: now[0])
    logged = []
    limit = LogLimit()

    def tell_at(seconds, error):
        now[0] = 100 + seconds
        if limit.allows(error):
            logged.append(f"{error} at {seconds}")

    for seconds in (0, 1, 30, 59):
        tell_at(seconds, "a")
    assert logged == ["a at 0"]
    tell_at(60, "a")
    tell_at(64, "b")
    tell_at(65, "b")
    tell_at(66, "a")
    tell_at(71, "c")
    assert logged[1:] == ["a at 60", "b at 65", "c at 71"]


def test_ever_new_errors_are_logged_every_five_seconds(monkeypatch):
    now = [100.0]
    monkeypatch.setattr(log_limit.time, "monotonic", lambda: now[0])
    logged = []
    limit = LogLimit()
    for number in range(1000):
        now[0] += 0.1
        if limit.allows(str(number)):
            logged.append(number)
    assert len(logged) == 20
