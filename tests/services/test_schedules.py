"""Rates and cron expressions, by dates worked out on a calendar."""

from __future__ import annotations

from datetime import UTC, datetime

from twisted.trial.unittest import SynchronousTestCase

from emulator.services.schedules import next_time


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


class Schedules(SynchronousTestCase):
    def test_rates(self) -> None:
        for text, seconds in (("rate(1 minute)", 60), ("rate(5 minutes)", 300), ("rate(2 hours)", 7200),
                              ("rate(1 day)", 86400)):  # fmt: skip
            self.assertEqual(next_time(text, 1000.5), 1000.5 + seconds)
        for text in ("rate(0 minutes)", "rate(1 week)", "every minute", "cron(* * * *)", "cron(99 * * * ? *)"):
            self.assertIsNone(next_time(text, 0), text)

    def test_cron(self) -> None:
        since = at("2024-05-15T10:20:30")  # a Wednesday
        for text, expected in (
            ("cron(* * * * ? *)", "2024-05-15T10:21:00"),
            ("cron(0/15 * * * ? *)", "2024-05-15T10:30:00"),
            ("cron(0 10 * * ? *)", "2024-05-16T10:00:00"),
            ("cron(0 18 ? * MON-FRI *)", "2024-05-15T18:00:00"),
            ("cron(15 10 ? * 6L *)", "2024-05-31T10:15:00"),
            ("cron(0 0 1 * ? *)", "2024-06-01T00:00:00"),
            ("cron(0 0 1 1/3 ? *)", "2024-07-01T00:00:00"),
            ("cron(0 0 L * ? *)", "2024-05-31T00:00:00"),
            ("cron(0 0 LW 6 ? *)", "2024-06-28T00:00:00"),
            ("cron(0 0 1W 6 ? *)", "2024-06-03T00:00:00"),
            ("cron(0 9 ? * 2#1 *)", "2024-06-03T09:00:00"),
            ("cron(0 9 ? * SAT *)", "2024-05-18T09:00:00"),
            ("cron(0 0 29 FEB ? *)", "2028-02-29T00:00:00"),
            ("cron(5,10 8-9 * * ? 2025)", "2025-01-01T08:05:00"),
            ("cron(20/20 10 15 MAY ? *)", "2024-05-15T10:40:00"),
        ):
            found = next_time(text, since)
            self.assertEqual(found and datetime.fromtimestamp(found, UTC).isoformat()[:19], expected, text)
        self.assertIsNone(next_time("cron(0 0 1 1 ? 2020)", since))
        self.assertIsNone(next_time("cron(0 0 30 FEB ? *)", since))

    def test_a_minute_is_met_once(self) -> None:
        now = at("2024-05-15T10:00:00")
        for _ in range(3):
            after = next_time("cron(0/10 * * * ? *)", now)
            assert after is not None
            self.assertEqual(after - now, 600)
            now = after
