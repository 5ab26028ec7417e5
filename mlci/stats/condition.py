r"""Conditions on two models, in the language of ease.ml/ci (Renggli et al., MLSys 2019, appendix A.1).

    condition   clause, or clause /\ clause, or clause and clause
    clause      expression > number +/- number, or with <
    expression  sums and differences of n, o and d, each with or without a factor: n - 1.1 * o

n is the new model's accuracy, o the old one's, d the share of rows on which they predict differently; all of them lie
between 0 and 1. The number behind +/- (or ±) is the error that an estimate of the expression may have.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NoReturn

from mlci.errors import UserError

VARIABLES = ("n", "o", "d")
EXAMPLE = r"n - o > 0.02 +/- 0.01 /\ d < 0.1 +/- 0.01"

_SMALLEST, _LARGEST = 1e-9, 1e6  # of factors: what is beyond is a slip
_TOKEN = re.compile(
    r"(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)|(?P<error>\+/-|±)|(?P<and>/\\|∧|(?i:and\b))"
    r"|(?P<compare>[<>]=?)|(?P<sign>[+\-−])|(?P<times>\*)|(?P<name>[A-Za-z_]\w*)|(?P<odd>\S)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Clause:
    """`n`, `o` and `d` are the factors of the variables; `above` is `>`; `error` is what an estimate may be off by."""

    n: float = 0.0
    o: float = 0.0
    d: float = 0.0
    above: bool
    threshold: float
    error: float

    @property
    def factors(self) -> tuple[float, ...]:
        """The factors that are not 0, in the order n, o, d."""
        return tuple(factor for factor in (self.n, self.o, self.d) if factor)

    @property
    def labelled(self) -> bool:
        """Whether labels are needed: whether n or o is in it."""
        return bool(self.n or self.o)

    @property
    def difference(self) -> bool:
        """Whether it is on n - o, or a multiple of it, alone."""
        return self.n == -self.o and bool(self.n) and not self.d

    @property
    def span(self) -> tuple[float, float]:
        """The least and the largest value that the expression can take."""
        return sum(f for f in self.factors if f < 0), sum(f for f in self.factors if f > 0)

    def __str__(self) -> str:
        text = ""
        for name, factor in zip(VARIABLES, (self.n, self.o, self.d), strict=True):
            if factor:
                sign = (" - " if factor < 0 else " + ") if text else ("-" if factor < 0 else "")
                text += sign + ("" if abs(factor) == 1 else f"{plain(abs(factor))} * ") + name
        return f"{text} {'>' if self.above else '<'} {plain(self.threshold)} +/- {plain(self.error)}"


@dataclass(frozen=True, slots=True)
class Condition:
    """Clauses that have to hold together; at least one."""

    clauses: tuple[Clause, ...]

    def __str__(self) -> str:
        return r" /\ ".join(map(str, self.clauses))


def plain(value: float) -> str:
    """A number as a user writes it, without loss."""
    return repr(float(value)).removesuffix(".0")


def parse(text: str) -> Condition:
    """The condition that a text says; spaces are free.

    Raises:
        UserError: it cannot be read, or can never fail or never hold; the message names the column, counted from 1.
    """
    reader = _Reader(text)
    clauses = [reader.clause()]
    while reader.kind == "and":
        reader.take()
        clauses.append(reader.clause())
    if reader.kind != "end":
        reader.expected(r"`/\` or the end")
    return Condition(tuple(clauses))


class _Reader:
    """A text and how far it is read; `kind` and `word` are what comes next."""

    def __init__(self, text: str) -> None:
        found = [(str(each.lastgroup), each[0], each.start() + 1) for each in _TOKEN.finditer(text)]
        self._tokens = [*found, ("end", "", len(text.rstrip()) + 1)]
        self._at = 0

    @property
    def kind(self) -> str:
        return self._tokens[self._at][0]

    @property
    def word(self) -> str:
        return self._tokens[self._at][1]

    @property
    def column(self) -> int:
        return self._tokens[self._at][2]

    def take(self) -> str:
        word = self.word
        self._at += 1
        return word

    def expected(self, wanted: str) -> NoReturn:
        """End with a sentence that says what should stand at the next column instead of what does."""
        seen = f", not '{self.word}'" if self.word else ", and nothing follows"
        hint = "Write shares, as 0.02 for 2 %." if self.word == "%" else f'An example: "{EXAMPLE}"'
        _stop(self.column, f"{wanted} is expected{seen}", hint)

    def clause(self) -> Clause:
        start = self.column
        factors = self._expression()
        if self.kind != "compare":
            self.expected("`>` or `<`")
        above = self.take().startswith(">")
        at_threshold = self.column
        threshold = self._number(signed=True)
        if self.kind != "error":
            self.expected("`+/-` with the error that is allowed")
        self.take()
        at_error = self.column
        error = self._number(signed=False)
        found = Clause(**factors, above=above, threshold=threshold, error=error)
        low, high = found.span
        if max(map(abs, factors.values())) < _SMALLEST:
            _stop(start, "n, o and d cancel each other", f'An example: "{EXAMPLE}"')
        if not low <= threshold <= high:
            told = f"the left side lies between {plain(low)} and {plain(high)}, so {plain(threshold)} decides nothing"
            _stop(at_threshold, told, "Write shares, as 0.95 for 95 %.")
        if not 0 < error < high - low:
            told = f"the error {plain(error)} has to be more than 0 and less than {plain(high - low)}"
            _stop(at_error, told, "Write shares, as 0.01 for one percentage point.")
        return found

    def _expression(self) -> dict[str, float]:
        factors = dict.fromkeys(VARIABLES, 0.0)
        sign = self._sign() if self.kind == "sign" else 1.0
        while True:
            name, factor = self._term()
            factors[name] += sign * factor
            if self.kind != "sign":
                return factors
            sign = self._sign()

    def _term(self) -> tuple[str, float]:
        factor = 1.0
        if self.kind == "number":
            alone, at = self.word, self.column
            factor = self._number(signed=False)
            if self.kind == "times":
                self.take()
            elif self.kind != "name":
                _stop(at, f"{alone} stands alone, and numbers alone belong on the right", f'An example: "{EXAMPLE}"')
        if self.kind != "name" or self.word not in VARIABLES:
            self.expected("n, o or d")
        name = self.take()
        if self.kind == "times":
            self.take()
            factor *= self._number(signed=False)
        return name, factor

    def _sign(self) -> float:
        return 1.0 if self.take() == "+" else -1.0

    def _number(self, *, signed: bool) -> float:
        sign = self._sign() if signed and self.kind == "sign" else 1.0
        if self.kind != "number":
            self.expected("a number")
        value = float(self.word)
        if value > _LARGEST:
            self.expected("a number up to a million")
        self.take()
        return sign * value


def _stop(column: int, what: str, hint: str) -> NoReturn:
    raise UserError(f"The condition is wrong at column {column}: {what}.", hint=hint)
