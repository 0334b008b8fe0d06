"""Request validation: what is checked, where the work is done, what the log says."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from emulator.execute_api import validate
from tests.execute_api.world import World, mock_method


def world(parameters: bool = True, body: bool = True, **method: Any) -> World:
    made = mock_method(200, "ok", requestValidatorId="v", **method)
    return World(
        {"/{id}": {"POST": made}},
        validators={"v": {"id": "v", "validateRequestParameters": parameters, "validateRequestBody": body}},
        models={"M": {"name": "M", "schema": '{"type":"object","required":["a"]}'}, "Bad": {"schema": "{"}},
        stage={"methodSettings": {"*/*": {"loggingLevel": "INFO"}}},
    )


class Validation(SynchronousTestCase):
    MODEL = {"application/json": "M"}

    def test_flags_of_the_validator(self) -> None:
        wanted = {"requestParameters": {"method.request.header.X": True}, "requestModels": self.MODEL}
        cases = ((True, True, 400), (True, False, 400), (False, True, 400), (False, False, 200))
        for parameters, body, status in cases:
            self.assertEqual(world(parameters, body, **wanted).send("POST", "/1").status, status)

    def test_parameters_before_the_body(self) -> None:
        made = world(requestParameters={"method.request.querystring.q": True}, requestModels=self.MODEL)
        self.assertIn(b"Missing required request parameters: [q]", made.send("POST", "/1").body)
        self.assertIn(b"Invalid request body", made.send("POST", "/1?q=1").body)
        self.assertEqual(made.send("POST", "/1?q=1", {}, b'{"a":1}').status, 200)

    def test_missing_parameters_in_awss_order(self) -> None:
        names = ("querystring.dividend", "querystring.divisor", "header.divisor")
        made = world(requestParameters={f"method.request.{name}": True for name in names})
        self.assertIn(b"Missing required request parameters: [divisor, dividend]", made.send("POST", "/1").body)

    def test_the_content_type_picks_the_model(self) -> None:
        made = world(requestModels=self.MODEL)
        for content_type, status in (
            ("application/json; charset=utf-8", 400),
            ("APPLICATION/JSON", 400),
            ("text/plain", 500),  # not validated, but MOCK's template is for JSON alone
        ):
            self.assertEqual(made.send("POST", "/1", {"Content-Type": content_type}, b"{}").status, status)

    def test_a_model_that_cannot_be_used(self) -> None:
        for name in ("Bad", "Nowhere"):
            reply = world(requestModels={"application/json": name}).send("POST", "/1", {}, b"{}")
            self.assertEqual((reply.status, reply.body), (500, b'{"message":"Internal server error"}'))

    def test_bodies_that_are_no_json(self) -> None:
        made = world(requestModels=self.MODEL)
        for body in (b"nope", b"{", b"\xff", b"[" * 100_000, b'{"a":NaN}', b"", b" \n"):
            self.assertEqual(made.send("POST", "/1", {}, body).status, 400, body[:5])

    def test_no_body_is_no_json(self) -> None:
        # AWS says so even of a model that requires nothing.
        made = World(
            {"/": {"POST": mock_method(200, "ok", requestValidatorId="v", requestModels={"application/json": "E"})}},
            validators={"v": {"id": "v", "validateRequestBody": True}},
            models={"E": {"name": "E", "schema": '{"type":"object"}'}},
            gateway_responses={
                "BAD_REQUEST_BODY": {"responseTemplates": {"application/json": "$context.error.validationErrorString"}}
            },
        )
        self.assertEqual(made.send("POST", "/", {}, b"{}").status, 200)
        for body in (b"", b"{"):
            reply = made.send("POST", "/", {}, body)
            self.assertEqual((reply.status, reply.body), (400, b"[Unknown error parsing request body]"))

    def test_large_bodies_are_checked_in_a_thread(self) -> None:
        made = world(requestModels=self.MODEL)
        seen: list[Any] = []
        run = made.effects.in_thread

        def in_thread(function: Any, *args: Any, **kwargs: Any) -> Any:
            seen.append(function)
            return run(function, *args, **kwargs)

        self.patch(type(made.effects), "in_thread", lambda _self, *args, **kwargs: in_thread(*args, **kwargs))
        made.send("POST", "/1", {}, b'{"a":"' + b"x" * 100 + b'"}')
        self.assertEqual(seen, [])
        reply = made.send("POST", "/1", {}, b'{"a":"' + b"x" * validate.LARGE + b'"}')
        self.assertEqual((reply.status, len(seen)), (200, 1))

    def test_the_log_says_why(self) -> None:
        made = world(requestModels=self.MODEL)
        seen: list[Any] = []

        class Observer:
            def finished(self, invocation: Any, _gateway: Any) -> None:
                seen.extend(invocation.log)

            def stop(self) -> None: ...

        made.gateway.observers.append(Observer())
        made.send("POST", "/1", {}, b"{}")
        expected = (
            "Request body does not match model schema for content type application/json: "
            '[object has missing required properties (["a"])]'
        )
        self.assertEqual(seen, [expected])
