# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Orbits with proof
#
# *What it takes to say "these are all".* Ask a numerical solver for the critical points of a loss: it
# starts somewhere, moves, stops, and returns a point. Ask again from other starts, and it may return
# others. Two things are never in its answer: whether a returned point is near a true one, and whether
# there is a point it did not meet.
#
# This notebook is about lists that answer both. Every point is proved to exist and to be the only one
# in its box, and the rest of the region is proved empty. Where that fails, the list says where and why.

# %%
import numpy as np
import sympy as sp
from sympy.abc import eta, x, y

import dynsys_gd as dg

# %% [markdown]
# ## 1. One question, two proofs
#
# Himmelblau's function has four minima. How many critical points? They are the fixed points of gradient
# descent, whatever the step size.

# %%
himmelblau = dg.Loss((x**2 + y - 11) ** 2 + (x + y**2 - 7) ** 2, [x, y])
G = dg.GradientDescent(himmelblau, step_size=eta)
square = dg.Box([-6, -6], [6, 6])

by_algebra = dg.fixed_points(G.at(eta="1/50"), square)
assert by_algebra.complete
assert len(by_algebra) == 9
assert by_algebra.evidence.grade is dg.Grade.PROVED
by_algebra

# %% [markdown]
# That was algebra: the gradient is a pair of polynomials, and a Gröbner basis holds all their common
# zeros. The second proof knows nothing of polynomials. It cuts the square into boxes and computes with
# intervals, rounded outwards: a box is thrown away when the gradient cannot vanish in it, and kept when
# Krawczyk's operator maps it into itself, which proves one zero and no more.

# %%
by_intervals = dg.fixed_points(G.at(eta="1/50"), square, method=dg.Krawczyk())
assert by_intervals.complete
assert by_intervals.evidence.grade is dg.Grade.CERTIFIED
assert [o.kind for o in by_intervals.orbits] == [o.kind for o in by_algebra.orbits]
for one, other in zip(by_algebra.orbits, by_intervals.orbits, strict=True):
    low, high = other.enclosure[..., 0], other.enclosure[..., 1]
    assert np.all((low <= one.points) & (one.points <= high)) or np.allclose(
        one.points, other.points, rtol=1e-14, atol=1e-14
    )
by_intervals.why

# %% [markdown]
# The two agree. Drawn over the fates of 40 000 starts, the list explains the picture: two minima attract, the
# other two are too sharp for this step size and have become saddles of the map.

# %%
fates = dg.simulate(G.at(eta="1/50"), square.grid(200))
sinks = [o for o in by_intervals.orbits if o.kind is dg.Kind.SINK]
assert len(sinks) == 2
assert len(by_intervals.minima().orbits) == 4
ax = fates.plot()
cycles = dg.periodic_orbits(G.at(eta="1/50"), square, period=2, method=dg.Krawczyk())
assert cycles.complete
assert any(o.kind is dg.Kind.SINK for o in cycles.orbits)  # where "cycling" starts go
cycles.plot(ax=ax)

# %% [markdown]
# ## 2. A loss that is no polynomial
#
# sin(x)·sin(y) has no Gröbner basis. In [−5, 6]² it has 25 critical points, and each minimum loses its stability
# at a step size that is enclosed as well. Here every Hessian at a minimum is the identity: the critical
# step size is 2.

# %%
waves = dg.GradientDescent(dg.Loss(sp.sin(x) * sp.sin(y), [x, y]), step_size="1/2")
found = dg.fixed_points(waves, dg.Box([-5, -5], [6, 6]), method=dg.Krawczyk())
assert found.complete
assert len(found) == 25
minima = found.minima()
for minimum in minima.orbits:
    low, high = minimum.critical_step
    assert low <= 2 <= high
    assert high - low < 1e-10
found

# %%
found.plot()

# %% [markdown]
# ## 3. Points that are not alone
#
# $L = (xy - 1)^2/2$ has a whole curve of minima. No list of points can be complete. The answer is an
# object of its own: a family with its equation, and the part of it that is stable.

# %%
f = dg.Loss((x * y - 1) ** 2 / 2, [x, y])
F = dg.GradientDescent(f, step_size=eta)
box = dg.Box([-3, -3], [3, 3])
curve = dg.fixed_points(F.at(eta="1/2"), box)
assert curve.complete
assert (len(curve.families), len(curve.orbits)) == (1, 1)
assert curve.families[0].stable_part == (x**2 + y**2 < 4)
curve

# %% [markdown]
# The search with boxes meets the same curve in another way: the boxes along it never become decided, however
# small. It does not return thousands of them. It notices that they cover one curve, and proves that too.

# %%
covered = dg.fixed_points(F.at(eta="1/2"), box, method=dg.Krawczyk())
assert covered.complete
assert (len(covered.families), len(covered.orbits), len(covered.clusters)) == (1, 1, 0)
covered

# %% [markdown]
# Beyond the critical step size 1 nothing on the curve is stable. Where do the starts go that do not escape? There
# are exactly four cycles of period two, isolated ones, and two of them attract.

