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
# # Cells and graphs
#
# *All orbits at once.* A simulation follows one orbit, or a million. There are always others between them. This
# notebook cuts a box into cells, and asks of each cell: where may its points be one step later? The answers form
# a finite graph, and a computer can search a graph completely. What the search finds is true for every orbit.
#
# The example is gradient descent on two wells, $L = x^4/4 - x^2/2$. It is also what $L = (xy - 1)^2/2$ does on its
# balanced line x = y, step size for step size.

# %%
import matplotlib.pyplot as plt
import networkx as nx
import numpy as np
import pandas as pd
from matplotlib.colors import ListedColormap
from matplotlib.patches import Patch
from sympy import Rational, simplify
from sympy.abc import eta, x, y

import dynsys_gd as dg

wells = dg.Loss(x**4 / 4 - x**2 / 2, [x])
W = dg.GradientDescent(wells, step_size=eta)
product = dg.Loss((x * y - 1) ** 2 / 2, [x, y])
F = dg.GradientDescent(product, step_size=eta)

balanced = dg.restricted(F, [[1, 1]])
alone = dg.restricted(W, [[1]])
assert simplify(balanced.images[0] - alone.images[0]) == 0

# %% [markdown]
# ## 1. From a map to a graph
#
# Six bisections cut [−2.4, 2.4] into 64 cells. A cell is a point of the graph, and an edge says *some point of this cell
# may land in that one*. Below, a column is a cell, and the blue squares in it are the cells that its image may meet.

# %%
line = dg.Box([-2.4], [2.4])
graph = dg.cell_graph(W.at(eta="1/2"), line, 6)
assert graph.evidence.grade is dg.Grade.CERTIFIED
graph.plot()

# %% [markdown]
# The graph of the map, drawn with a broad pen, and the pen is never too thin: where there is no edge, it is proved that no
# point goes. The edges themselves may be too many. So *no path* is a theorem, and *a path* is a possibility.
#
# For any graph question there is networkx. From the cell around 1/2, can anything leave the box?

# %%
start = int(graph.cells.at([[0.5]])[0])
edge_cell = int(graph.cells.at([[2.3]])[0])
assert not nx.has_path(graph.graph, start, "outside")
assert nx.has_path(graph.graph, edge_cell, "outside")
print(f"cell {start} leads to cells {graph.successors(start).tolist()}, and never out")

# %% [markdown]
# *Known: certified.* Images are bounded by interval arithmetic, rounded outwards.
#
# ## 2. Why not just sample the corners?
#
# It is easier to map the corners of each cell, and to take what lies between their images. Usually this is nearly right. Let
# us see it go wrong: step size 41/20, cells of width 1/5. All corners in [−1.4, 1.4] land in it. So nothing seems to leave.

# %%
G = W.at(eta="41/20")
short = dg.Box([-1.6], [1.6])
coarse = dg.cell_graph(G, short, 4)
corners = np.arange(-7, 8)[:, None] / 5
assert np.all(np.abs(G(corners)) < 1.4)

# %% [markdown]
# Between the corners 0.6 and 0.8 the map turns around. From the turning point an orbit gets above 1.4, and is lost.

# %%
turn = float(np.sqrt((1 + 2.05) / (3 * 2.05)))
lost = dg.simulate(G, [[turn]])
assert 0.6 < turn < 0.8
assert G([turn]).item() > 1.43
assert lost.count(dg.Fate.ESCAPED) == 1

cell, target = (int(coarse.cells.at([[point]])[0]) for point in (turn, G([turn]).item()))
assert target in coarse.successors(cell)
by_corners = coarse.cells.at(G([[0.6], [0.8]]))
assert target > by_corners.max()
assert nx.has_path(coarse.graph, cell, "outside")

ax = coarse.plot()
at = np.linspace(-1.6, 1.6, 400)
ax.plot(at, G(at[:, None])[:, 0], color="#D55E00")
ax.plot(corners, G(corners), "o", color="white", mec="#1A1A1A", ms=5)
ax.plot(turn, G([turn]), "*", color="#E69F00", mec="#1A1A1A", ms=14, zorder=5)
_ = ax.set(xlim=(0, 1.6), ylim=(0.2, 1.6))

