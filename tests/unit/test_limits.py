"""The rate limiter: windows, concurrency, the breaker; pure, so without sleeping."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from wecom_auto import Rate, RateLimiter

PATH = "/cgi-bin/x"


@given(
    st.lists(st.tuples(st.floats(0, 0.2), st.floats(0, 0.5), st.floats(0, 1)), min_size=30, max_size=120),
    st.integers(1, 10),
)
def test_no_window_of_the_platform_holds_more_than_its_calls(
    arrivals: list[tuple[float, float, float]], calls: int
) -> None:
    """Wherever between request and answer the platform counts a call, any second holds at most the allowed number."""
    limiter = RateLimiter({"*": (Rate(calls, 1.0),)})
    now = 0.0
    counted: list[float] = []
    under_way: list[float] = []
    for gap, latency, place in arrivals:
        now += gap
        while True:
            for answered in sorted(at for at in under_way if at <= now):
                limiter.leave(PATH, answered)
            under_way = [at for at in under_way if at > now]
            if (delay := limiter.delay(PATH, now)) == 0:
                break
            now += delay
        assert limiter.enter(PATH)
        under_way.append(now + latency)
        counted.append(now + latency * place)
    for start in counted:
        assert sum(start <= at < start + 1.0 - 1e-9 for at in counted) <= calls


def test_paths_do_not_share_a_window() -> None:
    """The platform counts per API."""
    limiter = RateLimiter({"*": (Rate(1, 60),)})
    for path in ("/a", "/b"):
        assert limiter.enter(path)
        assert limiter.delay(path, 0) == 0
    limiter.leave("/a", 5)
    assert limiter.delay("/a", 6) == 59
    assert limiter.delay("/a", 65) == 0


def test_a_crowded_answer_halves_the_calls_at_once() -> None:
    """After 45033 with eight in flight four may go, and successes win the places back one by one."""
    limiter = RateLimiter()
    for _ in range(8):
        assert limiter.enter(PATH)
    limiter.leave(PATH, None, crowded=True)
    for _ in range(7):
        limiter.leave(PATH, None)
    assert [limiter.enter(PATH) for _ in range(5)] == [True, True, True, True, False]
    for _ in range(4):
        limiter.leave(PATH, None)
    for _ in range(60):
        assert limiter.enter(PATH)
        limiter.leave(PATH, None)
    assert [limiter.enter(PATH) for _ in range(6)] == [True, True, True, True, True, False]


def test_marking_tags_starts_with_five_at_once() -> None:
    """mark_tag is known for 45033, so it starts careful."""
    limiter = RateLimiter()
    taken = [limiter.enter("/cgi-bin/externalcontact/mark_tag") for _ in range(6)]
    assert taken == [True] * 5 + [False]


def test_the_breaker_closes_after_the_window() -> None:
    """A block lasts as long as the shortest window of the path."""
    limiter = RateLimiter({"*": (Rate(100, 1), Rate(1000, 60))})
    assert limiter.block(PATH, 10.0) == 1
    assert limiter.delay(PATH, 10.5) == 0.5
    assert limiter.delay(PATH, 11.0) == 0
