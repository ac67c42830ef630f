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
# # Beyond the threshold
#
# *From a cycle to chaos to blow-up, on one loss.* The first notebook ended with a theorem: for $L = (xy - 1)^2/2$ and
# every step size above 1, gradient descent converges from almost nowhere. So what does it do instead? It does not fly
# off at once. It settles on a cycle of two points, then of four, of eight; it becomes chaotic; two chaotic sets merge;
# and at η = 2, twice the critical step size, it blows up. This notebook goes there step by step.
#
# After each step we ask: *how is this known?* PROVED means exact algebra, CERTIFIED means interval arithmetic, rounded
# outwards. STATISTICAL means averages with an error, NUMERICAL means floating point that nothing encloses.

# %%
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import sympy as sp
from sympy.abc import beta, eta, u, x, y, z

import dynsys_gd as dg

f = dg.Loss((x * y - 1) ** 2 / 2, [x, y])
F = dg.GradientDescent(f, step_size=eta)
threshold = dg.critical_step_size(f)
assert threshold.exact == 1
threshold

# %% [markdown]
# ## 1. The flip
#
# The flattest minimum is (1, 1). There the larger eigenvalue of the Hessian is 2, so the multiplier of gradient descent
# is 1 − 2η, and at η = 1 it is −1: the map turns displacements around, and no longer makes them smaller. This is a
# **flip**.
#
# What happens next is decided by the terms of third order. They are summed up in one coefficient. If it is positive the
# flip is *supercritical*: a cycle of period two is born that is small and attracts.

# %%
flip = dg.normal_form(F, [1, 1])
assert flip.exact == 4
assert flip.criticality is dg.Criticality.SUPERCRITICAL
assert flip.evidence.grade is dg.Grade.PROVED
flip

# %% [markdown]
# The note reminds us that (1, 1) is not alone: the minima form a curve. Whether the cycle attracts along the curve too
# has to be asked of the cycle. So let us go and find it.
#
# ## 2. The cycle that takes over
#
# `follow` walks along the minimum as the step size grows, and marks where its stability changes. `switch` goes over to
# the orbit of twice the period that begins there.

# %%
minimum = dg.follow(F, [1, 1], parameter="eta", to=(0.5, 1.45))
cycle = dg.switch(minimum, 0)
assert [round(point.value, 12) for point in minimum.special] == [1]
assert cycle.period == 2
ax = minimum.plot()
cycle.plot(ax=ax)

# %% [markdown]
# Solid lines attract, broken lines do not. The minimum is lost at 1 and the cycle takes over, but the cycle has a flip
# of its own.
#
# This cycle has a formula. Measure lengths in units of $1/\sqrt\eta$, that is, $U = \sqrt\eta\,x$. Then the two values
# of the cycle have the product 1 and the squares add up to 1 + η. Its multiplier along the line x = y is 9 − 2(1 + η)²,
# and across it 3 − 2η. The first one reaches −1 at η = √5 − 1.

# %%
for step in cycle.steps:
    scaled = np.sqrt(step.value) * step.points
    assert np.allclose(scaled[0] * scaled[1], 1)
    assert np.allclose((scaled**2).sum(axis=0), 1 + step.value)
    along, across = 9 - 2 * (1 + step.value) ** 2, 3 - 2 * step.value
    assert np.allclose(sorted(step.multipliers.real), sorted([along, across]))
assert abs(cycle.special[0].value - (5**0.5 - 1)) < 1e-12
cycle.special[0]

# %% [markdown]
# *How is this known?* So far, it is not: `follow` computes in floating point, and could have jumped to another orbit.
# `certify` proves what it found. It covers the branch with tubes, and shows for each tube and **every** step size in it
# that it contains exactly one cycle.

# %%
tube = dg.certify(cycle, part=("21/20", "13/10"))
assert tube.complete
assert tube.evidence.grade is dg.Grade.CERTIFIED
assert tube.least_period is dg.Outcome.YES
low, high = tube.special[0].interval
assert low <= 5**0.5 - 1 <= high
assert high - low < 1e-12
tube

# %% [markdown]
# ## 3. One line tells the story
#
# The cycle lies on the *balanced line* x = y. Is that an accident? Gradient descent changes the imbalance x² − y² by a
# factor, and the factor contains nothing but the loss.