# %% [markdown]
# The star is above the line 1.4, the corners (circles) on both sides of it are below. The corners would have told of an attractor
# where there is none. Finer cells miss less often, but no fineness rules it out, and the sample itself cannot tell.
#
# In the plane, count edges in three ways: by corner points alone, by 100 points in each cell, and by intervals.

# %%
square = dg.Box([-3, -3], [3, 3])
half = F.at(eta="1/2")
planar = dg.cell_graph(half, square, 12)
low, high = planar.cells.lower.T, planar.cells.upper.T


def seen(places):
    """Return the edges that points at the same places in each cell, from 0 to 1, prove."""
    edges = set()
    for place in places:
        to = planar.cells.at(half(low + place * (high - low)))
        edges |= {(i, j) for i, j in enumerate(to.tolist()) if j >= 0}
    return edges


four = seen(np.array([[0, 0], [0, 1], [1, 0], [1, 1]]))
hundred = seen(np.random.default_rng(0).random((100, 2)))
proved = set(zip(*(part.tolist() for part in planar.matrix.nonzero()), strict=True))
assert four | hundred <= proved
assert len(hundred - four) > len(hundred) / 3
pd.Series({"by corners": len(four), "by 100 points": len(hundred), "by intervals": len(proved)})

# %% [markdown]
# Whatever points found, the intervals had it: the true number of edges lies between the last two. The four
# corners missed more than a third of what a hundred points prove.
#
# *Known: certified* for intervals. Sampled points prove the edges they find, and say nothing about the others.
#
# ## 3. What recurs: the Morse graph
#
# A walker in the graph goes on for ever, so it must come back to some cells again and again. Sets of cells that can all reach
# each other are **Morse sets**. Everything that recurs lies in them: fixed points, cycles, chaos. All the rest passes by.

# %%
found = dg.morse_graph(W.at(eta="1/2"), line, 14)
assert [str(each.kind) for each in found] == ["attracting"] * 2 + ["repelling"] * 2
assert sorted(found.graph.edges) == [(2, 0), (2, 1), (3, 2)]
found

# %% [markdown]
# Two minima attract. The maximum 0 repels, and above all stands a 2-cycle at ±√5, which repels as well: what begins outside of
# it is lost. Cells in pale blue are *captured*: each of their orbits ends in the set.

# %%
assert found.set_at([[-1], [1], [0], [5**0.5], [-(5**0.5)]]).tolist() == [0, 1, 2, 3, 3]
found.plot()

# %% [markdown]
# "Attracting" is a theorem here: a neighbourhood is mapped into its own interior. So is "repelling": along all orbits that stay,
# the derivative expands. What is neither is a saddle, and what is not decided says so.
#
# ## 4. The step size grows
#
# The same for five step sizes. Where do the sets lie (rows), which attract (dark), which repel (orange)?

# %%
steps = {"1/2": 0.5, "11/10": 1.1, "32/25": 1.28, "3/2": 1.5, "17/10": 1.7}
family = {
    each: dg.morse_graph(W.at(eta=each), line, 14, longest_period=6 if each == "17/10" else 4)
    for each in steps
}
DARK, ORANGE, PALE = "#081F33", "#D55E00", "#BFD2E4"


def spans(cells):
    """Return the intervals that cells of a line form, as (start, width)."""
    cut = np.flatnonzero(np.diff(cells.codes) > 1)
    first, last = np.append(0, cut + 1), np.append(cut, len(cells) - 1)
    starts, ends = cells.lower[0][first], cells.upper[0][last]
    return list(zip(starts, ends - starts, strict=True))


