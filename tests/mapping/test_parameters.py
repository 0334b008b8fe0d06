"""Parameter mappings over plain values."""

from __future__ import annotations

from typing import Any

from attrs import define, field
from twisted.trial.unittest import SynchronousTestCase

from emulator.mapping.parameters import BadMapping, compile_source, context_value, parse_mapping
from emulator.wire import Headers


@define
class Given:
    """``mapping.parameters.Values`` with what a test gives."""

    headers: Headers = field(factory=Headers)
    path: dict[str, str] = field(factory=dict)
    query: dict[str, list[str]] = field(factory=dict)
    context: dict[str, Any] = field(factory=dict)
    stage_variables: dict[str, str] = field(factory=dict)
    asked: list[str] = field(factory=list)

    def body_path(self, path: str) -> str | None:
        self.asked.append(path)
        return "body"


class Sources(SynchronousTestCase):
    def setUp(self) -> None:
        self.given = Given(
            headers=Headers([("X-A", "1"), ("x-a", "2"), ("x.dotted", "d")]),
            path={"id": "7"},
            query={"q": ["1", "2"], "a.b": ["c"]},
            context={"stage": "prod", "identity": {"sourceIp": "1.2.3.4", "user": None}, "flag": True, "n": 3},
            stage_variables={"v": "x"},
        )

    def read(self, source: str) -> Any:
        return compile_source(source)(self.given)

    def test_each(self) -> None:
        for source, value in (
            ("method.request.header.x-A", "2"),
            ("method.request.multivalueheader.X-A", ["1", "2"]),
            ("method.request.header.x.dotted", "d"),
            ("method.request.header.none", None),
            ("method.request.multivalueheader.none", None),
            ("method.request.path.id", "7"),
            ("method.request.path.none", None),
            ("method.request.querystring.q", "2"),
            ("method.request.multivaluequerystring.q", ["1", "2"]),
            ("method.request.querystring.a.b", "c"),
            ("method.request.querystring.Q", None),
            ("integration.response.header.X-A", "2"),
            ("integration.response.multivalueheader.x-a", ["1", "2"]),
            ("context.stage", "prod"),
            ("context.identity.sourceIp", "1.2.3.4"),
            ("context.identity.user", None),
            ("context.identity", None),
            ("context.flag", "true"),
            ("context.n", "3"),
            ("context.none.deeper", None),
            ("stageVariables.v", "x"),
            ("stageVariables.none", None),
            ("'a literal'", "a literal"),
            ("''", ""),
        ):
            self.assertEqual(self.read(source), value, source)

    def test_bodies_are_read_by_path(self) -> None:
        for source in (
            "method.request.body",
            "method.request.body.a.b[0]",
            "method.request.body['x']",
            "integration.response.body",
            "integration.response.body[1]",
        ):
            self.assertEqual(self.read(source), "body")
        self.assertEqual(self.given.asked, ["$", "$.a.b[0]", "$['x']", "$", "$[1]"])

    def test_what_is_no_source(self) -> None:
        for source in ("", "'", "literal", "method.request.cookie.x", "method.response.header.x", "$context.stage"):
            self.assertRaises(BadMapping, compile_source, source)

    def test_targets(self) -> None:
        made = parse_mapping("integration.request.header.X.Y", "'v'", "integration.request")
        self.assertEqual((made.place, made.name, made.source), ("header", "X.Y", "'v'"))
        for target in ("integration.request.header.", "integration.request.body.x", "method.response.header.X", "X"):
            self.assertRaises(BadMapping, parse_mapping, target, "'v'", "integration.request")

    def test_context_values(self) -> None:
        self.assertEqual(context_value({"a": {"b": 0}}, "a.b"), 0)
        self.assertIsNone(context_value({"a": "text"}, "a.b"))
