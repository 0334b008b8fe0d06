"""``apigw-emu render``: a mapping template rendered on the spot, for people who debug one.

Belongs here: reading the command line and the files, printing the result. Never here: rendering itself
(velocity/template.py).
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Mapping
from io import TextIOWrapper
from pathlib import Path
from typing import Any, TextIO

from emulator.mapping.errors import MappingError
from emulator.mapping.scope import Scope
from emulator.mapping.velocity.template import compile_template


def scope_of(context: Mapping[str, Any]) -> Scope:
    """A scope from a case's ``context``: ``{body, params: {path, querystring, header}, stageVariables,
    context}``, all optional.
    """
    body = context.get("body")
    if body is not None and not isinstance(body, str):
        body = json.dumps(body, ensure_ascii=False)
    params = _members(context, "params")
    return Scope(
        body=body or "",
        path=_members(params, "path"),
        querystring=_members(params, "querystring"),
        header=_members(params, "header"),
        stage_variables=_members(context, "stageVariables"),
        context=_members(context, "context"),
    )


def _members(given: Mapping[str, Any], name: str) -> dict[str, Any]:
    """An object of the input; nothing at all is an empty one. Raises ValueError for anything else."""
    value = given.get(name)
    if value is not None and not isinstance(value, dict):
        raise ValueError(f"{name} must be an object")
    return value or {}


def overrides_of(scope: Scope) -> dict[str, Any]:
    """What a rendering left, as the cases show it: ``status`` only where it was set."""
    response: dict[str, Any] = {"header": scope.response_override["header"]}
    if scope.response_override["status"] is not None:
        response["status"] = scope.response_override["status"]
    request = {part: scope.request_override[part] for part in ("header", "path", "querystring")}
    return {"requestOverride": request, "responseOverride": response}


def render_case(case: Mapping[str, Any]) -> dict[str, Any]:
    """One case: ``{id, out, overrides}``, or ``{id, error, line, column}``."""
    try:
        if not isinstance(case.get("template"), str):
            raise ValueError("the template must be text")
        scope = scope_of(_members(case, "context"))
        out = compile_template(case["template"]).render(scope)
    except (MappingError, ValueError) as error:
        failed: dict[str, Any] = {"id": case.get("id"), "error": str(error)}
        if isinstance(error, MappingError) and error.line:
            failed.update(line=error.line, column=error.column)
        return failed
    return {"id": case.get("id"), "out": out, "overrides": overrides_of(scope)}


def render_cases(cases: list[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Each case on its own: a broken one does not stop the others."""
    return [render_case(case) for case in cases]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="apigw-emu render", description="Render a mapping template offline.")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--template", metavar="FILE", help="the template ('-': standard input)")
    what.add_argument("--cases", metavar="FILE", help="a JSON list of {id, template, context} ('-': standard input)")
    parser.add_argument("--body", metavar="FILE", help="the payload")
    parser.add_argument(
        "--context", metavar="FILE", help="JSON: {params: {path, querystring, header}, stageVariables, context}"
    )
    parser.add_argument("--json", action="store_true", help="print {out, overrides} as JSON")
    return parser


def _streams(*given: TextIO | None) -> Iterator[tuple[TextIO | None, TextIO]]:
    return zip(given, (sys.stdin, sys.stdout, sys.stderr), strict=True)


def _utf8(stream: TextIO) -> TextIO:
    """The process's own stream, in UTF-8 whatever the locale says: templates and bodies are."""
    if isinstance(stream, TextIOWrapper):
        stream.reconfigure(encoding="utf-8")
    return stream


def _read(name: str, stdin: TextIO) -> str:
    return stdin.read() if name == "-" else Path(name).read_text(encoding="utf-8-sig")


def _load(name: str, stdin: TextIO) -> Any:
    try:
        return json.loads(_read(name, stdin))
    except RecursionError as error:
        raise ValueError(f"{name}: the JSON is nested too deeply") from error
    except json.JSONDecodeError as error:
        raise ValueError(f"{name}: {error}") from error


def _dump(value: Any, indent: int | None = None) -> str:
    """JSON; what is no Unicode text (half a surrogate pair) is escaped."""
    text = json.dumps(value, ensure_ascii=False, indent=indent)
    try:
        text.encode()
    except UnicodeEncodeError:
        text = json.dumps(value, indent=indent)
    return text


def main(
    argv: list[str], stdin: TextIO | None = None, stdout: TextIO | None = None, stderr: TextIO | None = None
) -> int:
    """Runs the command; 0 when all rendered, 1 when the template failed, 2 when the input cannot be read."""
    options = _parser().parse_args(argv)
    stdin, stdout, complain = (given or _utf8(own) for given, own in _streams(stdin, stdout, stderr))
    try:
        cases = _cases(options, stdin)
    except (OSError, ValueError) as error:
        complain.write(f"apigw-emu render: {error}\n")
        return 2
    results = render_cases(cases)
    if options.cases:
        stdout.write(_dump(results, 1) + "\n")
        return 0
    result = results[0]
    if "error" in result:
        complain.write(f"apigw-emu render: {options.template}: {result['error']}\n")
        return 1
    if options.json:
        stdout.write(_dump({"out": result["out"], "overrides": result["overrides"]}) + "\n")
        return 0
    stdout.write(result["out"])
    if any(result["overrides"]["requestOverride"].values()) or result["overrides"]["responseOverride"] != {
        "header": {}
    }:
        complain.write(_dump(result["overrides"]) + "\n")
    return 0


def _cases(options: argparse.Namespace, stdin: TextIO) -> list[Mapping[str, Any]]:
    if options.cases:
        cases = _load(options.cases, stdin)
        if not isinstance(cases, list) or not all(isinstance(case, dict) for case in cases):
            raise ValueError("the cases must be a list of objects with a template")
        return cases
    context = _load(options.context, stdin) if options.context else {}
    if not isinstance(context, dict):
        raise ValueError("the context must be an object")
    if options.body:
        context = {**context, "body": _read(options.body, stdin)}
    return [{"id": options.template, "template": _read(options.template, stdin), "context": context}]