# %%
X, Y = F.expression
factor = 1 - 2 * eta**2 * f.expression
assert sp.expand(X**2 - Y**2 - (x**2 - y**2) * factor) == 0
factor

# %% [markdown]
# That is 1 − 2η²L. Two conclusions. If x = y, it stays so: the line is **invariant**, and on it we have a map of one
# number. And each step at a point with 0 < L < 1/η² makes the imbalance smaller. Below the threshold the loss goes to
# zero, and the shrinking stops. Beyond it, the loss of a cycle never goes to zero, and so the shrinking goes on for
# ever.

# %%
line = dg.restricted(F, [1, 1])
assert sp.expand(line.images[0] - (u - eta * (u**2 - 1) * u)) == 0
line

# %% [markdown]
# Steps with a loss above 1/η² do the opposite. Which of them win? The **transverse exponent** is the average growth
# rate of small displacements out of the line, along the orbits in it. Negative means that the line attracts.

# %%
grid = np.linspace(1.02, 2, 99)
scan = dg.transverse_exponents(F, [1, 1], "eta", grid)
assert np.all(scan.exponents[:-1] + 3 * scan.errors[:-1] < 0)
assert abs(scan.exponents[-1]) < 3 * scan.errors[-1]
assert not scan.crossings
scan.plot()

# %% [markdown]
# It is negative up to η = 2, and 0 at η = 2. *How is this known?* That the line is invariant is proved by algebra. The
# exponent is statistical: averages of orbits, with errors. At η = 2 itself it can be computed by hand, see section 8.
#
# From here on we need one dimension only.
#
# ## 4. Four step sizes
#
# A cobweb goes from the diagonal up or down to the graph, which is one step of gradient descent, and across to the
# diagonal again. The triangles are the minimum and the saddle, both unstable now.

# %%
axes = plt.subplots(2, 2, figsize=(9, 9))[1].ravel()
steps = ("11/10", "5/4", "3/2", "19/10")
for value, ax in zip(steps, axes, strict=True):
    dg.cobweb(line.at(eta=value), 0.3, 120).plot(ax=ax)
    ax.set_title(f"η = {value}", loc="left")
    ax.get_legend().remove()

# %% [markdown]
# At 11/10 the orbit ends on two points, at 5/4 on four. At 3/2 it never repeats, but keeps its sign: there is another
# one like it on the left. At 19/10 it visits both sides.
#
# ## 5. The cascade
#
# The cycle of 2 loses its stability to one of 4, that to one of 8, and so on. `cascade` goes from doubling to doubling.

# %%
found = dg.cascade(line, [1], "eta", to=(0.5, 1.5), doublings=10)
known = [1, 5**0.5 - 1, 1.2880317544828, 1.2992279396502]
assert np.allclose(found.values[:4], known, rtol=0, atol=1e-12)
assert all(each.evidence.grade is dg.Grade.CERTIFIED for each in found.doublings)
found

# %% [markdown]
# The points come closer and closer. Each distance is about 4.669 times smaller than the one before. This is
# **Feigenbaum's constant**, δ = 4.669 201 609… It does not depend on the loss: cascades of nearly all maps of the line
# have it, if their hump looks like a parabola at its top.

# %%
assert abs(found.ratios[-1] - 4.669201609103) < 5e-6
assert abs(float(found.delta.value) - 4.669201609103) < 1e-6
assert abs(found.limit - 1.3022834627007) < 1e-12
print("  ".join(f"{ratio:.5f}" for ratio in found.ratios), f"limit {found.limit:.13f}", sep="\n")

# %% [markdown]
# All doublings together, infinitely many, end at η = 1.30228346… *How is this known?* Each of the ten points is
# certified: there is exactly one flip of an orbit of that period in a tiny interval. The limit is an extrapolation,
# with an error that is estimated. And in the plane, where the computation knows nothing of the line, the points are the
# same:

# %%
in_the_plane = dg.cascade(F, [1, 1], "eta", to=(0.5, 1.5), doublings=4)
assert np.allclose(in_the_plane.values, found.values[:4], rtol=0, atol=1e-12)
in_the_plane.values - found.values[:4]

# %% [markdown]
# ## 6. The diagram
#
# Above each step size lie the points where orbits end, from ten random starts. One point is a minimum, two are a cycle
# of period two, a full stretch is chaos. The open circles are the doubling points of the cascade: computed in another
# way, they sit exactly where the picture forks.

