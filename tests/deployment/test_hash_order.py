"""The order of a Java HashSet."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from emulator.deployment.hash_order import hash_order


class Order(SynchronousTestCase):
    def test_by_slot(self) -> None:
        self.assertEqual(hash_order(["b", "a", "b", "p"]), ["p", "a", "b"])  # 112, 97 and 98 modulo 16
        self.assertEqual(hash_order(["q", "a"]), ["q", "a"])  # one slot: as they came
        self.assertEqual(hash_order(["a", "q"]), ["a", "q"])
        self.assertEqual(hash_order([]), [])

    def test_a_larger_table(self) -> None:
        texts = [chr(each) for each in range(ord("m"), ord("m") + 13)]
        self.assertEqual(hash_order(texts[:12])[0], "p")  # 16 slots
        self.assertEqual(hash_order(texts)[0], "m")  # 32 slots

    def test_any_text(self) -> None:
        self.assertEqual(sorted(hash_order(["\U0001f600", "\ud800", "é"])), sorted(["\U0001f600", "\ud800", "é"]))

    def test_as_aws_listed_them(self) -> None:
        self.assertEqual(hash_order(["dividend", "divisor"]), ["divisor", "dividend"])
        self.assertEqual(hash_order(["x-header-param", "issuer", "qs1"]), ["x-header-param", "issuer", "qs1"])
