"""Forward and back through a network on lanes, a few samples at a time."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

from .activation_code import write_sweep
from .lane_loops import address, alignment, fold
from .network_shape import Layer, NetworkShape, OutputLoss
from .softmax_code import write_softmax
from .writer import Module

__all__ = ["write_network"]

_FLIGHT = 4  # tiles whose activations are computed side by side, a power of two


class Moving(NamedTuple):
    """A value on lanes and, in the Hessian product, its derivative along the direction."""

    value: str
    shift: str | None


class _Layered(NamedTuple):
    """Tiles [unit][sample] of a hidden layer; None where they are not needed.

    `signals` holds σ(u). Going back, `slopes` and `bends` become the derivative of the loss in u
    and the shift of that.
    """

    signals: str
    slopes: str | None
    shifts: str | None
    bends: str | None


def write_network(module: Module, shape: NetworkShape, *, block: int, moving: bool) -> None:
    """Define the gradient or, with `moving`, the product of the Hessian and a direction.

    ``@gradient(ptr point, ptr gradient, ptr parameters)``, or ``@hessian_product(ptr point, ptr
    direction, ptr product, ptr parameters)``. Samples are added up in their order, `block` of them
    at a time, which does not change any bit of the result.
    """
    tiles = ["point", "direction", "product"] if moving else ["point", "gradient"]
    names = [_Block(module, shape, size, moving).name for size in sorted({block, 1})]
    head = "hessian_product" if moving else "gradient"
    f = module.function(head, [("ptr", name) for name in [*tiles, "parameters"]])
    with f.loop(str(shape.dimension)) as i:
        f.store(
            f.number(0.0),
            address(f, f"%{tiles[-1]}", 0, (i, module.lanes)),
            align=alignment(module),
        )
    samples = f.load("%parameters", kind="double")
    share = f.value(f"fdiv double 1.0, {samples}")
    count = f.value(f"fptosi double {samples} to i64")
    row = shape.widths[0] + shape.widths[-1]
    whole = f.value(f"sub i64 {count}, {f.value(f'srem i64 {count}, {block}')}")
    parts = [("0", whole, block)] + ([(whole, count, 1)] if block > 1 else [])
    for start, stop, size in parts:
        with f.loop(stop, start=start, step=str(size)) as sample:
            data = address(f, "%parameters", 1, (sample, row))
            pointers = [("ptr", f"%{name}") for name in tiles]
            f.call(names[size > 1], *pointers, ("ptr", data), ("double", share))
    f.give()


class _Block:
    """The function for `size` samples, which adds their part to the result."""

    def __init__(self, module: Module, shape: NetworkShape, size: int, moving: bool) -> None:
        self.name = f"{'product' if moving else 'gradient'}.samples{size}"
        self.module, self.shape, self.size, self.moving = module, shape, size, moving
        self.lanes, self.layers = module.lanes, shape.layers
        self.align = alignment(module)
        tiles = ["point", "direction", "result"] if moving else ["point", "result"]
        arguments = [*(("ptr", tile) for tile in tiles), ("ptr", "data"), ("double", "share")]
        self.f = module.function(self.name, arguments)
        self.share = self.f.broadcast("%share")
        self.row = shape.widths[0] + shape.widths[-1]
        smooth = not shape.activation.piecewise_linear
        self.hidden = [
            _Layered(
                self._room(width),
                self._room(width) if smooth or k else None,
                self._room(width) if moving else None,
                self._room(width) if moving and (smooth or k) else None,
            )
            for k, width in enumerate(shape.widths[1:-1])
        ]
        self.out = self._room(shape.widths[-1])
        self.out_shift = self._room(shape.widths[-1]) if moving else None
        for k in range(len(self.layers)):
            self._forward(k)
        self._back_from_outputs()
        for k in reversed(range(len(self.layers) - 1)):
            self._back(k)
        self.f.give()

    # -- forward ------------------------------------------------------------------------------

    def _forward(self, k: int) -> None:
        f, layer, last = self.f, self.layers[k], k == len(self.layers) - 1
        values, shifts = self._outputs_of(k)
        activation = self.shape.activation

        def unit(j: str) -> None:
            sums = [self._bias(layer, j)] * self.size

            def one(i: str, sums: list[Moving]) -> list[Moving]:
                weight = self._weight(layer, j, i)
                signals = (self._signal(k, i, s) for s in range(self.size))
                return [self._fma(weight, a, u) for a, u in zip(signals, sums, strict=True)]

            for s, u in enumerate(self._fold(layer.inputs, sums, one)):
                if not last and activation.piecewise_linear:
                    signal = activation.apply(f, u.value)
                    u = Moving(signal, u.shift and activation.pull(f, signal, u.shift))
                self._put(u.value, self._entry(values, j, s))
                if u.shift is not None:
                    self._put(u.shift, self._entry(shifts, j, s))
            if not last and not activation.piecewise_linear:
                # At once: the sums of the next unit fill the pauses of its divisions.
                flight = math.gcd(self.size, _FLIGHT)
                sweep = write_sweep(self.module, activation, flight=flight, moving=self.moving)
                arrays = [self.hidden[k].signals, self.hidden[k].slopes]
                arrays += [self.hidden[k].shifts, self.hidden[k].bends] if self.moving else []
                pointers = [("ptr", self._entry(array, j, 0)) for array in arrays]
                f.call(sweep, *pointers, ("i64", str(self.size)))

        self._each(layer.outputs, unit)

    # -- back ---------------------------------------------------------------------------------

    def _back_from_outputs(self) -> None:
        """Turn the outputs into derivatives of the loss in them; collect what they multiply."""
        f, last = self.f, len(self.layers) - 1
        if self.shape.loss is OutputLoss.CROSS_ENTROPY:
            with f.loop(str(self.size)) as s:
                write_softmax(
                    f,
                    self.layers[-1].outputs,
                    lambda m: self._entry(self.out, m, s),
                    (lambda m: self._entry(self.out_shift, m, s)) if self.moving else None,
                )

        def unit(m: str) -> None:
            backs = []
            for s in range(self.size):
                target = self._datum(self.layers[0].inputs, m, s)
                slope = f.sub(self._get(self._entry(self.out, m, s)), target)
                far = None
                if self.shape.loss is OutputLoss.HUBER:
                    far = f.compare("ogt", f.intrinsic("fabs", slope), f.number(1.0))
                    slope = f.select(far, f.intrinsic("copysign", f.number(1.0), slope), slope)
                value, shift = f.mul(slope, self.share), None
                self._put(value, self._entry(self.out, m, s))
                if self.moving:
                    place = self._entry(self.out_shift, m, s)
                    shift = f.mul(self._get(place), self.share)
                    shift = shift if far is None else f.select(far, f.number(0.0), shift)
                    self._put(shift, place)
                backs.append(Moving(value, shift))
            self._collect_bias(self.layers[-1], m, backs)
            if not last:
                self._collect_inputs(m, backs)

        self._each(self.layers[-1].outputs, unit)

    def _back(self, k: int) -> None:
        """Go from the layer above hidden layer k to its preactivations."""
        f, own, above = self.f, self.layers[k], self.layers[k + 1]
        tiles, (backs, back_shifts) = self.hidden[k], self._backs_of(k + 1)
        activation = self.shape.activation

        def unit(j: str) -> None:
            signals = [self._signal(k + 1, j, s) for s in range(self.size)]
            zero = f.number(0.0)
            pulled = [Moving(zero, zero if self.moving else None)] * self.size

            def one(m: str, pulled: list[Moving]) -> list[Moving]:
                weight = self._weight(above, m, j)
                back = [self._load(backs, back_shifts, m, s) for s in range(self.size)]
                self._collect(self._weight_place(above, "%result", m, j), back, signals)
                return [self._fma(weight, b, g) for b, g in zip(back, pulled, strict=True)]

            own_backs = []
            for s, g in enumerate(self._fold(above.outputs, pulled, one)):
                if activation.piecewise_linear:
                    signal = signals[s].value
                    value = activation.pull(f, signal, g.value)
                    shift = g.shift and activation.pull(f, signal, g.shift)
                else:
                    slope = self._get(self._entry(tiles.slopes, j, s))
                    value, shift = f.mul(slope, g.value), None
                    if g.shift is not None:
                        bend = self._get(self._entry(tiles.bends, j, s))
                        shift = f.fma(slope, g.shift, f.mul(bend, g.value))
                if k:
                    self._put(value, self._entry(tiles.slopes, j, s))
                    if shift is not None:
                        self._put(shift, self._entry(tiles.bends, j, s))
                own_backs.append(Moving(value, shift))
            self._collect_bias(own, j, own_backs)
            if not k:
                self._collect_inputs(j, own_backs)

        self._each(own.outputs, unit)

    # -- the result ---------------------------------------------------------------------------

    def _collect(self, place: str, backs: Sequence[Moving], signals: Sequence[Moving]) -> None:
        """Add Σ back · signal, or its shift, to an entry of the result, sample by sample."""
        f = self.f
        total = self._get(place)
        for back, signal in zip(backs, signals, strict=True):
            if back.shift is None:
                total = f.fma(back.value, signal.value, total)
                continue
            total = f.fma(back.shift, signal.value, total)
            if signal.shift is not None:
                total = f.fma(back.value, signal.shift, total)
        self._put(total, place)

    def _collect_bias(self, layer: Layer, j: str, backs: Sequence[Moving]) -> None:
        if layer.bias is None:
            return
        f, place = self.f, self._bias_place(layer, "%result", j)
        total = self._get(place)
        for back in backs:
            total = f.add(total, back.value if back.shift is None else back.shift)
        self._put(total, place)

    def _collect_inputs(self, j: str, backs: Sequence[Moving]) -> None:
        """Collect the weights of the first layer's unit j, whose inputs are the data."""
        first = self.layers[0]

        def one(i: str, none: list[str]) -> list[str]:
            signals = [self._signal(0, i, s) for s in range(self.size)]
            self._collect(self._weight_place(first, "%result", j, i), backs, signals)
            return none

        fold(self.f, first.inputs, [], one)

    # -- memory and places -----------------------------------------------------------------------

    def _get(self, place: str) -> str:
        return self.f.load(place, align=self.align)

    def _put(self, value: str, place: str) -> None:
        self.f.store(value, place, align=self.align)

    def _room(self, width: int) -> str:
        return self.f.room(f"[{width * self.size * self.lanes} x double]")

    def _entry(self, tile: str | None, unit: str, sample: int | str) -> str:
        """Return the place of one sample of one unit in a tile [unit][sample]."""
        terms = (unit, self.size * self.lanes), (str(sample), self.lanes)
        return address(self.f, str(tile), 0, *terms)

    def _weight_place(self, layer: Layer, tile: str, j: str, i: str) -> str:
        terms = (j, layer.inputs * self.lanes), (i, self.lanes)
        return address(self.f, tile, layer.weights * self.lanes, *terms)

    def _bias_place(self, layer: Layer, tile: str, j: str) -> str:
        return address(self.f, tile, (layer.bias or 0) * self.lanes, (j, self.lanes))

    def _datum(self, column: int, i: str, sample: int) -> str:
        place = address(self.f, "%data", sample * self.row + column, (i, 1))
        return self.f.broadcast(self.f.load(place, kind="double"))

    def _outputs_of(self, k: int) -> tuple[str, str | None]:
        if k == len(self.layers) - 1:
            return self.out, self.out_shift
        return self.hidden[k].signals, self.hidden[k].shifts

    def _backs_of(self, k: int) -> tuple[str | None, str | None]:
        if k == len(self.layers) - 1:
            return self.out, self.out_shift
        return self.hidden[k].slopes, self.hidden[k].bends

    def _signal(self, k: int, i: str, s: int) -> Moving:
        """Return input i of layer k: a datum, which does not move, or the output of a unit."""
        if k == 0:
            return Moving(self._datum(0, i, s), None)
        return self._load(self.hidden[k - 1].signals, self.hidden[k - 1].shifts, i, s)

    def _load(self, values: str | None, shifts: str | None, i: str, s: int) -> Moving:
        value = self._get(self._entry(values, i, s))
        if not self.moving:
            return Moving(value, None)
        return Moving(value, self._get(self._entry(shifts, i, s)))

    def _weight(self, layer: Layer, j: str, i: str) -> Moving:
        return self._point(lambda tile: self._weight_place(layer, tile, j, i))

    def _bias(self, layer: Layer, j: str) -> Moving:
        if layer.bias is None:
            zero = self.f.number(0.0)
            return Moving(zero, zero if self.moving else None)
        return self._point(lambda tile: self._bias_place(layer, tile, j))

    def _point(self, place: Callable[[str], str]) -> Moving:
        value = self._get(place("%point"))
        return Moving(value, self._get(place("%direction")) if self.moving else None)

    # -- arithmetic and loops -----------------------------------------------------------------

    def _fma(self, weight: Moving, a: Moving, total: Moving) -> Moving:
        f = self.f
        value = f.fma(weight.value, a.value, total.value)
        if weight.shift is None or total.shift is None:
            return Moving(value, None)
        shift = f.fma(weight.shift, a.value, total.shift)
        if a.shift is not None:
            shift = f.fma(weight.value, a.shift, shift)
        return Moving(value, shift)

    def _each(self, count: int, unit: Callable[[str], None]) -> None:
        if count == 1:
            unit("0")
        else:
            with self.f.loop(str(count)) as j:
                unit(j)

    def _fold(
        self,
        count: int,
        start: Sequence[Moving],
        body: Callable[[str, list[Moving]], list[Moving]],
    ) -> list[Moving]:
        def plain(i: str, values: list[str]) -> list[str]:
            return _flat(body(i, self._moving(values)))

        return self._moving(fold(self.f, count, _flat(start), plain))

    def _moving(self, values: Sequence[str]) -> list[Moving]:
        if not self.moving:
            return [Moving(value, None) for value in values]
        return [Moving(*pair) for pair in zip(values[::2], values[1::2], strict=True)]


def _flat(values: Sequence[Moving]) -> list[str]:
    return [part for value in values for part in value if part is not None]