# %%
values = np.linspace(0.9, 2.1, 801)
diagram = dg.bifurcation_diagram(
    line, "eta", values, region=dg.Box([-1.2], [1.2]), starts=10, rng=0
)
ax = diagram.plot()
for doubling in found.doublings[:4]:
    doubling.point.plot(ax=ax)

# %% [markdown]
# White gaps are *windows*, in which a cycle attracts again. The widest one belongs to period 3. Now closer, coloured by
# the Lyapunov exponent, the rate at which neighbours part: below zero they come together, above zero it is chaos.

# %%
closer = np.linspace(1.2, 1.5, 801)
critical = [[sp.sqrt((1 + eta) / (3 * eta))]]  # the hump: an attracting cycle attracts it
zoom = dg.bifurcation_diagram(line, "eta", closer, starts=critical, points=400)
assert np.all(zoom.exponent[closer < found.limit] < 0.01)
assert np.nanmax(zoom.exponent) > 0.3
assert 3 in zoom.periods
ax = zoom.plot(colour=dg.ColourBy.EXPONENT)
for value in found.values[1:5]:
    ax.axvline(value, color="#1A1A1A", linewidth=0.8, linestyle=":")

# %% [markdown]
# ## 7. Chaos
#
# At η = 3/2, look at 64 orbits. The distance of neighbours grows by the factor $e^{0.49} = 1.63$ in each step, on
# average. After 66 steps a start that is known to 14 digits says nothing any more.

# %%
chaotic = line.at(eta="3/2")
starts = dg.Box([0.2], [1.2]).sample(64, rng=0)
exponent = dg.lyapunov_spectrum(chaotic, starts, steps=20_000)
pooled = exponent.pooled()
assert abs(pooled.values[0] - 0.491) < 4 * pooled.errors[0] < 0.002
exponent

# %% [markdown]
# *How is this known?* By averages, with an error: statistical. An exponent of a finite orbit proves nothing, chaos
# could be a cycle of a very long period. But another number can be proved. **Topological entropy** measures how fast
# the number of different orbits grows. Intervals between cycles, certified ones, cover each other, and one counts the
# paths.

# %%
bound = dg.topological_entropy_bound(chaotic, dg.Box([-1.5], [1.5]))
assert bound.lower > 0.5
assert bound.evidence.grade is dg.Grade.CERTIFIED
bound

# %% [markdown]
# So there are infinitely many cycles, of infinitely many periods; that is certified. That *almost every* start sees
# chaos is not: in a window such as the one of period 3, entropy is positive and yet almost every orbit ends on a cycle.
#
# Single orbits cannot be predicted, but the time that they spend in each place can.

# %%
where = dg.invariant_density(chaotic, dg.Box([0], [1.3]), bins=130, rng=0)
where.plot()

# %% [markdown]
# ## 8. Two become one, and the end
#
# At η = 3/2 there are two chaotic sets, one of each sign. They grow with the step size until something sudden happens,
# a **crisis**. The edges of a chaotic set are images of the hump of the map. When such an edge lands on an unstable
# orbit, the set is no longer closed off. `crises` looks for such landings.

# %%
crises = dg.crises(line, dg.Box([-2], [2]), parameter="eta", to=(1.55, 2.05), values=51)
merging = crises.of(dg.CrisisKind.MERGING)[0]
(blow_up,) = crises.of(dg.CrisisKind.BLOW_UP)
assert abs(merging.value - (3 * 3**0.5 / 2 - 1)) < 1e-12
assert abs(blow_up.value - 2) < 1e-12
crises.plot()

# %%
merging.plot()

# %% [markdown]
# (The crises beyond, such as the merging near 1.845, belong to windows.) After two steps the hump lands on 0, and 0 is
# the saddle of the loss, between the two sides. Beyond this step size orbits pass over to the other side, in both
# directions. Once it is known *what* happens, algebra does the rest. The hump lies at u² = (1 + η)/(3η), and the points
# that go to 0 in one step at u² = (1 + η)/η. When is the image of the hump one of those?

# %%
hump = sp.sqrt((1 + eta) / (3 * eta))
assert sp.simplify(sp.diff(line.images[0], u).subs(u, hump)) == 0
image = sp.factor(sp.expand(line.images[0].subs(u, hump) ** 2))
solutions = [value for value in sp.solve(image - (1 + eta) / eta, eta) if value > 0]
assert solutions == [3 * sp.sqrt(3) / 2 - 1]
solutions