axes = plt.subplots(1, 5, figsize=(13, 3.4), sharex=True, sharey=True, layout="constrained")[1]
for (each, value), ax in zip(steps.items(), axes, strict=True):
    for s in family[each]:
        attracts = s.attracting is dg.Outcome.YES
        colour, mark = (DARK, "o") if attracts else (ORANGE, "v")
        ax.broken_barh(spans(s.cells), (s.number - 0.25, 0.5), color=colour)
        if len(spans(s.cells)) < 20:
            middles = [a + width / 2 for a, width in spans(s.cells)]
            ax.plot(middles, [s.number] * len(middles), mark, color=colour, ms=5)
    ax.set(title=f"η = {value}", xlabel="x", xlim=(-2.4, 2.4))
    ax.grid(axis="y", color="#E6E6E6")
    ax.set_axisbelow(True)
_ = axes[0].set(ylabel="Morse set", yticks=range(8))

# %%
rows = {
    value: [
        len(family[each]),
        sum(s.attracting is dg.Outcome.YES for s in family[each]),
        ", ".join(str(max((o.period for o in s.orbits), default=0)) for s in family[each]),
    ]
    for each, value in steps.items()
}
table = pd.DataFrame(rows, index=["sets", "attracting", "longest certified period in each"]).T
assert table["sets"].tolist() == [4, 6, 8, 4, 3]
assert table["attracting"].tolist() == [2, 2, 2, 2, 1]
table

# %% [markdown]
# Read from left to right:
#
# - η = 0.5: two minima attract.
# - η = 1.1: they repel now (rows 2 and 3), and around each of them a 2-cycle attracts.
# - η = 1.28: the 2-cycles repel as well, and 4-cycles attract.
# - η = 1.5: infinitely many cycles have come. Two bands attract, chaos by all appearances. The cycles in them are no sets of their
#   own any more: from each of them paths lead to all the others and back.
# - η = 1.7: only one attracting set is left, and it is *not* the band. We come to that.
#
# Between these values it *must* change somewhere. Theory says where: the first flip at 1, the second at √5 − 1 = 1.236…, and the
# two bands touch at 3√3/2 − 1 = 1.598….


# %%
def kinds(value, depth=16):
    """Return the numbers of Morse sets, and of those that attract."""
    sets = dg.morse_graph(W.at(eta=value), line, depth, longest_period=0)
    return len(sets), sum(s.attracting is dg.Outcome.YES for s in sets)


assert (kinds("99/100"), kinds("101/100")) == ((4, 2), (6, 2))
assert 1.23 < 5**0.5 - 1 < 1.24
assert (kinds("123/100"), kinds("124/100")) == ((6, 2), (8, 2))
assert 1.597 < 3 * 3**0.5 / 2 - 1 < 1.601
assert (kinds("1597/1000")[1], kinds("1601/1000")[1]) == (2, 1)

# %% [markdown]
# *Known: certified*, at each single step size. Nothing is said about the values between two of them; for that there are
# branches, which can be certified over intervals of step sizes (`follow`, `certify`).
#
# ## 5. The surprise at 1.7
#
# Chaos on one merged band was expected there. With 2¹⁰ cells that is what we find:

# %%
merged = dg.morse_graph(W.at(eta="17/10"), line, 10, longest_period=0)
assert [str(s.kind) for s in merged] == ["attracting", "repelling"]
window = family["17/10"]
assert [str(s.kind) for s in window] == ["attracting", "repelling", "repelling"]
print(merged[0])
print(window[0])
print(window[1])

# %% [markdown]
# With 2¹⁴ cells the band *repels*, and a cycle of period 6 attracts: a window in the chaos, too narrow for the coarse cells.
# The first answer was not wrong. It said that something attracting lies within [−1.31, 1.31], and so it does. Finer cells say more
# about what is inside, and take nothing back. Chaos seen in a simulation may be a long detour to a cycle:

# %%
(six,) = window[0].orbits
assert (six.period, six.kind) == (6, dg.Kind.SINK)
G = W.at(eta="17/10")
crowd = np.random.default_rng(0).uniform(-1.3, 1.3, (5000, 1))
shares = {n: (window.set_at(G.iterate(crowd, n)) == 0).mean() for n in (1, 30, 100, 300, 1000)}
assert shares[1] < 0.1
assert shares[1000] == 1
pd.Series(shares, name="share of 5000 orbits at the cycle of 6").rename_axis("after steps")