# %%
beyond = F.at(eta="11/10")
pairs = dg.periodic_orbits(beyond, box, period=2)
assert pairs.complete
assert len(pairs) == 4
assert sorted(str(o.kind) for o in pairs) == ["sink", "sink", "source", "source"]
pairs.plot(ax=dg.simulate(beyond, box.grid(200)).plot())

# %% [markdown]
# ## 4. Counting: more step size, more orbits
#
# The points with G(G(θ)) = θ on Himmelblau's loss, in [−16, 16]²: fixed points and cycles of period two. As the
# step size grows, cycles are born; the fixed points stay 9.

# %%
wide = dg.Box([-16, -16], [16, 16])
counted = {}
for value in ("1/50", "1/40", "1/20"):
    skeleton = dg.skeleton(G.at(eta=value), wide, periods=[1, 2], method=dg.Krawczyk())
    assert skeleton.complete
    counted[value] = [line.points for line in skeleton.counts]
assert counted == {"1/50": [9, 21], "1/40": [9, 31], "1/20": [9, 43]}
counted

# %% [markdown]
# In one dimension the count goes further. Two wells, step size 3/2: the solutions of Gⁿ(x) = x for n up to 6.

# %%
wells = dg.Loss(x**4 / 4 - x**2 / 2, [x])
chaotic = dg.skeleton(
    dg.GradientDescent(wells, "3/2"), dg.Box([-2], [2]), periods=range(1, 7), method=dg.Krawczyk()
)
assert chaotic.complete
assert [line.points for line in chaotic.counts] == [3, 9, 15, 17, 23, 57]
chaotic.plot()

# %% [markdown]
# A period is a statement too: a point of period 2 also solves G⁴(x) = x, but it is listed once, under 2.
#
# ## 5. Momentum, and a strange attractor
#
# Hénon's map is heavy-ball momentum on a cubic loss in one variable, with step size 1 and momentum −3/10 (see
# `docs/theory/henon_is_momentum.md`). With this step size momentum is far beyond its edge of stability. Some
# starts stay bounded for ever, without converging. The periodic orbits are the skeleton of what they do.

# %%
momentum = dg.textbook.henon_as_momentum()
plane = dg.Box([-1.43, -1.43], [1.43, 1.43])
henon = dg.skeleton(momentum, plane, periods=range(1, 15), method=dg.Krawczyk())
assert henon.complete
assert [line.orbits for line in henon.counts] == [2, 1, 0, 1, 0, 2, 4, 7, 6, 10, 14, 19, 32, 44]
henon

# %% [markdown]
# These are the numbers of the original map. Below: every point of the list over a long run of iterates, and for each
# orbit the rate at which its neighbours leave it. Every orbit is a saddle: up to period 14 nothing in this plane
# attracts, and that is proved.

# %%
assert all(orbit.kind is dg.Kind.SADDLE for orbit in henon)
henon.plot()

# %% [markdown]
# The growth of the counts, log(points)/period, estimates the topological entropy. It is an estimate. The counts
# are proved; that they go on like this is not.

# %%
assert 0.4 < henon.counts[-1].growth < 0.5
print(f"{henon.counts[-1].growth:.4f}")

# %% [markdown]
# The *multipliers* of an orbit are the eigenvalues of the product of its Jacobians. The determinant of momentum is β =
# −3/10 at every point, so the two multipliers of an orbit of period p have the product (−3/10)^p. Outside of
# the unit circle the scale is logarithmic.

# %%
spectrum = dg.multipliers(henon)
for orbit, values in zip(spectrum.orbits, spectrum.values, strict=True):
    assert np.isclose(np.prod(values), (-0.3) ** orbit.period, rtol=1e-6)
spectrum.plot()

# %% [markdown]
# ## 6. What "unresolved" looks like
#
# Let the gradient be $(x-1)(x^2-2)^3(x^3-2)^4$. At 1 it has a simple zero. At ±√2 and at the cube root of 2 it touches zero so
# flatly that a rounding error moves the zeros, or removes them. No computation with intervals can tell one zero
# from three there. So the certified search proves one point, and reports what it cannot separate.

# %%
flat = sp.expand((x - 1) * (x**2 - 2) ** 3 * (x**3 - 2) ** 4)
touching = dg.GradientDescent(dg.Loss(sp.integrate(flat, x), [x]), "1/1000")
honest = dg.fixed_points(touching, dg.Box([-2], [2]), method=dg.Krawczyk())
assert not honest.complete
assert [o.points.item() for o in honest.orbits] == [1.0]
assert honest.clusters
honest

# %% [markdown]
# "Unresolved" is not "no". It is a small set that may hold zeros, with the proof that there are no others outside
# it. Algebra can look inside: it works with the numbers √2 and 2^(1/3) themselves.

# %%
exact = dg.fixed_points(touching, dg.Box([-2], [2]), method=dg.Exact())
assert exact.complete
assert len(exact) == 4
inside = np.concatenate([cluster.boxes[:, 0, 0] for cluster in honest.clusters])
for orbit in exact:
    value = orbit.points.item()
    assert value == 1.0 or np.any((inside[:, 0] <= value) & (value <= inside[:, 1]))