# %% [markdown]
# At η = 2 the map covers its interval three times: a *full shift* on three symbols. Write $u = \sqrt2\cos\vartheta$,
# and one step is $\vartheta \mapsto \pi - 3\vartheta$. An angle is tripled. Nothing could be simpler, or more chaotic.

# %%
angle = sp.Symbol("theta", real=True)
tripled = line.images[0].subs({eta: 2, u: sp.sqrt(2) * sp.cos(angle)})
assert sp.simplify(sp.expand_trig(tripled + sp.sqrt(2) * sp.cos(3 * angle))) == 0

shift = line.at(eta=2)
three = dg.topological_entropy_bound(shift, dg.Box([-1.5], [1.5]), periods=[1, 2])
assert three.exact == sp.log(3)
assert three.evidence.grade is dg.Grade.PROVED
rate = dg.lyapunov_spectrum(shift, dg.Box([-1], [1]).sample(64, rng=0), steps=20_000).pooled()
assert abs(rate.values[0] - np.log(3)) < 3 * rate.errors[0]
print(three.headline(), f"exponent {rate.values[0]:.5f} ± {rate.errors[0]:.5f}", sep="\n")

# %% [markdown]
# Angles are spread evenly. So u has the density $1/(\pi\sqrt{2 - u^2})$, the **arcsine law**: most of the time is spent
# near the edges. (And the promised calculation: across the line one step multiplies by $1 + 2(u^2 - 1) = \sin
# 3\vartheta/\sin\vartheta$. Both sines have the same average logarithm. So the transverse exponent is exactly 0.)

# %%
root = np.sqrt(2)
law = dg.invariant_density(shift, dg.Box([-root], [root]), bins=60, rng=0)
edges = law.edges[0]
expected = np.diff(np.arcsin(np.clip(edges / root, -1, 1))) / np.pi / np.diff(edges)
assert np.all(np.abs(law.density - expected) < 5 * law.errors)
ax = law.plot()
_ = ax.plot((edges[1:] + edges[:-1]) / 2, expected, "k--", linewidth=1.2, label="arcsine law")
_ = ax.legend()

# %% [markdown]
# ## 9. Blow-up
#
# On the line the end is sudden. In the plane it comes gradually. Let $V = (x^2 + y^2 - \eta xy)/(4/\eta - \eta)$; for η
# < 2, V = 1 is an ellipse. One step multiplies 1 − V by a factor that is easy to read:

# %%
V = (x**2 + y**2 - eta * x * y) / (4 / eta - eta)
moved = V.subs({x: X, y: Y}, simultaneous=True)
assert sp.cancel((1 - moved) - (1 - V) * (1 + eta**2 * x * y * (x * y - 1))) == 0

# %% [markdown]
# Since p(p − 1) is never below −1/4, the factor is at least 1 − η²/4, and that is positive for η < 2. So what starts
# inside the ellipse stays inside, and what starts outside stays outside. That is a proof. Now look at the fates (from
# the dark line orbits go to the saddle, as in the third notebook):

# %%
square = dg.Box([-3, -3], [3, 3])
fates = dg.simulate(F.at(eta="3/2"), square.grid(200))
inside = sp.lambdify((x, y), V.subs(eta, sp.Rational(3, 2)))(*fates.starts.T) < 1
assert np.all(fates.fate[~inside] == dg.Fate.ESCAPED)
assert not np.any(fates.fate[inside] == dg.Fate.ESCAPED)
ax = fates.plot()
turn = np.linspace(0, 2 * np.pi, 400)
plus, minus = (np.sqrt(2 * (1 + s * 0.75) / 1.5) for s in (1, -1))
ellipse = plus * np.cos(turn) + minus * np.sin(turn), plus * np.cos(turn) - minus * np.sin(turn)
_ = ax.plot(*ellipse, color="white", linewidth=1.6)

# %% [markdown]
# Everything inside stays, everything outside escapes, in all of 40 000 starts. (That *nearly all* outside escape is
# seen here, not proved.) The area of the ellipse is 2π√(4 − η²)/η. It shrinks to 0 as η → 2: what is left is the
# segment on the line, which has no area. Beyond, not even that.