# %% [markdown]
# ## 6. The order, read as a story
#
# Edges of the Morse graph say which set may lead to which. At η = 1.28:

# %%
found = family["32/25"]
found.plot()

# %%
assert sorted(found.graph.edges) == [(2, 0), (3, 1), (4, 2), (5, 3), (6, 4), (6, 5), (7, 6)]
assert [max(o.period for o in s.orbits) for s in found] == [4, 4, 2, 2, 1, 1, 1, 2]
assert found.above[7, :7].all()
assert not found.above[4, 5]
assert not found.above[4, 1]

# %% [markdown]
# From top to bottom it is the history of the step size. The outer cycle (7) leads to the maximum 0 (6), and there the way splits:
# left or right. On each side comes the minimum, which gave way to the 2-cycle, which gave way to the 4-cycle. An orbit may skip
# stations, but it never goes up, and never crosses over once it is at a minimum. Starts near the outer cycle have the whole tree
# before them:

# %%
G = W.at(eta="32/25")
outer = (1 + 2 / 1.28) ** 0.5
near = outer - np.random.default_rng(0).uniform(1e-6, 1e-3, (2000, 1))
assert set(found.set_at([[outer], [-outer]]).tolist()) == {7}
ends = found.set_at(G.iterate(near, 5000))
assert set(ends.tolist()) == {0, 1}
print(f"{(ends == 0).mean():.0%} end on the left, {(ends == 1).mean():.0%} on the right")

# %% [markdown]
# *Known: certified* where no path leads. That a way is really taken is shown by an orbit, as here.
#
# ## 7. A bookkeeping that must balance
#
# Each set has an **index**: how often the vector $x - F(x)$ turns around it, and the same for two steps, $F \circ F$. It is
# a whole number, so it cannot change a little. And all indices in the box add up to what the edge of the box says: here 1
# for F and −1 for F∘F, as long as nothing recurs at the edge.

# %%
index = pd.DataFrame({steps[e]: pd.Series([s.index for s in family[e]]) for e in steps})
for each in family.values():
    assert [sum(s.index[k] for s in each) for k in (0, 1)] == [1, -1]
index.fillna("")

# %% [markdown]
# At η = 1 a minimum with index (1, 1) becomes a repelling point with (1, −1) and a 2-cycle with (0, 2). The sum is
# what it was. Whatever is born must balance.
#
# Another part of the package knows nothing of cells: `periodic_orbits` solves F(x) = x and F(F(x)) = x by algebra. A fixed
# point counts sign(1 − μ), with μ its multiplier, and for two steps sign(1 − μ²). A 2-cycle counts 2 sign(1 − μ) for two steps.

# %%
for each, sets in family.items():
    once, twice = np.zeros(len(sets), int), np.zeros(len(sets), int)
    for period in (1, 2):
        orbits = dg.periodic_orbits(W.at(eta=each), line, period=period)
        assert orbits.complete
        for orbit in orbits:
            (owner,) = set(sets.set_at(orbit.points).tolist())  # all its points in one set
            mu = orbit.multipliers[0].real
            once[owner] += np.sign(1 - mu) if period == 1 else 0
            twice[owner] += np.sign(1 - mu**2) if period == 1 else 2 * np.sign(1 - mu)
    assert list(zip(once.tolist(), twice.tolist(), strict=True)) == [s.index for s in sets]

# %% [markdown]
# Every index agrees, also that of the bands, which hold infinitely many orbits. And an index proves that orbits exist: where it
# is not 0 there is a fixed point, of F or of F∘F.
#
# ## 8. A diagram made of proofs
#
# Eighty-three Morse graphs side by side.

