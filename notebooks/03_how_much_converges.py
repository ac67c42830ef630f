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
# # How much converges
#
# *From Monte Carlo to proof, on one loss.* Pick a start at random and run gradient descent. How often does it
# arrive at a minimum? Below the critical step size the answer is a number between 0 and 1, above it the answer is 0.
# This notebook finds that number in eight ways. It begins with counting, and ends with a proof.
#
# The loss is that of the first notebook, $L = (xy - 1)^2/2$, a linear network with one neuron per layer. Its minima
# form the curve $xy = 1$, and its critical step size is 1. The starts are uniform in the square [−3, 3]².

# %%
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from scipy import stats
from sympy.abc import eta, x, y

import dynsys_gd as dg

f = dg.Loss((x * y - 1) ** 2 / 2, [x, y])
F = dg.GradientDescent(f, step_size=eta)
G = F.at(eta="1/2")
square = dg.Box([-3, -3], [3, 3])
assert dg.critical_step_size(f).exact == 1

# %% [markdown]
# Each pixel is a start, its colour is its fate. How large is the part that converges?

# %%
dg.simulate(G, square.grid(200)).plot()

# %% [markdown]
# (The thin dark line is no mistake. From the line y = −x orbits go to the saddle at 0, which is no minimum. A line has
# no area, so it changes no share.)
#
# ## 1. Count: Monte Carlo
#
# Draw 20 000 starts, run each, and count. A start counts as converging only if its limit was *audited*: the
# program looked at the limit itself, and not just at an orbit that had become slow.

# %%
counted = dg.convergent_measure(G, square, method=dg.MonteCarlo(n=20_000), rng=0)
counted

# %% [markdown]
# The interval is a *confidence interval*. Repeat the whole experiment with other random starts, and at least 95 in
# 100 of the intervals contain the true share. Ten repetitions:

# %%
ten = [
    dg.convergent_measure(G, square, method=dg.MonteCarlo(n=5000), rng=k).interval()
    for k in range(10)
]
ax = plt.subplots(figsize=(7, 2.4))[1]
ax.hlines(range(10), *np.transpose(ten), linewidth=3)
_ = ax.set(xlabel="convergent share, 95 % interval", ylabel="repetition", yticks=[0, 9])

# %% [markdown]
# ## 2. "Don't know" is an answer
#
# Every run has a budget of steps. Just below the critical step size gradient descent is very slow, and a small
# budget leaves starts *undecided*. They are not thrown away, and not guessed. The lower end of the interval counts them
# as not converging, the upper end as converging.

# %%
slow = F.at(eta="999/1000")
rows = []
for steps in (1000, 4000, 16_000):
    some = dg.convergent_measure(
        slow, square, method=dg.MonteCarlo(n=5000), budget=dg.Budget(steps=steps), rng=0
    )
    rows.append([steps, some.undecided, *some.interval()])
unsure = pd.DataFrame(rows, columns=["steps", "undecided", "at least", "at most"])
assert unsure["undecided"].is_monotonic_decreasing
assert unsure["undecided"].iloc[0] > 0.25
assert unsure["undecided"].iloc[-1] < 0.01
unsure

# %% [markdown]
# A larger budget makes the interval narrow. Reading the first line as "nothing converges" would be
# wrong, and so would "the rest converges".
#
# ## 3. May I stop when I like what I see?
#
# It is tempting to look at the interval after every few starts, and to stop as soon as it looks good. Usual
# intervals do not allow that: each look is a new chance to be wrong. To see it, toss a coin whose probability is *known*
# and look 40 times.

# %%
p = 0.676
looks = np.arange(100, 4001, 100)
heads = np.random.default_rng(0).binomial(100, p, (5000, 40)).cumsum(axis=1)
interval_low = stats.beta.ppf(0.025, heads, looks - heads + 1)
interval_high = stats.beta.ppf(0.975, heads + 1, looks - heads)
wrong = (p < interval_low) | (interval_high < p)
at_the_end, at_some_look = wrong[:, -1].mean(), wrong.any(axis=1).mean()
assert at_the_end < 0.06
assert at_some_look > 0.15
print(f"wrong at the last look: {at_the_end:.1%}; wrong at one of 40 looks: {at_some_look:.1%}")