# %%
stay = dg.Survival(steps=400)
for value in (1.25, 1.5, 1.75):
    share = dg.convergent_measure(
        F.at(eta=value), square, method=dg.MonteCarlo(n=20_000), to=stay, rng=0
    )
    low, high = share.interval(0.99)
    area = 2 * np.pi * np.sqrt(4 - value**2) / value
    assert low < area / 36 < high
    print(f"η = {value}: share of [−3, 3]² that stays {share.lower:.4f}, ellipse {area / 36:.4f}")
gone = dg.simulate(F.at(eta="21/10"), square.grid(100))
assert gone.count(dg.Fate.ESCAPED) > 0.99 * gone.fate.size
print(gone.headline())

# %% [markdown]
# ## 10. Sharpness against 2/η
#
# A minimum is stable if its sharpness, the largest eigenvalue of the Hessian, is below 2/η. What does the sharpness do
# along an orbit?

# %%
panels = plt.subplots(1, 3, figsize=(12, 4.2))[1]
seen = {}
for value, start, ax in zip(
    ("9/10", "6/5", "3/2"), ([2, 0.6], [1.3, 0.5], [1.3, 0.5]), panels, strict=True
):
    seen[value] = dg.sharpness_along(F.at(eta=value), [start], 80)
    seen[value].plot(ax=ax)
    ax.set_title(f"η = {value}", loc="left")
    ax.set_ylabel("sharpness" if ax is panels[0] else "")
    ax.get_legend().remove()
assert seen["9/10"].values[0, 0] > seen["9/10"].limit > seen["9/10"].values[0, -1]
low, high = sorted(seen["6/5"].values[0, -2:])
assert low < seen["6/5"].limit < high

# %% [markdown]
# On the left, below the threshold: the orbit starts where the sharpness is above 2/η, is thrown about, and comes to
# rest where it is below. In the middle there is no such place, since every minimum is too sharp. The sharpness jumps
# from one side of 2/η to the other for ever. Yet the cycle is stable. What has to be small is not the sharpness λ, but
# the average of ln|1 − ηλ|, and this is the Lyapunov exponent along the line:

# %%
two = seen["6/5"].values[0, -2:]
average = np.log(np.abs(1 - 1.2 * two)).mean()
along = 9 - 2 * 2.2**2  # the multiplier of the cycle, section 2
assert np.isclose(average, np.log(abs(along)) / 2)
assert average < 0 < np.log(np.abs(1 - 1.2 * two)).max()
print(f"sharpness {two.round(4)}, 2/η = {2 / 1.2:.4f}, average {average:.4f}")

# %% [markdown]
# On the right the same goes on without a pattern, and the exponent of section 7 is 0.49: chaos. Beyond η = 2 the sharpness leaves
# with the orbit. It does not do so at once. Near the line the orbit is chaotic for a while, until it slips out.

# %%
leaving = dg.sharpness_along(F.at(eta="21/10"), [[1, 0.9]], 60).values[0]
assert not np.isfinite(leaving[-1])
assert np.nanmax(leaving[:3]) < 10
print(*(f"{sharpness:.3g}" for sharpness in leaving[np.isfinite(leaving)]), sep="  ")

# %% [markdown]
# ## 11. Momentum
#
# Momentum keeps the balanced line, and on the line it is the heavy ball on the double well u⁴/4 − u²/2. Now there are
# two parameters. Each point of the plane below is coloured by the period of the cycle on which one orbit ends; lines
# are curves of flips, computed by following the bifurcation itself.

# %%
on_the_line = dg.restricted(dg.HeavyBall(f, eta, beta), [[1, 1, 0, 0], [0, 0, 1, 1]])
ball = dg.HeavyBall(dg.Loss(u**4 / 4 - u**2 / 2, [u]), eta, beta)
place = dict(zip(ball.variables, on_the_line.symbols, strict=True))
assert all(
    sp.expand(one - other.subs(place, simultaneous=True)) == 0
    for one, other in zip(on_the_line.images, ball.expression, strict=True)
)

plane = ((0, 2.4), (0, 1))
flips = dg.follow_bifurcation(ball, [1], start=(1, 0), to=plane)
pairs = dg.follow_bifurcation(ball, [1], start=("1/2", 1), to=plane)
resting = dg.follow(ball.at(beta=0), [1], parameter="eta", to=(0.5, 1.4))
second_flips = dg.follow_bifurcation(ball, dg.switch(resting, 0).special[0], to=plane)

