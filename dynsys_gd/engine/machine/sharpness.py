"""The largest Hessian eigenvalue at many points: Lanczos' method on lanes."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from .compiler import Program
from .hessian_product import HessianProductCode
from .lane_loops import address, alignment
from .step_code import StepCode
from .tridiagonal import write_top_pair
from .writer import Function, Module, Variable

__all__ = ["MOST_STEPS", "sharpness_program", "work_tiles"]

MOST_STEPS = 32  #: of Lanczos' method between restarts
_ALL = "splat (i1 true)"
_CHAINS = 4
_LOST = 1e-14  # a new direction below this share of the operator is rounding, not a direction


def work_tiles(dimension: int, steps: int) -> int:
    """Return how many tile entries the work space of `steps` steps needs."""
    return (steps + 1) * dimension


@lru_cache(maxsize=32)
def sharpness_program(
    product: HessianProductCode, step: StepCode | None, *, lanes: int, fused: bool
) -> Program:
    """Return compiled code for a Hessian and, where trajectories are followed, a map.

    ``@sharpness(points, vectors, values, errors, data, work, options, tiles, steps, check,
    cycles)`` reads starting vectors and leaves eigenvectors. ``@sharpness_along(states, vectors,
    values, errors, settings, data, noise, work, options, every, records, steps, check, cycles)``
    takes one tile of states and goes on `every` steps before each record; values are
    ``[records][lanes]``. Arguments are pointers to doubles, then whole numbers; `options` are the
    tolerance of the residual relative to the Hessian, and the share of `noise`, a tile, that is
    mixed into a vector before it is used again.
    """
    module = Module(lanes=lanes, fused=fused)
    product.write(module)
    d = product.dimension
    write_lanczos(module, d)
    _write_many(module, d)
    if step is not None:
        step.write(module)
        _write_along(module, d)
    return Program(module)


def write_lanczos(module: Module, d: int) -> None:
    """Define the search at one tile of points.

    ``@lanczos(ptr point, ptr vector, ptr value, ptr error, ptr data, ptr work, double tolerance,
    i64 steps, i64 check, i64 cycles)``: replaces the starting vector by a unit vector y and gives
    the Rayleigh quotient yᵀHy and the residual ‖Hy - (yᵀHy) y‖.

    Notes
    -----
    A cycle multiplies H with at most `steps` vectors, each orthogonalised twice against all earlier
    ones [parlett1998symmetric]_, and ends with the best combination y of them, from which the next
    cycle begins. After every `check` of them the residual is known without another product. A lane
    that is within the tolerance keeps what it has, whatever the others do.
    """
    _Lanczos(module, d).write()


class _Lanczos:
    """The function `lanczos` on its way."""

    def __init__(self, module: Module, d: int) -> None:
        self.d, self.align = d, alignment(module)
        self.top_pair = write_top_pair(module, MOST_STEPS)
        _write_dot(module, d)
        _write_shift(module, d)
        pointers = ["point", "vector", "value", "error", "data", "work"]
        rest = [("double", "tolerance"), ("i64", "steps"), ("i64", "check"), ("i64", "cycles")]
        self.f = f = module.function("lanczos", [*(("ptr", name) for name in pointers), *rest])
        room = f"[{MOST_STEPS * module.lanes} x double]"
        self.diagonal, self.beside, self.small, self.best = (f.room(room) for _ in range(4))
        self.tolerance = f.broadcast("%tolerance")
        self.active = f.variable(f.mask, _ALL)  # lanes that are not within the tolerance yet
        self.found = f.variable(f.mask, _ALL)  # lanes that need no more products in this cycle
        self.alive = f.variable(f.mask, _ALL)  # lanes whose last direction was new
        self.size = f.variable(f.real, f.number(0.0))  # of H, as far as it has been seen
        self.lowest = f.variable(f.real, f.number(0.0))
        self.count = f.variable("i64", "0")

    def write(self) -> None:
        f, first = self.f, self._basis("0")
        _copy(f, self.d, "%vector", first)
        cycle = f.variable("i64", "0")
        with f.repeat() as leave:
            begun = self.active.get()
            self.found.set(f.flipped(begun))
            self.alive.set(_ALL)
            with f.loop("%steps") as k:
                f.store(f.number(0.0), self._entry(self.best, k), align=self.align)
            length = f.intrinsic("sqrt", self._product(first, first))
            _scale(f, self.d, first, f.div(f.number(1.0), length))
            self._directions()
            _scale(f, self.d, first, self._load(self.best, "0"))
            with f.loop(self.count.get(), start="1") as k:
                self._add(first, self._load(self.best, k), self._basis(k))
            _copy(f, self.d, first, "%vector", only=begun)
            cycle.set(f.value(f"add i64 {cycle.get()}, 1"))
            spent = f.value(f"icmp sge i64 {cycle.get()}, %cycles")
            leave(f.value(f"or i1 {spent}, {self._none(self.active.get())}"))
        f.give()

    def _directions(self) -> None:
        """Multiply until every lane has found its vector or the steps are used up."""
        f = self.f
        self.count.set("0")
        with f.repeat() as leave:
            j = self.count.get()
            here, new = self._basis(j), self._basis(j, 1)
            places = ("%point", here, new, "%data")
            f.call("hessian_product", *(("ptr", place) for place in places))
            a = self._product(here, new)
            with f.when(f.value(f"icmp eq i64 {j}, 0")):
                self.lowest.set(a)
            with f.loop("2"), f.loop(f.value(f"add i64 {j}, 1")) as i:
                old = self._basis(i)
                self._add(new, f.neg(self._product(old, new)), old)
            length = f.intrinsic("sqrt", self._product(new, new))
            self._close(j, a, length)
            count = f.value(f"add i64 {j}, 1")
            self.count.set(count)
            last = f.value(f"icmp sge i64 {count}, %steps")
            due = f.value(f"icmp eq i64 {f.value(f'srem i64 {count}, %check')}, 0")
            with f.when(f.value(f"or i1 {last}, {due}")):
                self._judge(j, count, last)
            leave(f.value(f"or i1 {last}, {self._none(f.flipped(self.found.get()))}"))

    def _close(self, j: str, a: str, length: str) -> None:
        """Add a row to the matrix; make the new direction a unit vector, or drop it if none."""
        f, zero = self.f, self.f.number(0.0)
        before, size = self.alive.get(), self.size.get()
        seen = f.add(f.intrinsic("fabs", a), length)
        size = f.select(f.both(before, f.compare("ugt", seen, size)), seen, size)
        self.size.set(size)
        # A dropped direction must not offer an eigenvalue: it is put below the first entry.
        entry = f.select(before, a, f.sub(self.lowest.get(), size))
        f.store(entry, self._entry(self.diagonal, j), align=self.align)
        new = f.compare("ogt", length, f.mul(f.number(_LOST), size))
        going = f.both(before, new)
        self.alive.set(going)
        f.store(f.select(going, length, zero), self._entry(self.beside, j), align=self.align)
        _scale(f, self.d, self._basis(j, 1), f.select(going, f.div(f.number(1.0), length), zero))

    def _judge(self, j: str, count: str, last: str) -> None:
        """Find the best combination so far; keep it in the lanes where it is good enough."""
        f = self.f
        pointers = [("ptr", place) for place in (self.diagonal, self.beside, self.small)]
        theta = f.call(self.top_pair, *pointers, ("i64", count), returns=f.real)
        unknown = f.sub(self.size.get(), self.size.get())  # NaN where the Hessian is not finite
        value = f.add(theta, unknown)
        total = f.variable(f.real, f.number(0.0))
        with f.loop(count) as k:
            component = self._load(self.small, k)
            total.set(f.fma(component, component, total.get()))
        scale = f.div(f.number(1.0), f.intrinsic("sqrt", total.get()))
        tail = f.mul(f.intrinsic("fabs", self._load(self.small, j)), scale)
        residual = f.fma(self._load(self.beside, j), tail, unknown)
        loose = f.compare("ogt", residual, f.mul(self.tolerance, self.size.get()))
        must = f.broadcast(last, "i1")
        settled = f.either(f.flipped(loose), must)
        now = f.both(settled, f.flipped(self.found.get()))
        for result, place in ((value, "%value"), (residual, "%error")):
            kept = f.load(place, align=self.align)
            f.store(f.select(now, result, kept), place, align=self.align)
        with f.loop(count) as k:
            component, kept = f.mul(self._load(self.small, k), scale), self._load(self.best, k)
            chosen = f.select(now, component, kept)
            f.store(chosen, self._entry(self.best, k), align=self.align)
        self.found.set(f.either(self.found.get(), now))
        self.active.set(f.both(self.active.get(), f.either(f.flipped(now), loose)))

    def _basis(self, j: str, after: int = 0) -> str:
        width = self.d * self.f.module.lanes
        return address(self.f, "%work", after * width, (j, width))

    def _entry(self, tile: str, k: str) -> str:
        return address(self.f, tile, 0, (k, self.f.module.lanes))

    def _load(self, tile: str, k: str) -> str:
        return self.f.load(self._entry(tile, k), align=self.align)

    def _product(self, a: str, b: str) -> str:
        return self.f.call("dot", ("ptr", a), ("ptr", b), returns=self.f.real)

    def _add(self, target: str, factor: str, source: str) -> None:
        self.f.call("shift", ("ptr", target), (self.f.real, factor), ("ptr", source))

    def _none(self, mask: str) -> str:
        lanes = self.f.module.lanes
        return self.f.value(f"icmp eq i{lanes} {self.f.packed(mask)}, 0")


def _write_many(module: Module, d: int) -> None:
    pointers = ["points", "vectors", "values", "errors", "data", "work", "options"]
    numbers = ["tiles", "steps", "check", "cycles"]
    f = _exported(module, "sharpness", pointers, numbers)
    tolerance = f.load("%options", kind="double")
    with f.loop("%tiles") as tile:
        rows = [address(f, f"%{name}", 0, (tile, d * module.lanes)) for name in pointers[:2]]
        results = [address(f, f"%{name}", 0, (tile, module.lanes)) for name in pointers[2:4]]
        places = [*rows, *results, "%data", "%work"]
        rest = [("double", tolerance), *(("i64", f"%{n}") for n in numbers[-3:])]
        f.call("lanczos", *(("ptr", place) for place in places), *rest)
    f.give()


def _write_along(module: Module, d: int) -> None:
    pointers = ["states", "vectors", "values", "errors", "settings", "data", "noise", "work"]
    numbers = ["every", "records", "steps", "check", "cycles"]
    f = _exported(module, "sharpness_along", [*pointers, "options"], numbers)
    tolerance = f.load("%options", kind="double")
    share = f.broadcast(f.load(f.offset("%options", 1), kind="double"))
    with f.loop("%records") as record:
        with f.loop("%every"):
            f.call("step", *(("ptr", p) for p in ("%states", "%states", "%settings")))
        f.call("shift", ("ptr", "%vectors"), (f.real, share), ("ptr", "%noise"))
        results = [address(f, f"%{name}", 0, (record, module.lanes)) for name in pointers[2:4]]
        places = ["%states", "%vectors", *results, "%data", "%work"]
        rest = [("double", tolerance), *(("i64", f"%{n}") for n in numbers[-3:])]
        f.call("lanczos", *(("ptr", place) for place in places), *rest)
    f.give()


def _exported(module: Module, name: str, pointers: list[str], numbers: list[str]) -> Function:
    arguments = [*(("ptr", p) for p in pointers), *(("i64", n) for n in numbers)]
    return module.function(name, arguments, exported=True)


def _coordinates(f: Function, d: int, body: Callable[[str], None]) -> None:
    with f.loop(str(d * f.module.lanes), step=str(f.module.lanes)) as place:
        body(place)


def _write_dot(module: Module, d: int) -> None:
    """Define the inner product of two tiles, as sums over every fourth coordinate: short chains."""
    f = module.function("dot", [("ptr", "a"), ("ptr", "b")], returns=module.real)
    align, chains = alignment(module), min(_CHAINS, d)
    sums = [f.variable(f.real, f.number(0.0)) for _ in range(chains)]

    def add(total: Variable, place: str) -> None:
        a, b = (f.load(f.offset(tile, place), align=align) for tile in ("%a", "%b"))
        total.set(f.fma(a, b, total.get()))

    whole = d - d % chains
    with f.loop(str(whole * module.lanes), step=str(chains * module.lanes)) as place:
        for k, total in enumerate(sums):
            add(total, f.value(f"add i64 {place}, {k * module.lanes}"))
    for k in range(whole, d):
        add(sums[k - whole], str(k * module.lanes))
    values = [total.get() for total in sums]
    while len(values) > 1:
        values = [f.add(*values[:2]), *values[2:]]
    f.give(values[0])


def _write_shift(module: Module, d: int) -> None:
    """Define a += factor b for two tiles."""
    f = module.function("shift", [("ptr", "a"), (module.real, "factor"), ("ptr", "b")])

    def one(place: str) -> None:
        a, b = (f.offset(tile, place) for tile in ("%a", "%b"))
        align = alignment(module)
        moved = f.fma("%factor", f.load(b, align=align), f.load(a, align=align))
        f.store(moved, a, align=align)

    _coordinates(f, d, one)
    f.give()


def _scale(f: Function, d: int, tile: str, factor: str) -> None:
    def one(place: str) -> None:
        entry, align = f.offset(tile, place), alignment(f.module)
        f.store(f.mul(f.load(entry, align=align), factor), entry, align=align)

    _coordinates(f, d, one)


def _copy(f: Function, d: int, source: str, target: str, *, only: str | None = None) -> None:
    def one(place: str) -> None:
        align, here = alignment(f.module), f.offset(target, place)
        value = f.load(f.offset(source, place), align=align)
        if only is not None:
            value = f.select(only, value, f.load(here, align=align))
        f.store(value, here, align=align)

    _coordinates(f, d, one)
