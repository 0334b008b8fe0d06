"""Quotas: periods, offsets, spending, changing what remains."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from emulator.store import usage
from emulator.store.records import Region


def plan(limit: int, period: str, offset: int = 0) -> dict[str, Any]:
    return {"id": "p", "quota": {"limit": limit, "period": period, "offset": offset}}


class Usage(SynchronousTestCase):
    def setUp(self) -> None:
        self.region = Region(account="000000000000", name="us-east-1")

    def spend(self, given: dict[str, Any], day: str, times: int = 1) -> list[bool]:
        return [usage.spend(self.region, given, "k", day) for _ in range(times)]

    def test_days_are_utc(self) -> None:
        self.assertEqual("2023-11-14", usage.day_of(1_700_000_000.0))
        self.assertEqual("1970-01-01", usage.day_of(86_399.0))

    def test_periods(self) -> None:
        for day, period, start, end in (
            ("2024-02-29", "DAY", "2024-02-29", "2024-02-29"),
            ("2024-02-29", "MONTH", "2024-02-01", "2024-02-29"),
            ("2024-03-03", "WEEK", "2024-03-03", "2024-03-09"),  # a Sunday
            ("2024-03-09", "WEEK", "2024-03-03", "2024-03-09"),
            ("2024-01-01", "WEEK", "2023-12-31", "2024-01-06"),
        ):
            self.assertEqual((start, end), (usage.period_start(day, period), usage.period_end(day, period)))

    def test_used_up_and_renewed(self) -> None:
        given = plan(2, "DAY")
        self.assertEqual([True, True, False, False], self.spend(given, "2024-01-01", 4))
        self.assertEqual(0, usage.remaining(self.region, given, "k", "2024-01-01"))
        self.assertEqual([True], self.spend(given, "2024-01-02"))
        self.assertEqual([[2, 0], [1, 1], [0, 2]], usage.days(self.region, given, "k", "2024-01-01", "2024-01-03"))

    def test_a_month_carries_over_its_days(self) -> None:
        given = plan(5, "MONTH")
        self.spend(given, "2024-01-10", 2)
        self.spend(given, "2024-01-20", 2)
        self.assertEqual(1, usage.remaining(self.region, given, "k", "2024-01-31"))
        self.assertEqual(5, usage.remaining(self.region, given, "k", "2024-02-01"))
        self.assertEqual([[2, 3], [0, 3], [0, 3]], usage.days(self.region, given, "k", "2024-01-10", "2024-01-12"))

    def test_the_offset_holds_for_the_first_period_only(self) -> None:
        given = plan(5, "DAY", offset=3)
        self.assertEqual([True, True, False], self.spend(given, "2024-01-01", 3))
        self.assertEqual([True] * 5 + [False], self.spend(given, "2024-01-02", 6))

    def test_keys_do_not_share(self) -> None:
        given = plan(1, "DAY")
        self.assertTrue(usage.spend(self.region, given, "a", "2024-01-01"))
        self.assertTrue(usage.spend(self.region, given, "b", "2024-01-01"))
        self.assertFalse(usage.spend(self.region, given, "a", "2024-01-01"))

    def test_more_may_be_granted(self) -> None:
        given = plan(1, "MONTH")
        self.spend(given, "2024-01-01", 2)
        usage.set_remaining(self.region, given, "k", "2024-01-02", 10)
        self.assertEqual([True] * 10 + [False], self.spend(given, "2024-01-02", 11))

    def test_without_a_quota_requests_are_counted(self) -> None:
        given: dict[str, Any] = {"id": "p"}
        self.assertEqual([True] * 3, self.spend(given, "2024-01-01", 3))
        self.assertIsNone(usage.remaining(self.region, given, "k", "2024-01-01"))
        self.assertEqual([[3, 0]], usage.days(self.region, given, "k", "2024-01-01", "2024-01-01"))

    def test_a_changed_limit_counts_what_was_spent(self) -> None:
        given = plan(10, "DAY")
        self.spend(given, "2024-01-01", 4)
        given["quota"]["limit"] = 5
        usage.rebase(self.region, given, None, "2024-01-01")
        self.assertEqual(1, usage.remaining(self.region, given, "k", "2024-01-01"))
        given["quota"]["limit"] = 3
        usage.rebase(self.region, given, None, "2024-01-01")
        self.assertEqual(0, usage.remaining(self.region, given, "k", "2024-01-01"))

    def test_forgetting(self) -> None:
        given = plan(10, "DAY")
        self.spend(given, "2024-01-01")
        usage.forget(self.region, "other")
        self.assertEqual(9, usage.remaining(self.region, given, "k", "2024-01-01"))
        usage.forget(self.region, key_id="k")
        self.assertEqual(10, usage.remaining(self.region, given, "k", "2024-01-01"))