# %%
etas, betas = np.linspace(0.01, 2.4, 240), np.linspace(0, 1, 101)
periods = dg.parameter_plane(ball, ["eta", "beta"], [etas, betas], starts=[["21/20"]])
ax = periods.plot()
for curve in (flips, second_flips, pairs):
    curve.plot(ax=ax)
_ = ax.set_xlim(0, 2.4)

# %% [markdown]
# The first curve is η = 1 + β, so momentum moves the threshold up. The hole next to R3 is no mistake: near the 1:3
# resonance the points of a saddle of period three come close to the minimum from all sides. The minimum still attracts,
# but at (7/5, 9/10) our start, at a distance of 0.05, is outside of them. That these cycles are all of period three is
# certified.

# %%
hole = ball.at(eta="7/5", beta="9/10")
triples = dg.periodic_orbits(hole, dg.Box([-0.2, -0.2], [1.8, 1.8]), period=3, method=dg.Krawczyk())
assert triples.complete
distance = [np.abs(orbit.points - 1).max() for orbit in triples if orbit.kind is dg.Kind.SADDLE]
assert len(distance) == 1
assert distance[0] < 0.05
ends = dg.simulate(hole, [[1.01], [1.05]]).fate
assert ends.tolist() == [dg.Fate.CONVERGED, dg.Fate.ESCAPED]
triples

# %% [markdown]
# At β = 1, without friction, the multipliers of the minimum are a pair on the unit circle, a line of **Neimark–Sacker**
# points, with its strong resonances. The second curve has a formula too. With h = η/(1 + β) the 2-cycle is that of
# section 2, and a multiplier of it is −1 where 2(1 + h)² − 9 = ((1 − β)/(1 + β))².

# %%
assert str(flips.closed_form.equation) == "Eq(eta, 2*(beta + 1)/lambda)"  # and here λ = 2
assert np.allclose(flips.values[:, 0], 1 + flips.values[:, 1], rtol=0, atol=1e-12)
assert [point.kind.label for point in pairs.special] == ["R1", "R4", "R3", "R2"]
assert np.allclose([point.values[0] for point in pairs.special], [0, 1, 1.5, 2])
h, b = second_flips.values[:, 0] / (1 + second_flips.values[:, 1]), second_flips.values[:, 1]
assert np.allclose(2 * (1 + h) ** 2 - 9, ((1 - b) / (1 + b)) ** 2, rtol=0, atol=1e-11)
second_flips

# %% [markdown]
# ## 12. The loss goes down on average
#
# One hears of training runs at a large step size: "the loss goes down on average, but not at each step". Here we can
# say exactly what that means. The iterates never converge. The *average* of the loss over time does, and among nearly
# all starts that stay it depends on the step size only. On the cycle of section 2 it is (η² − 1)/(4η²). At η = 2 the
# arcsine law gives 1/4.

# %%
loss_on_line = f.expression.subs({x: u, y: u})
many = dg.Box([0.4], [1]).sample(16, rng=0)
rows = []
for value in np.linspace(0.9, 2, 111):
    loss = dg.birkhoff_average(line.at(eta=value), loss_on_line, many, steps=8000, transient=4000)
    together = loss.pooled()
    assert together.alike is not dg.Outcome.NO  # the same average from every start
    rows.append([value, together.values.item(), together.errors.item()])
step, mean, error = np.array(rows).T
settled = step < 0.995
doubled = (step > 1.005) & (step < 1.23)
assert np.all(mean[settled] < 1e-10)
assert np.allclose(mean[doubled], (1 - step[doubled] ** -2) / 4, atol=1e-8)
assert abs(mean[-1] - 0.25) < 4 * error[-1]

ax = plt.subplots(figsize=(7.5, 3.8))[1]
ax.errorbar(step, mean, 2 * error, fmt=".", markersize=5, color="#1B5583", label="time average")
exactly = np.linspace(1, 5**0.5 - 1, 50)
ax.plot(
    exactly, (1 - exactly**-2) / 4, color="#E69F00", linewidth=2.5, zorder=5, label="(η² − 1)/(4η²)"
)
ax.plot([2], [0.25], "ks", markersize=8, markerfacecolor="none", label="arcsine law: 1/4")
for value in found.values[:3]:
    ax.axvline(value, color="grey", linewidth=0.8, linestyle=":")
