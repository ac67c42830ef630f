"""Plain data as text and back, to the last bit: no pickle, for a file may come from a stranger."""

from __future__ import annotations

import base64
import json
import struct
from typing import Any, Literal

import numpy as np

from ...errors import InvalidInput

__all__ = ["from_text", "to_text"]

# Python turns decimal text of more than 4300 digits into no number.
_LARGEST_DECIMAL = 2**63
_KINDS_OF_ARRAYS = "biufcSUmM"


def to_text(answer: Any) -> str:
    """Return plain data as JSON on one line.

    Parameters
    ----------
    answer : None, bool, int, float, str, ndarray or numpy scalar, list, tuple or dict
        Dicts have text as keys. Subclasses are refused: they would come back as something else.

    Raises
    ------
    InvalidInput
        For anything else.

    Notes
    -----
    What JSON lacks is an object with one key: ``{"tuple": [...]}``, ``{"dict": {...}}``,
    ``{"int": "0x..."}``, ``{"float": "7ff8000000000000"}`` for what is not finite, and
    ``{"array": [dtype, shape, order, base64]}``. Finite floats are written so that the same double
    is read back.

    Examples
    --------
    >>> to_text({"counts": [1, 2], "at": (0.5, -0.0)})
    '{"dict":{"counts":[1,2],"at":{"tuple":[0.5,-0.0]}}}'
    """
    return json.dumps(_packed(answer), separators=(",", ":"), allow_nan=False)


def from_text(text: str | bytes) -> Any:
    """Return the plain data that `to_text` wrote.

    Raises
    ------
    ValueError
        For any other text.

    Examples
    --------
    >>> from_text(to_text([(1, 2.5), {"limit": float("inf")}]))
    [(1, 2.5), {'limit': inf}]
    """
    try:
        return _unpacked(json.loads(text))
    except (TypeError, KeyError, RecursionError, struct.error) as error:
        raise ValueError(f"not plain data as it is recorded ({error})") from None


def _packed(value: Any) -> Any:
    kind = type(value)
    if value is None or kind is bool or kind is str:
        return value
    if kind is int:
        return value if abs(value) < _LARGEST_DECIMAL else {"int": hex(value)}
    if kind is float:
        return value if np.isfinite(value) else {"float": struct.pack(">d", value).hex()}
    if kind is list:
        return [_packed(item) for item in value]
    if kind is tuple:
        return {"tuple": [_packed(item) for item in value]}
    if kind is dict and all(type(key) is str for key in value):
        return {"dict": {key: _packed(item) for key, item in value.items()}}
    if kind is np.ndarray and value.dtype.kind in _KINDS_OF_ARRAYS:
        return {"array": _packed_array(value)}
    if isinstance(value, np.generic) and value.dtype.kind in _KINDS_OF_ARRAYS:
        return {"scalar": _packed_array(np.asarray(value))}
    raise InvalidInput(
        "answer",
        value,
        "None, truth values, numbers, text, arrays, and lists, tuples and dicts of them",
        "only that can be recorded in a checkpoint",
    )


def _packed_array(array: np.ndarray) -> list[Any]:
    # Sums of numbers depend on the order in memory, which therefore must come back as it was.
    order: Literal["C", "F"] = (
        "F" if array.flags.f_contiguous and not array.flags.c_contiguous else "C"
    )
    data = base64.b64encode(array.tobytes(order)).decode("ascii")
    return [array.dtype.str, list(array.shape), order, data]


def _unpacked(value: Any) -> Any:
    if isinstance(value, list):
        return [_unpacked(item) for item in value]
    if not isinstance(value, dict):
        return value
    ((kind, content),) = value.items()
    if kind == "tuple":
        return tuple(_unpacked(item) for item in content)
    if kind == "dict":
        return {key: _unpacked(item) for key, item in content.items()}
    if kind == "int":
        return int(content, 16)
    if kind == "float":
        return struct.unpack(">d", bytes.fromhex(content))[0]
    if kind == "array":
        return _unpacked_array(content)
    if kind == "scalar":
        return _unpacked_array(content)[()]
    raise ValueError(f"unknown kind {kind!r}")


def _unpacked_array(content: Any) -> np.ndarray:
    name, shape, order, data = content
    dtype = np.dtype(name)
    if dtype.kind not in _KINDS_OF_ARRAYS or order not in ("C", "F"):
        raise ValueError(f"no array of {name!r} in order {order!r}")
    flat = np.frombuffer(base64.b64decode(data, validate=True), dtype=dtype)
    return flat.reshape(shape, order=order).copy(order=order)
