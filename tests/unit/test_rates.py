"""How often a client may ask, by a clock that the test turns."""

import pytest

from app.api.rates import Rates, address_key, admit, charge
from app.errors import TooMany


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_a_burst_is_let_through_and_no_more(clock):
    rates = Rates(10, 5, clock)
    taken = [rates.take("a") for _ in range(7)]
    assert [item.allowed for item in taken] == [True] * 5 + [False] * 2
    assert [item.remaining for item in taken] == [4, 3, 2, 1, 0, 0, 0]
    assert {item.limit for item in taken} == {5}
    assert taken[-1].retry == 1


def test_a_bucket_fills_evenly_and_not_beyond_its_size(clock):
    rates = Rates(2, 4, clock)
    for _ in range(4):
        rates.take("a")
    for wait, count in ((0.49, 0), (0.02, 1), (1.0, 2), (1000, 4)):
        clock.now += wait
        assert sum(rates.take("a").allowed for _ in range(10)) == count, wait


def test_what_is_refused_costs_nothing(clock):
    rates = Rates(1, 1, clock)
    rates.take("a")
    for _ in range(100):
        assert not rates.take("a").allowed
    clock.now += 1
    assert rates.take("a").allowed


@pytest.mark.parametrize("rate", [1, 3, 7, 10, 100, 999, 1_000_000])
def test_over_a_long_time_the_rate_is_exact(clock, rate):
    rates, allowed = Rates(rate, 1, clock), 0
    for _ in range(2000):
        allowed += rates.take("a").allowed
        clock.now += 1 / rate
    assert allowed == 2000


def test_a_wait_of_retry_seconds_is_enough_and_reset_tells_when_it_is_full(clock):
    rates = Rates(1, 3, clock)
    refused = [rates.take("a") for _ in range(4)][-1]
    assert (refused.allowed, refused.reset) == (False, 3)
    clock.now += refused.retry
    assert rates.take("a").allowed
    clock.now += 3
    assert [rates.take("a").allowed for _ in range(4)] == [True, True, True, False]


def test_clients_do_not_take_from_each_other(clock):
    rates = Rates(1, 1, clock)
    assert rates.take("a").allowed
    assert rates.take("b").allowed
    assert not rates.take("a").allowed


def test_a_rate_of_zero_is_no_limit_and_remembers_nobody(clock):
    rates = Rates(0, 5, clock)
    assert all(rates.take("a").allowed for _ in range(100))
    assert len(rates) == 0


def test_only_so_many_clients_are_remembered_and_the_silent_are_forgotten_first(clock):
    rates = Rates(1, 1, clock, most=100)
    for number in range(10_000):
        rates.take(str(number))
    assert len(rates) == 100
    assert not rates.take("9999").allowed
    assert not rates.take("9900").allowed
    assert rates.take("9899").allowed


def test_a_clock_that_goes_back_locks_nobody_out(clock):
    rates = Rates(1, 2, clock)
    rates.take("a")
    clock.now -= 1
    assert rates.take("a").retry <= 2


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("192.0.2.1", "192.0.2.2", False),
        ("192.0.2.1", "::ffff:192.0.2.1", True),
        ("2001:db8::1", "2001:db8::ffff:1", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
    ],
)
def test_an_ipv6_subscriber_is_one_key_whatever_addresses_are_used(one, other, same):
    keys = [address_key({"type": "http", "client": (address, 1)}) for address in (one, other)]
    assert (keys[0] == keys[1]) is same


def test_admitting_tells_what_is_left_and_refuses_with_what_to_wait(clock):
    rates, scope = Rates(1, 1, clock), {}
    admit(scope, rates, "a")
    assert scope["allowance"].headers() == [
        (b"ratelimit-limit", b"1"),
        (b"ratelimit-remaining", b"0"),
        (b"ratelimit-reset", b"1"),
    ]
    with pytest.raises(TooMany) as refused:
        admit(scope, rates, "a")
    assert refused.value.faults[0].code == "throttled"
    assert scope["allowance"].headers()[-1] == (b"retry-after", b"1")


def test_refused_tokens_are_counted_by_address(clock):
    scope = {"client": ("192.0.2.1", 1), "address_rates": Rates(1, 2, clock)}
    charge(scope)
    charge(scope)
    with pytest.raises(TooMany):
        charge(scope)
    charge({**scope, "client": ("192.0.2.2", 1)})
