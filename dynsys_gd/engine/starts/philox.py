"""Random numbers that are a function of their number: no state, so any order gives the same."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...errors import InvalidInput
from ...regions import generator_of
from .lanes import Tiles, Value, Wholes

__all__ = ["SCHEDULE_WORDS", "Key", "checked_key", "key_of", "philox", "random_53", "schedule"]

#: Two whole numbers of 32 bits.
Key = tuple[int, int]

_LOW = 0xFFFFFFFF
_MULTIPLIERS = (0xD2511F53, 0xCD9E8D57)
_INCREMENTS = (0x9E3779B9, 0xBB67AE85)
_ROUNDS = 10

#: Words a schedule takes in a description.
SCHEDULE_WORDS = 2 * _ROUNDS


def key_of(rng: np.random.Generator | int | None) -> Key:
    """Return the key that `rng` determines; a Generator moves on, as with any other draw.

    Parameters
    ----------
    rng : None, int, Generator, BitGenerator or SeedSequence
        None draws a new key from the operating system.

    Examples
    --------
    >>> key_of(0) == key_of(0), key_of(0) == key_of(1)
    (True, False)
    """
    first, second = generator_of(rng).integers(0, 2**32, size=2)
    return int(first), int(second)


def checked_key(key: Any) -> Key:
    """Return a key as two ints, or refuse it."""
    whole = isinstance(key, (tuple, list)) and all(
        isinstance(part, (int, np.integer)) and not isinstance(part, bool) for part in key
    )
    if not whole or len(key) != 2 or not all(0 <= part <= _LOW for part in key):
        raise InvalidInput(
            "key", key, "two whole numbers of at least 0 and below 2^32", "call key_of(rng)"
        )
    return int(key[0]), int(key[1])


def schedule(key: Key) -> list[int]:
    """Return the keys of the ten rounds, two after two."""
    return [
        (part + turn * increment) & _LOW
        for turn in range(_ROUNDS)
        for part, increment in zip(key, _INCREMENTS, strict=True)
    ]


def philox(counter: tuple[Value, Value, Value, Value], keys: Any) -> tuple[Value, ...]:
    """Return the four words that Philox4x32-10 makes of four words.

    Parameters
    ----------
    counter : four arrays (or lanes) of whole numbers
        Only their lower 32 bits matter.
    keys : sequence
        The twenty round keys of `schedule`.

    Returns
    -------
    tuple of four arrays (or lanes)
        Words in the lower 32 bits; the upper ones are meaningless.

    References
    ----------
    [salmon2011parallel], section 3.3.
    """
    a, b, c, d = counter
    for turn in range(_ROUNDS):
        left = (a & _LOW) * _MULTIPLIERS[0]
        right = (c & _LOW) * _MULTIPLIERS[1]
        a, b = (right >> 32) ^ b ^ keys[2 * turn], right
        c, d = (left >> 32) ^ d ^ keys[2 * turn + 1], left
    return a, b, c, d


def random_53(start: Value, pair: Value, stream: int, keys: Any) -> tuple[Value, Value]:
    """Return two random whole numbers below 2^53 for each start.

    They are those of the coordinates 2 `pair` and 2 `pair` + 1: the upper 53 bits of the words
    (0, 1) and (2, 3), the first the upper one, of the counter (lower half of the number of the
    start, upper half of it, `pair`, `stream`).
    """
    words = philox((start, start >> 32, pair, pair * 0 + stream), keys)
    upper, lower = words[0::2], words[1::2]
    high, low = (((u << 32) | (v & _LOW)) >> 11 for u, v in zip(upper, lower, strict=True))
    return high, low


class StoredKeys:
    """The round keys, read from the description where they are used.

    Parameters
    ----------
    tiles : Tiles
    place : int
        Where the twenty words begin.
    """

    def __init__(self, tiles: Tiles, place: int) -> None:
        self.tiles, self.place = tiles, place

    def __getitem__(self, turn: int) -> Wholes:
        return self.tiles.whole(self.tiles.word(self.place + turn))