exact

# %% [markdown]
# ## 7. Where nothing is proved
#
# A network with one input, two tanh units and seven weights, eight samples. Newton's method from thousands of
# starts finds critical points. Nothing proves the list complete, and the answer says so.

# %%
inputs = np.linspace(-1, 1, 8)[:, None]
targets = np.array([[0.1], [-0.8], [0.3], [0.9], [-0.2], [0.5], [-0.6], [0.4]])
net = dg.MLP((1, 2, 1), dg.Activation.TANH, inputs, targets, dg.DataLoss.SQUARED)
descent = dg.GradientDescent(net, "1/2")
search = dg.NewtonSearch(rounds=2)
listed = dg.fixed_points(descent, dg.Box([-6] * 7, [6] * 7), method=search, rng=0)
assert not listed.complete
assert listed.evidence.grade is dg.Grade.NUMERICAL
assert len(listed.orbits) >= 1
assert all(orbit.residual < 1e-8 for orbit in listed.orbits)
listed

# %% [markdown]
# One can check this list by thought. Swapping the two units changes nothing, and neither does a change of sign
# of everything around one unit. So each of these points has seven twins. Are they all in the list?


# %%
def twins(w):
    """Return the eight parameter vectors that give the same network."""
    a, b, bias_a, bias_b, out_a, out_b, out = w
    units = [(a, bias_a, out_a), (b, bias_b, out_b)]
    for (a, s, u), (b, t, v) in (units, units[::-1]):
        for i in (1, -1):
            for j in (1, -1):
                yield np.array([i * a, j * b, i * s, j * t, i * u, j * v, out])


known = {tuple(orbit.points[0].round(6) + 0.0) for orbit in listed.orbits}
needed = {tuple(w.round(6) + 0.0) for orbit in listed.orbits for w in twins(orbit.points[0])}
assert all(np.allclose(descent(np.array(w)), w, atol=1e-5) for w in needed)
assert known <= needed
assert len(needed) % 8 == 0
print(f"listed: {len(known)}; with all twins: {len(needed)}")

# %% [markdown]
# Where the second number is larger, the search has missed points that are certainly there. More rounds find more of
# them. No number of rounds turns "found" into "all".
#
# ## 8. What happens at the threshold
#
# At its critical step size a minimum has the multiplier −1. The normal form tells what comes next. For the two
# wells it is a supercritical flip: past η = 1 the minimum throws off a stable cycle of period two, whose
# size is predicted.

# %%
W = dg.GradientDescent(wells, step_size=eta)
flip = dg.normal_form(W, [1])
assert flip.criticality is dg.Criticality.SUPERCRITICAL
assert flip.exact == 8
flip

# %%
step = sp.Rational(1001, 1000)
settled = W.at(eta=step).iterate([1.01], 20_000)
simulated = abs(W.at(eta=step)(settled) - settled).item() / 2
predicted = flip.amplitude(step)
assert abs(simulated / predicted - 1) < 0.01
print(f"simulated {simulated:.6f}, predicted {predicted:.6f}")

# %% [markdown]
# The sign matters. On $x^2/2 + x^4/4$ the coefficient is negative, a subcritical flip: there the cycle is unstable and
# exists before the threshold, and past it starts leave for good.

# %%
rising = dg.GradientDescent(dg.Loss(x**2 / 2 + x**4 / 4, [x]), step_size=eta)
hard = dg.normal_form(rising, [0])
assert hard.criticality is dg.Criticality.SUBCRITICAL
assert hard.exact == -2
gone = dg.simulate(rising.at(eta="21/10"), dg.Box([-0.1], [0.1]).sample(50, rng=0))
assert gone.count(dg.Fate.ESCAPED) == 50
hard

# %% [markdown]
# ## 9. The curves that organise the plane
#
# Two curves pass through a saddle: the starts that tend to it, and the points that come from it. For Hénon's map in its
# own coordinates the unstable curve traces the attractor. These curves are numerical: grown with an error that is
# measured, not enclosed.

# %%
map_of_henon = dg.textbook.henon()
saddle = max(dg.fixed_points(map_of_henon).orbits, key=lambda point: point.points[0, 0])
outgoing = dg.unstable_manifold(map_of_henon, saddle, length=15)
assert outgoing.evidence.grade is dg.Grade.NUMERICAL
incoming = dg.stable_manifold(map_of_henon, saddle, dg.Box([-2, -2], [2, 2]))
incoming.plot(ax=outgoing.plot())

# %% [markdown]
# ## 10. Your turn
#
# Take a loss of the catalogue, ask for its fixed points by two methods, and compare. Then shrink the box until
# a point lies on its edge, and look at what the list says.

# %%
camel = dg.catalog.get("six_hump_camel").loss
region = dg.Box([-2.5, -2.5], [2.5, 2.5])
mine = dg.fixed_points(dg.GradientDescent(camel, "1/100"), region, method=dg.Krawczyk())
assert mine.complete
assert len(mine) == 15
mine
