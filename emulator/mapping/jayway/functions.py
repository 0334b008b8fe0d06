"""The functions of paths: ``length()``, ``sum()`` and so on.

Belongs here: what each gives, as Jayway 2.7 does (numbers come out as doubles). Never here: reading calls (reader.py).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

from emulator.mapping.errors import JsonPathError
from emulator.mapping.java_types import View
from emulator.mapping.jayway.tokens import Invoke, Walk
from emulator.mapping.values import to_text

_SMALLEST: Final = 4.9e-324


def _is_number(value: Any) -> bool:
    return type(value) in (int, float, Decimal)


def _numbers(model: Any, parameters: list[Any]) -> list[float]:
    found = [float(item) for item in model if _is_number(item)] if isinstance(model, list) else []
    for parameter in parameters:
        items = parameter if isinstance(parameter, list) else [parameter]
        found.extend(float(item) for item in items if _is_number(item))
    if not found:
        raise JsonPathError("Aggregation function attempted to calculate value using empty array")
    return found


def _aggregate(calculate: Callable[[list[float]], float]) -> Invoke:
    def invoke(model: Any, parameters: list[Any], walk: Walk) -> float:
        try:
            return calculate(_numbers(model, parameters))
        except OverflowError as error:
            raise JsonPathError("A number is too large") from error

    return invoke


def _total(numbers: list[float]) -> float:
    total = 0.0
    for number in numbers:
        total += number
    return total


def _deviation(numbers: list[float]) -> float:
    count = len(numbers)
    total = _total(numbers)
    variance = _total([number * number for number in numbers]) / count - total * total / count / count
    return math.sqrt(variance) if variance >= 0 else math.nan


def _length(model: Any, parameters: list[Any], walk: Walk) -> Any:
    if parameters:
        return len(parameters[0]) if isinstance(parameters[0], list | dict) else 0
    return len(model) if isinstance(model, list | dict) else None


def _texts(value: Any, walk: Walk) -> list[str]:
    items = value if isinstance(value, list) else [value]
    return [item if isinstance(item, str) else to_text(item, walk.budget) for item in items if item is not None]


def _concat(model: Any, parameters: list[Any], walk: Walk) -> str:
    pieces = [item for item in model if isinstance(item, str)] if isinstance(model, list) else []
    for parameter in parameters:
        pieces.extend(_texts(parameter, walk))
    walk.budget.charge(sum(map(len, pieces)))
    return "".join(pieces)


def _append(model: Any, parameters: list[Any], walk: Walk) -> Any:
    if isinstance(model, list):
        walk.budget.step(4 * len(parameters))
        model.extend(parameters)
    return model


def _keys(model: Any, parameters: list[Any], walk: Walk) -> Any:
    return View(model, model) if isinstance(model, dict) else None


FUNCTIONS: Final[dict[str, Invoke]] = {
    "avg": _aggregate(lambda numbers: _total(numbers) / len(numbers)),
    "stddev": _aggregate(_deviation),
    "sum": _aggregate(_total),
    "min": _aggregate(min),
    "max": _aggregate(lambda numbers: max(_SMALLEST, *numbers)),
    "concat": _concat,
    "length": _length,
    "size": _length,
    "append": _append,
    "keys": _keys,
}