# %% [markdown]
# `Adaptive` draws its interval from a *confidence sequence*, which is right at all looks at once with 95 %. So it may
# look all the time, and stop when the interval is as narrow as you wished. The price is more starts.

# %%
adaptive = dg.convergent_measure(G, square, method=dg.Adaptive(half_width=0.01), rng=0)
low, high = adaptive.interval()
assert (high - low) / 2 <= 0.01
adaptive

# %% [markdown]
# ## 4. The same precision from fewer starts
#
# Random points form clumps and leave gaps. Two remedies: points that fill the square evenly (`QuasiMonteCarlo`), and
# points that are sent where they matter, to the boundary of the convergent set (`Stratified`).

# %%
even = dg.convergent_measure(G, square, method=dg.QuasiMonteCarlo(n=20_000), rng=0)
strata = dg.convergent_measure(G, square, method=dg.Stratified(n=20_000), rng=0)


def half_width(estimate):
    low, high = estimate.interval()
    return (high - low) / 2


assert half_width(even) < half_width(counted) / 3
assert half_width(strata) < half_width(counted) / 3
for name, each in (("Monte Carlo", counted), ("even", even), ("stratified", strata)):
    print(f"{name:12} {each.n} starts: ± {half_width(each):.5f}")

# %% [markdown]
# Monte Carlo needs four times the starts to halve its interval. So how many would it need to match the last line?

# %%
needed = counted.n * (half_width(counted) / half_width(strata)) ** 2
assert needed > 9 * counted.n
print(f"{needed:,.0f} starts")

# %% [markdown]
# ## 5. For this loss, the exact answer
#
# Theory gives more here. The boundary of the convergent set is an ellipse, and the share is known in symbols. Such
# theorems are rare, and this one is a touchstone: every interval above has to contain the number.

# %%
exact = dg.known_measure(G, square)
assert exact.evidence.grade is dg.Grade.PROVED
for estimate in (counted, adaptive, even, strata):
    low, high = estimate.interval()
    assert low < float(exact) < high
assert sum(low < float(exact) < high for low, high in ten) >= 9
exact

# %% [markdown]
# ## 6. A proof that does not need the theorem
#
# Forget the theorem. Cut the square into cells. From one cell, compute not with numbers but with intervals, rounded
# outwards: what comes out is true for *every* start in the cell. Some cells surely converge, some surely do not, and
# cells that are not clear are cut again. The clear ones add up to bounds that are certain. No probability is left, and no
# rounding error either. The more cells, the closer the bounds.

# %%
proofs = [
    dg.convergent_measure(G, square, method=dg.Enclosure(width=width)) for width in (0.2, 0.1, 0.05)
]
for proof in proofs:
    low, high = proof.interval()
    assert low < float(exact) < high
    assert proof.evidence.grade is dg.Grade.CERTIFIED
    print(f"{proof.n:6} cells: the share is in [{low:.4f}, {high:.4f}]")

# %% [markdown]
# Here are the cells: blue converges, grey does not, white is not decided. The white part is all that keeps the bounds
# apart.


# %%
def picture(certificate, ax, pixels=512):
    """Draw the cells of a certificate: 1 converges, 2 does not, 0 is open."""
    cells = certificate.content.cells
    image = np.zeros((pixels, pixels))
    lists = (cells.level.tolist(), cells.place.tolist(), cells.mask.tolist())
    for level, (i, j), mask in zip(*lists, strict=True):
        side = pixels >> level
        if min(i, j) >= 0 and max(i, j) < 2**level:  # other cells surround the square
            value = 2 if mask == 1 else 0 if mask & 1 else 1
            image[j * side : (j + 1) * side, i * side : (i + 1) * side] = value
    colours = plt.matplotlib.colors.ListedColormap(["white", "#1B5583", "#C9C2BA"])
    ax.imshow(image, origin="lower", extent=(-3, 3, -3, 3), cmap=colours, vmin=0, vmax=2)