# %%
values = [Rational(k, 50) for k in range(25, 108)]
OPEN, REPELS, ATTRACTS = 2, 3, 4  # 0 is white, 1 captured
paint = np.zeros((2**11, len(values)))
for k, value in enumerate(values):
    sets = dg.morse_graph(W.at(eta=value), short, 11, longest_period=0)
    for s in sets:
        if s.attracting is dg.Outcome.YES:
            captured = sets.cover.codes[sets.captured(s.number)]
            paint[captured, k] = 1
    for s in sets:
        repels = REPELS if s.repelling is dg.Outcome.YES else OPEN
        paint[s.cells.codes, k] = ATTRACTS if s.attracting is dg.Outcome.YES else repels

colours = ["white", PALE, "#9A9A9A", ORANGE, DARK]
seen_from_afar = paint.reshape(256, 8, -1).max(axis=1)  # thin sets would vanish between the pixels
fig, ax = plt.subplots(figsize=(9, 4.6))
look = {"origin": "lower", "aspect": "auto", "interpolation": "nearest", "vmin": 0, "vmax": 4}
ax.imshow(seen_from_afar, extent=(0.49, 2.15, -1.6, 1.6), cmap=ListedColormap(colours), **look)
words = ["not captured", "captured", "kind undecided", "repels", "attracts"]
handles = [Patch(fc=c, ec="#1A1A1A", label=w) for c, w in zip(colours, words, strict=True)]
ax.legend(handles=handles, loc="upper center", bbox_to_anchor=(0.5, -0.14), ncols=5, frameon=False)
_ = ax.set(xlabel="step size η", ylabel="x")

# %% [markdown]
# A usual diagram shows what attracts. This one shows the rest too: minima that go on as repelling points after 1, and the outer
# cycle, which comes down until at η = 2 it touches the band (grey: undecided). There the attractor ends, and with it all that was captured.
# The orange stripes are windows, wide enough for these cells: there a few short dark marks attract and the band repels. (That at
# 1.7 is too narrow for 2¹¹ cells.)

# %%
some_captured = {v: (paint[:, k] == 1).any() for k, v in enumerate(values)}
assert all(some_captured[v] for v in values if v < 2)
assert not any(some_captured[v] for v in values if v > 2)
both_colours = ((paint == ATTRACTS).any(axis=0)) & ((paint == REPELS).sum(axis=0) > 500)
windows = [float(v) for v, yes in zip(values, both_colours, strict=True) if yes]
assert windows == [1.46, 1.84]

# %% [markdown]
# ## 9. In the plane
#
# Two double wells, one for each coordinate: $L = x^4/4 - x^2/2 + y^4/4 - y^2/2$. Nothing in the method knows that they do not
# interact. At η = 1/2 each has three fixed points and a 2-cycle, so the plane has 3·3 points, 3·2 mixed cycles, and
# cycle × cycle, which is *two* cycles: in step, and out of step. 17 sets.

# %%
both = dg.Loss(x**4 / 4 - x**2 / 2 + y**4 / 4 - y**2 / 2, [x, y])
plane = dg.Box([-2.4, -2.4], [2.4, 2.4])
found = dg.morse_graph(dg.GradientDescent(both, "1/2"), plane, 16)
tally = [str(s.kind) for s in found]
assert [tally.count(k) for k in ("attracting", "saddle", "repelling")] == [4, 8, 5]
assert sorted(set(found.graph.successors(found.set_at([[0, 0]])[0]))) == [4, 5, 6, 7]
found.plot()

# %% [markdown]
# Four minima attract. Between two of them sits a saddle, in the middle the maximum, which leads to all four saddles.
#
# At η = 1.7 the order shrinks to a diamond: band × band attracts, band × cycle twice, and the two cycles.

# %%
found = dg.morse_graph(dg.GradientDescent(both, "17/10"), plane, 16)
assert len(found) == 5
assert sorted(found.graph.edges) == [(1, 0), (2, 0), (3, 1), (3, 2), (4, 1), (4, 2)]
assert [s.attracting for s in found] == [dg.Outcome.YES] + [dg.Outcome.NO] * 4
found.plot()

# %% [markdown]
# The kind of the sets 1 and 2 is undecided: that they do not attract is proved, that they do not repel is not. (The period-6 window
# is there too, but these cells are far too wide to see it.)
#
# *Known: certified*, the question marks included.
#
# ## 10. A curve of minima
#
# $L = (xy - 1)^2/2$ has the minima xy = 1, a whole curve. At η = 1/2 it is stable where x² + y² < 4.