_ = ax.set(xlabel="η", ylabel="average of the loss over time")
_ = ax.legend(loc="upper left")

# %% [markdown]
# Below the threshold the average is 0. Beyond it, it grows from 0 without a jump, at first like (η − 1)/2: a slightly
# too large step costs little. The scatter beyond 1.3 is no noise. Errors are smaller than the dots, but there are
# windows everywhere, and the average over a cycle is not the one over the chaos beside it.
#
# And "the loss goes down on average"? Start 500 runs next to the saddle at 0, where the loss is 1/2.

# %%
runs = dg.sharpness_along(F.at(eta="3/2"), dg.Box([0.01, 0.01], [0.1, 0.1]).sample(500, rng=0), 60)
final = mean[np.argmin(np.abs(step - 1.5))]
over_runs = runs.losses.mean(axis=0)
assert over_runs[0] > 0.49
assert abs(over_runs[-20:].mean() - final) < 0.01
assert np.all(runs.losses[:, -20:].max(axis=1) > 0.2)  # no run has converged
ax = plt.subplots(figsize=(7.5, 3.8))[1]
ax.plot(runs.steps, runs.losses[0], ".:", color="#7F7F7F", linewidth=0.8, label="one run")
ax.plot(runs.steps, over_runs, color="#1B5583", linewidth=2.2, label="average over 500 runs")
ax.axhline(final, color="k", linewidth=1, linestyle="--", label="average over time, for ever")
_ = ax.set(xlabel="step", ylabel="loss", ylim=(-0.02, 0.68))
_ = ax.legend(loc="upper right")

# %% [markdown]
# The average falls and then stays at the value of the picture before. It is the *distribution* of the iterates that
# converges, to the density of section 7. No single run comes to rest, and none goes below that level for good.
#
# And something is gained. Section 3 showed that a loss that never vanishes makes the imbalance shrink for ever. Start
# far from the line, and take 200 steps beyond the threshold. Then lower the step size.

# %%
start = [1.3, 0.5]
directly = F.at(eta="1/2").iterate(start, 400)
hot = F.at(eta="6/5").iterate(start, 200)
cooled = F.at(eta="1/2").iterate(hot, 200)
for end in (directly, cooled):
    assert f(end[None])[0] < 1e-20
assert (cooled**2).sum() - 2 < 1e-12
assert (directly**2).sum() > 2.3
print(
    f"sharpness of the minimum: {(directly**2).sum():.4f} directly, {(cooled**2).sum():.4f} cooled"
)

# %% [markdown]
# Small steps end at a minimum near the start. The cycle forgot where it came from, and from it one comes to the
# flattest minimum of all.
#
# ## 13. How is it all known?

# %%
rows = [
    ("(1, 1) flips at η = 1, coefficient 4", flip),
    ("the 2-cycle on [1.05, 1.3]", tube),
    ("ten doubling points", found.doublings[-1]),
    ("their limit 1.302283…", found),
    ("the line attracts", scan),
    ("Lyapunov exponent at 3/2", exponent),
    ("entropy at 3/2 is above 0.52", bound),
    ("merging at 3√3/2 − 1", merging),
    ("entropy at 2 is at least ln 3", three),
    ("flip curves with momentum", second_flips),
    ("averages of the loss", loss),
]
grades = pd.DataFrame(
    [(what, answer.evidence.grade.name) for what, answer in rows], columns=["statement", "grade"]
)
assert set(grades["grade"]) == {"PROVED", "CERTIFIED", "STATISTICAL", "NUMERICAL"}
grades

# %% [markdown]
# Where a line says NUMERICAL, algebra by hand often closed the gap: the merging point, the momentum curves. For the
# limit of the cascade no formula is known.
#
# ## 14. Your turn
#
# A product of three factors, (xyz − 1)²/2, has a balanced line too. Where does its cascade begin and end? Does the line
# attract, and what becomes of the chaotic set when it meets the degenerate saddle at 0?

# %%
T = dg.GradientDescent(dg.Loss((x * y * z - 1) ** 2 / 2, [x, y, z]), eta)
three_factors = dg.cascade(dg.restricted(T, [1, 1, 1]), [1], "eta", to=(0.4, 1))
assert abs(three_factors.values[0] - 2 / 3) < 1e-12
assert abs(three_factors.limit - 0.877185315157) < 1e-10
three_factors.plot()