axes = plt.subplots(1, 3, figsize=(10, 3.6), sharey=True)[1]
for proof, ax in zip(proofs, axes, strict=True):
    picture(proof.reading.certificate, ax)
    ax.set_title(f"{proof.n} cells, {proof.undecided:.3f} open")

# %% [markdown]
# ## 7. Do not believe it: check it
#
# The search for such a proof is a long program, and long programs have bugs. So the search writes down *why* each cell
# is decided, in a file, the **certificate**. A second, small program reads it and verifies every cell. It shares no code
# with the search. On the command line it is `dynsys-gd check FILE`.

# %%
folder = Path(tempfile.mkdtemp())
file = proofs[0].reading.certificate.save(folder / "ellipse.json.gz")
checked = dg.check(file)
assert checked.accepted
checked

# %% [markdown]
# Now cheat, and claim a little more than was proved:

# %%
forged = proofs[0].reading.certificate.to_dict()
forged["claim"]["lower"] = "3/5"
refused = dg.check(forged)
assert not refused.accepted
print(refused.headline())

# %% [markdown]
# ## 8. A theorem about a square
#
# A different question: not how much, but *where may I start and be sure?* How large can a square [−c, c]² be, from
# which almost every start converges? There is an obstacle: from (√3, −√3) gradient descent jumps to (−√3, √3) and back,
# for ever, and the smallest push outwards sends it to infinity. So c = √3 = 1.7320… is the limit. We ask for 1.73.

# %%
there = G([3**0.5, -(3**0.5)])
assert np.allclose(there, [-(3**0.5), 3**0.5])

theorem = dg.basin_theorem(G, dg.Box([-1.73, -1.73], [1.73, 1.73]), seconds=60)
assert theorem.holds is dg.Outcome.YES
assert theorem.evidence.grade is dg.Grade.CERTIFIED
theorem

# %% [markdown]
# "Almost every": the line to the saddle is in this square, and other curves that lead to it. They have no area.
# (Had we asked for too large a square, the answer would be the largest one that could be proved.) The checker again:

# %%
assert dg.check(theorem.certificate.save(folder / "square.json.gz")).accepted

# %% [markdown]
# ## 9. Beyond the critical step size
#
# At η = 11/10 sampling sees nothing converge. What does that show? Only that the share is small:

# %%
beyond = F.at(eta="11/10")
nothing = dg.convergent_measure(beyond, square, method=dg.MonteCarlo(n=20_000), rng=0)
assert nothing.hits == 0
assert nothing.upper_bound() > 0
print(nothing.headline())

# %% [markdown]
# The theorem of Crăciun and Ghoshdastidar says more: the share is exactly zero. Its hypotheses are verified for this loss,
# and then there is nothing left to sample.

# %%
zero = dg.convergent_measure(beyond, square, method=dg.Enclosure())
assert zero.interval() == (0, 0)
assert zero.evidence.grade is dg.Grade.PROVED
zero

# %% [markdown]
# ## 10. The transition
#
# Between η = 9/10 and η = 11/10 the share vanishes. `transition` measures it at many step sizes, looks more closely where it
# vanishes, and draws the critical step size of the theory beside what it saw.

# %%
values = ["1/5", "2/5", "3/5", "4/5", "9/10", "11/10", "6/5", "3/2", "2"]
scan = dg.transition(F, "eta", values, region=square, method=dg.MonteCarlo(n=4000), rng=0)
below, above = scan.critical.interval
assert below < 1 < above
assert above - below < 0.02
scan.plot()

# %%
scan.critical

# %% [markdown]
# ## 11. Too rare to count
#
# Beyond η = 2 almost every orbit flies off to infinity, but some stay for a while. What share of the starts is still near after
# 40 steps at η = 11/5? Two hundred thousand starts give no idea:

# %%
wild = F.at(eta="11/5")
late = dg.Survival(steps=40)
plain = dg.convergent_measure(wild, square, method=dg.MonteCarlo(n=200_000), to=late, rng=0)
assert plain.lower == 0
print(plain.headline())

# %% [markdown]
# `Splitting` goes there in stages: first the starts that stay for a few steps, about one in ten. It makes more of those,
# moves them about a little, and asks which of them stay longer, and so on. The product of many tenths is a small number.

# %%
splitting = dg.Splitting(n=2000, moves=20, replicates=6)
rare = dg.convergent_measure(wild, square, method=splitting, to=late, rng=0)
low, high = rare.interval()
assert low < 6e-8 < high  # 500 million plain starts gave 6(1)·10⁻⁸
assert high < 4 * low
rare

# %% [markdown]
# ## 12. How sharp is the edge?
#
# If the boundary is smooth, starts whose fate is in doubt become half as many when the start is known twice as well. If it is
# wrinkled at all scales, a *fractal*, they become fewer much more slowly. The dimension of the boundary tells: 1 is smooth, up to
# 2 is wrinkled. Here theory says ellipse, so the answer must be 1.

# %%
few_pairs = dg.UncertaintyExponent(events=100, pairs=2**16)
edge = dg.boundary_dimension(G, square, method=few_pairs, rng=0)
low, high = edge.interval()
assert low < 1 < high
edge.plot()

# %% [markdown]
# ## 13. Which one should I take?

# %%
answers = {
    "MonteCarlo": counted,
    "Adaptive": adaptive,
    "QuasiMonteCarlo": even,
    "Stratified": strata,
    "Enclosure": proofs[-1],
    "known_measure": exact,
    "Enclosure, η = 11/10": zero,
    "Splitting, rare event": rare,
}


def line(answer):
    """Return value, interval, cost and grade."""
    grade = answer.evidence.grade.name
    if isinstance(answer, dg.KnownMeasure):
        return float(answer), float(answer), float(answer), "a theorem", "–", grade
    low, high = answer.interval()
    value = answer.lower if answer.undecided == 0 else "–"
    looked_at = f"{answer.n} {'cells' if answer.proved else 'starts'}" if answer.n else "a theorem"
    return value, low, high, looked_at, float(answer.map_steps) or "–", grade


columns = ["value", "from", "to", "looked at", "steps", "grade"]
table = pd.DataFrame({name: line(answer) for name, answer in answers.items()}, index=columns).T
table.map(lambda entry: f"{entry:.6g}" if isinstance(entry, float) else entry)

# %% [markdown]
# *Grade* says how an answer is known. PROVED: by exact algebra. CERTIFIED: by interval arithmetic, checkable. STATISTICAL: by
# random samples, wrong in at most 5 of 100 repetitions.
#
# - A first look, any dimension, any law of starts: `MonteCarlo`.
# - A precision in mind: `Adaptive`.
# - Many digits in few dimensions: `QuasiMonteCarlo`, `Stratified`.
# - One in a million, or less: `Splitting`.
# - A statement that is to stand in a paper, for a formula in up to three variables: `Enclosure`, `basin_theorem`.
#
# ## 14. Your turn
#
# Himmelblau's function has four minima. No formula gives their basins. Measure how much converges at η = 1/100, then
# let a proof bound it, and compare. With `apart=True` the proof also says how much goes to which minimum.

# %%
himmelblau = dg.Loss((x**2 + y - 11) ** 2 + (x + y**2 - 7) ** 2, [x, y])
H = dg.GradientDescent(himmelblau, step_size="1/100")
region = dg.Box([-6, -6], [6, 6])
assert dg.known_measure(H, region) is None
sampled = dg.convergent_measure(H, region, method=dg.MonteCarlo(n=5000), rng=0)
proved = dg.convergent_measure(H, region, method=dg.Enclosure(seconds=4, apart=True))
low, high = proved.interval()
assert low <= sampled.interval()[1]
assert sampled.interval()[0] <= high
print(sampled.headline())
proved
