"""The segment tree with plain values."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from emulator.deployment.routes import RouteTree


def tree(*paths: str) -> RouteTree:
    """Each resource answers GET with its own path."""
    made = RouteTree()
    for path in paths:
        made.add(path, {"GET": path})
    return made


class Precedence(SynchronousTestCase):
    def check(self, made: RouteTree, path: str, expected: str | None, **parameters: str) -> None:
        found = made.find(path, "GET")
        self.assertEqual(found, None if expected is None else (expected, parameters))

    def test_static_variable_greedy(self) -> None:
        made = tree("/", "/a", "/a/b", "/a/{x}", "/a/{y+}", "/{x}", "/{all+}")
        self.check(made, "/", "/")
        self.check(made, "/a", "/a")
        self.check(made, "/a/b", "/a/b")
        self.check(made, "/a/c", "/a/{x}", x="c")
        self.check(made, "/a/c/d", "/a/{y+}", y="c/d")
        self.check(made, "/b", "/{x}", x="b")
        self.check(made, "/b/c", "/{all+}", all="b/c")

    def test_backtracking(self) -> None:
        made = tree("/a/b/c", "/a/{x}/d", "/{y}/b/e", "/{z+}")
        self.check(made, "/a/b/c", "/a/b/c")
        self.check(made, "/a/b/d", "/a/{x}/d", x="b")
        self.check(made, "/a/b/e", "/{y}/b/e", y="a")
        self.check(made, "/a/b/f", "/{z+}", z="a/b/f")

    def test_slashes(self) -> None:
        made = tree("/a", "/{x+}")
        self.check(made, "/a/", "/a")
        self.check(made, "//a", "/{x+}", x="/a")
        self.check(made, "//", None)
        self.check(tree("/a/{x}"), "/a//", None)

    def test_verbs(self) -> None:
        made = RouteTree()
        made.add("/a", {"GET": "get", "ANY": "any"})
        made.add("/{p+}", {"POST": "greedy post"})
        self.assertEqual(made.find("/a", "GET"), ("get", {}))
        self.assertEqual(made.find("/a", "POST"), ("any", {}))
        self.assertIsNone(made.find("/a", "TRACE"))
        self.assertEqual(made.verbs("/a"), {"GET", "ANY"})
        self.assertIsNone(made.verbs("/"))
        one = RouteTree()
        one.add("/a", {"GET": "get"})
        one.add("/{p+}", {"POST": "greedy post"})
        self.assertEqual(one.find("/a", "POST"), ("greedy post", {"p": "a"}))

    def test_escaped_segments(self) -> None:
        made = tree("/a b", "/{x}")
        self.check(made, "/a%20b", "/a b")
        self.check(made, "/%61", "/{x}", x="%61")

    def test_a_very_long_path(self) -> None:
        rest = "/".join("x" * 5000)
        self.check(tree("/{p+}"), "/" + rest, "/{p+}", p=rest)

    def test_capture(self) -> None:
        self.assertEqual(RouteTree.capture("/a/{x}/{y+}", "/a/1/2/3"), {"x": "1", "y": "2/3"})
        self.assertIsNone(RouteTree.capture("/a/{x}", "/b/1"))