# %%
curve = dg.morse_graph(half, square, 14)
(whole,) = curve
(part,) = whole.families
a = np.linspace(0.34, 2.99, 4001)
points = np.column_stack([a, 1 / a])
inner = (points**2).sum(axis=1) < 4
rows = whole.cells.at(points)
assert np.all(rows >= 0)
assert np.all(inner[part.stable[rows]])
assert not np.any(inner[part.unstable[rows]])
part

# %%
curve.plot()

# %% [markdown]
# Dark is the stable part, orange the unstable one, yellow cells lie across the ends and stay undecided. But why is the
# Morse set so large? All of the basin seems to recur! Two facts together:
#
# 1. On the curve nothing moves. Where it passes from one cell to the next, there is a fixed point that belongs to both, so the
#    graph has an edge. A path can *slide* along the family, from the stable part to the unstable one.
# 2. From the unstable part orbits fall off to both sides, and come back to the stable part. Together these falling orbits fill
#    the basin.
#
# Slide, fall, arrive, slide again: a loop through every place of the basin. One orbit falling:

# %%
end = half.iterate([2.5 + 1e-6, 0.4], 200)
assert abs(np.prod(end) - 1) < 1e-9
assert (end**2).sum() < 4
print(f"from x² + y² = 6.41 to x² + y² = {(end**2).sum():.2f}")

# %%
some = square.sample(20_000, rng=0)
arrived = dg.simulate(half, some).fate == dg.Fate.CONVERGED
assert arrived.sum() > 13_000
sizes = {}
for depth in (12, 14, 16):
    recurs = dg.morse_graph(half, square, depth, longest_period=0)
    assert np.all(recurs.set_at(some[arrived]) == 0)
    sizes[depth] = sum(s.volume for s in recurs) / square.volume
basin = float(dg.known_measure(half, square))
assert basin < sizes[16] < sizes[14] < sizes[12]
print({depth: round(size, 4) for depth, size in sizes.items()}, "basin:", round(basin, 4))

# %% [markdown]
# All starts that converge lie in the set, however small the cells, and its size comes down to that of the basin. So this
# is no weakness of the method. With an error at each step, as small as the cells, an orbit can make this loop; such points are
# called *chain recurrent*. Where along the curve gradient descent ends is decided by the start. But with a little noise
# it does not stay there for ever.
#
# *Known: certified* which cells hold stable and unstable minima. That the basin recurs is known for cells of these sizes. The set
# is at the edge of the box, where the curve goes on, so nothing is said of its kind.
#
# ## 11. Who must go where
#
# A cell all of whose paths end in one attracting set is *committed*. Counting such cells gives a proved lower bound of the
# basin, and cells with at least one path give an upper bound. For the two wells at η = 1/2 the exact share of each basin is
# √5/4.8 of the line, and in the plane a quarter of (2√5/4.8)².

# %%
exact = {1: 5**0.5 / 4.8, 2: (2 * 5**0.5 / 4.8) ** 2 / 4}
rows = []
for d, loss, box, depths in ((1, wells, line, (8, 12, 16)), (2, both, plane, (12, 14, 16))):
    for depth in depths:
        basins = dg.basins_of_cells(dg.cell_graph(dg.GradientDescent(loss, "1/2"), box, depth))
        assert len(basins) == 2**d
        assert basins[0].lower < exact[d] < basins[0].upper
        rows.append([d, 2**depth, basins[0].lower, exact[d], basins[0].upper])
pd.DataFrame(rows, columns=["dimension", "cells", "at least", "exact", "at most"])

# %%
basins.plot()

# %% [markdown]
# Each hatch is one minimum; grey is not decided, a margin along the boundaries. And for the curve of minima? A loop through all
# of the basin means that nothing is committed. Still, one side is proved: what surely leaves.

