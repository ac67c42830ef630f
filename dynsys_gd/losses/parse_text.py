"""Untrusted text as a syntax tree: which characters and words may occur, and how many."""

from __future__ import annotations

import ast
import keyword
import re
import unicodedata

from ..errors import UnsafeExpression

__all__ = ["MOST_NESTED", "NUMBER", "refusal", "syntax_tree"]

MOST_CHARACTERS = 4000
MOST_TOKENS = 2000
MOST_NESTED = 40

NUMBER = r"(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
_TOKEN = re.compile(
    rf"(?P<number>{NUMBER})|(?P<name>[A-Za-z_][A-Za-z0-9_]*)|(?P<mark>\*\*|[-+*/(),])"
)
_CHARACTERS = "digits, letters, spaces and + - * / ** ( ) , . only"
_REMEDIES = {
    "^": "write ** for powers",
    "=": "give the loss alone, without an equals sign or a keyword",
    "[": "name the variables x0, x1, … instead of indexing",
    "]": "name the variables x0, x1, … instead of indexing",
    ".": "attributes do not exist here; a point belongs inside a number, as in 0.5",
    "'": "text in quotes has no place in a formula",
    '"': "text in quotes has no place in a formula",
    "#": "leave the comment out",
    "\n": "write the formula on one line",
    "<": "write a case distinction with Max, Min, abs or sign",
    ">": "write a case distinction with Max, Min, abs or sign",
}


def refusal(piece: str, expected: str, remedy: str = "") -> UnsafeExpression:
    """Return the error for a piece of the text that is not accepted."""
    return UnsafeExpression("text", piece, expected, remedy)


def syntax_tree(text: str) -> tuple[str, ast.expr]:
    """Return the text without outer spaces and its syntax tree, both within the limits.

    Nothing is evaluated. Length, characters, words and nesting are checked before the text
    reaches Python's parser, whose own stack an attacker could otherwise exhaust.

    Raises
    ------
    UnsafeExpression
        For anything but numbers, names and arithmetic, or beyond a limit.

    Examples
    --------
    >>> type(syntax_tree("x*y - 1")[1]).__name__
    'BinOp'
    >>> syntax_tree("x^2")
    Traceback (most recent call last):
    ...
    dynsys_gd.errors.UnsafeExpression: text: got '^', expected digits, letters, spaces and
    + - * / ** ( ) , . only; at character 2: write ** for powers
    """
    if not isinstance(text, str):
        raise UnsafeExpression("text", text, "a formula as text", "write it in quotes")
    if len(text) > MOST_CHARACTERS:
        raise refusal(
            text, f"at most {MOST_CHARACTERS} characters ({len(text)} came)", "shorten the formula"
        )
    source = text.strip(" ")
    if not source:
        raise refusal(text, "a formula, such as (x*y - 1)**2 / 2", "the text is empty")
    _check_nesting(_tokens(source))
    try:
        return source, ast.parse(source, mode="eval").body
    except SyntaxError as error:
        raise refusal(
            source, "a complete formula", f"check its parentheses and operators ({error.msg})"
        ) from None
    except (ValueError, RecursionError, MemoryError):
        raise refusal(source, "a formula of moderate depth", "write it with less nesting") from None


def _tokens(source: str) -> list[str]:
    tokens: list[str] = []
    place, end = 0, len(source)
    while place < end:
        if source[place] == " ":
            place += 1
            continue
        found = _TOKEN.match(source, place)
        if found is None:
            raise _bad_character(source, place)
        token = found.group()
        tokens.append(token)
        place = found.end()
        if found.lastgroup == "number" and place < end and source[place] in _NAME_CHARACTERS:
            raise refusal(
                source[found.start() : place + 1],
                "an operator between a number and a name",
                f"at character {place + 1}: write the product with *",
            )
        if found.lastgroup == "name":
            _check_word(token)
        if len(tokens) > MOST_TOKENS:
            raise refusal(source, f"at most {MOST_TOKENS} numbers, names and operators")
    return tokens


_NAME_CHARACTERS = frozenset("_abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")


def _bad_character(source: str, place: int) -> UnsafeExpression:
    character = source[place]
    where = f"at character {place + 1}"
    if not character.isascii() or not character.isprintable():
        name = unicodedata.name(character, "a control character")
        where += f" (U+{ord(character):04X}, {name.lower()})"
    remedy = _REMEDIES.get(character, "" if character.isascii() else "use plain ASCII letters")
    return refusal(character, _CHARACTERS, f"{where}: {remedy}" if remedy else where)


def _check_word(word: str) -> None:
    if keyword.iskeyword(word):
        raise refusal(
            word, "names of variables and functions", "words of the Python language are not names"
        )
    if word.startswith("_") or "__" in word:
        raise refusal(word, "names that start with a letter, without double underscores")


def _check_nesting(tokens: list[str]) -> None:
    """Bound the depth of parentheses, signs and powers, which the parser handles by recursion."""
    chains = [0]
    after_operand = False
    for token in tokens:
        if token == "(":
            chains.append(0)
        elif token == ")":
            if len(chains) > 1:
                chains.pop()
        elif token == "**" or (token in "+-" and not after_operand):
            chains[-1] += 1
        elif token in "+-*/,":
            chains[-1] = 0
        after_operand = token == ")" or token not in ("(", "**", "+", "-", "*", "/", ",")
        if len(chains) + sum(chains) > MOST_NESTED:
            raise refusal(
                " ".join(tokens),
                f"parentheses, signs and powers nested at most {MOST_NESTED} deep",
                "write the formula with less nesting",
            )