# %%
leaving = dg.basins_of_cells(dg.cell_graph(half, square, 16))
lost = 1 - float(dg.known_measure(half, square))
assert len(leaving) == 0
assert leaving.leaving[0] < lost < leaving.leaving[1]
print(f"proved to leave: {leaving.leaving[0]:.4f}; does not converge, by a theorem: {lost:.4f}")

# %% [markdown]
# For the other side use `convergent_measure(…, method=dg.Enclosure())`, which has lemmas for such curves; see the third notebook.
#
# *Known: certified*, volumes are whole numbers of cells.
#
# ## 12. How often? The transfer operator
#
# The graph says where points may go. Give each edge its weight, the share of the cell that goes there, and the graph becomes a
# matrix. It moves densities. The density that it leaves alone tells how often an orbit visits each place.
#
# At η = 2 theory knows the answer. On the balanced line gradient descent is then a full shift of three branches (a Chebyshev
# polynomial in disguise), with the arcsine density $1/(\pi\sqrt{2 - x^2})$ and Lyapunov exponent log 3.

# %%
G = W.at(eta=2)
r = 2**0.5
P = dg.transfer_operator(G, dg.Box([-r], [r]), 12, method=dg.MonotonePieces())
density = P.invariant_density()
assert P.evidence.grade is dg.Grade.CERTIFIED
assert density.evidence.grade is dg.Grade.NUMERICAL

edges = np.clip(density.only.cells.edges[0] / r, -1, 1)
arcsine = np.diff(np.arcsin(edges)) / np.pi
assert np.abs(density.only.mass - arcsine).sum() < density.only.moved
lyapunov = density.mean(lambda p: np.log(np.abs(3 - 6 * p[:, 0] ** 2)))
assert abs(lyapunov - np.log(3)) < 0.01
density

# %%
orbits = G.iterate(np.random.default_rng(0).uniform(-r, r, (200_000, 1)), 30)[:, 0]
ax = density.plot(linewidth=2.5, label="eigenvector")
ax.hist(orbits, bins=128, range=(-r, r), density=True, color="#F3D9A0", label="200 000 orbits")
at = np.linspace(-r + 1e-3, r - 1e-3, 800)
ax.plot(at, 1 / (np.pi * np.sqrt(2 - at**2)), color="#1A1A1A", dashes=(2, 4), label="theory")
ax.legend()
_ = ax.set(ylim=(0, 2))

# %% [markdown]
# *Known: the matrix certified, entry by entry; the density numerical.* A matrix spreads what lands in a cell evenly over it. How much
# that changes the density is not bounded. `moved` says how much it changed since cells twice as wide.
#
# ## 13. Two halves that seldom meet
#
# At 1.598… the two bands merge. Just beyond, at η = 1.6, an orbit lives on one side for long, and then changes. The second
# eigenvector of the (reversibilised) matrix finds the sides, and how often they exchange orbits.

# %%
G = W.at(eta="8/5")
halves = dg.transfer_operator(G, short, 12, method=dg.MonotonePieces()).almost_invariant_sets()
assert halves.at([[-1.1], [-0.3], [0.3], [1.1]]).tolist() == [0, 0, 1, 1]

crowd = G.iterate(np.random.default_rng(1).uniform(-1, 1, (20_000, 1)), 300)
changes = []
for _ in range(40):
    after = G.iterate(crowd, 1)
    changes.append((halves.at(after) != halves.at(crowd)).mean())
    crowd = after
assert abs(halves.exchange / np.mean(changes) - 1) < 0.05
print(f"change sides in a step: matrix {halves.exchange:.4f}, orbits {np.mean(changes):.4f}")

# %%
halves.plot()

# %% [markdown]
# The narrow stripes at ±0.736 are right: from there an orbit is on the other side two steps later. One orbit:

# %%
turn = float(np.sqrt(2.6 / 4.8))
assert halves.at([[turn], [-turn]]).tolist() == [0, 1]
assert G.iterate([turn], 2).item() < 0
path = G.trajectory([0.5], 800).points[:, 0]
ax = plt.subplots(figsize=(9, 2.4))[1]
ax.plot(path, ".", ms=2, color=DARK)
ax.axhline(0, color=ORANGE, linewidth=0.8)
_ = ax.set(xlabel="step", ylabel="x")

# %% [markdown]
# *Known: numerical.* The cut is a good one, not proved to be the best.
#
# ## 14. Beyond the crisis
#
# Past η = 2 the attractor is gone. What is left of it is a ghost: most starts stay for some steps, and each step loses the same
# share. That share is an eigenvalue.

# %%
beyond = {
    "line": (W.at(eta="11/5"), short, 12, dg.MonotonePieces()),
    "plane": (F.at(eta="11/5"), dg.Box([-2.5, -2.5], [2.5, 2.5]), 14, dg.SampledCells()),
}
rows = {}
for name, (G, box, depth, method) in beyond.items():
    rate = dg.transfer_operator(G, box, depth, method=method, rng=0).escape_rate()
    assert rate.kind is dg.Escape.STEADY
    states, left = box.sample(2_000_000, rng=1), []
    for _ in range(17):
        states = G.iterate(states, 1)
        states = states[box.contains(states)]
        left.append(len(states))
    simulated, spread = np.log(left[10] / left[16]) / 6, left[16] ** -0.5 / 6
    assert abs(rate.rate - simulated) < 3 * spread
    rows[name] = [rate.rate, rate.coarser, simulated, spread]
columns = ["rate", "on wider cells", "2 million starts", "their spread"]
pd.DataFrame(rows, index=columns).T

# %%
rate.plot()

# %% [markdown]
# Off the balanced line there are more ways out: the plane loses its starts faster. The picture shows where those are that have
# not left yet. The two dark spots are where the balanced line turns around.
#
# *Known: numerical*, checked by simulation. That nothing at all attracts in the box can be certified:

# %%
ghost = dg.morse_graph(W.at(eta="11/5"), short, 14, longest_period=0)
assert not any(ghost.captured(s.number).any() for s in ghost)
assert all(s.attracting is not dg.Outcome.YES for s in ghost)
ghost

# %% [markdown]
# ## 15. What is proved, and what is not
#
# | answer | known | what may be wrong |
# |---|---|---|
# | no edge, no path | certified | nothing |
# | an edge, a path | a possibility | it may be no orbit; finer cells remove it |
# | attracting, repelling, captured, index | certified | nothing; "undecided" is not "no" |
# | the *inside* of a Morse set | not described | a chaotic band may hide a window |
# | committed, leaves, bounds of shares | certified | nothing; the gap shrinks with the cells |
# | stable and unstable part of a family | certified, cell by cell | cells at the ends stay undecided |
# | entries of the matrix, `MonotonePieces` | certified bounds | nothing |
# | entries of the matrix, `SampledCells` | counted | arrows that few points take |
# | densities, halves, escape rates | numerical | the error of cutting into cells has no bound |
#
# ## 16. Your turn
#
# Hénon's map is gradient descent with momentum (second notebook). Below is all its recurrence in a box, at three depths. How
# many cells remain, and how does their number grow with the depth? If it doubles with every two bisections, it is a curve; if
# it grows by four, an area. What lies between?

# %%
henon = dg.textbook.henon()
box = dg.Box([-1.5, -0.5], [1.5, 0.5])
many = {
    depth: sum(len(s) for s in dg.morse_graph(henon, box, depth, longest_period=0))
    for depth in (12, 14, 16)
}
assert all(2 * many[d] < many[d + 2] < 4 * many[d] for d in (12, 14))
many

# %% [markdown]
# More to try:
#
# - Find the window again at other step sizes between 1.6 and 2. How deep must you go before the band stops attracting?
# - Take Himmelblau's function at η = 1/50 (second notebook) and read the order of its Morse graph. Which minima are joined by which
#   saddle?
# - `dg.basins_of_cells` for Himmelblau at η = 1/100: do the bounds contain what you measured in the third notebook?
#
# The pages [cells](../docs/cells.md) and [transfer operators](../docs/transfer_operator.md) say exactly what each edge, index
# and eigenvalue means.
