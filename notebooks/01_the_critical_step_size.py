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
# # The critical step size
#
# *From a loss to a verdict.* Gradient descent with a fixed step size η repeats one map,
# $G(\theta) = \theta - \eta \nabla L(\theta)$. This notebook follows a single question: **how
# large may η be before gradient descent stops converging?** The answer is sharp. There is a
# number, the critical step size, below which many starts converge and above which almost none
# does.

# %%
import sympy as sp
from sympy.abc import eta, x, y

import dynsys_gd as dg

# %% [markdown]
# ## 1. One dimension: a parabola
#
# For $L = \lambda x^2/2$ the map is $x \mapsto (1 - \eta\lambda)x$: it contracts exactly when
# $0 < \eta < 2/\lambda$. The *multiplier* $1 - \eta\lambda$ decides, and at $\eta = 2/\lambda$ it is $-1$.

# %%
parabola = dg.Loss(3 * x**2 / 2, [x])
G = dg.GradientDescent(parabola, step_size=eta)
G.jacobian

# %%
threshold = dg.critical_step_size(parabola)
assert threshold.exact == sp.Rational(2, 3)
threshold

# %% [markdown]
# ## 2. Two wells: overshooting becomes a cycle
#
# $L = x^4/4 - x^2/2$ has minima at $\pm 1$, where $L'' = 2$, so the critical step size is 1. Look at the
# cobweb just below and just above it.

# %%
wells = dg.Loss(x**4 / 4 - x**2 / 2, [x])
W = dg.GradientDescent(wells, step_size=eta)
assert dg.critical_step_size(wells).exact == 1
W.at(eta="9/10").trajectory([0.3], 60).plot()

# %%
W.at(eta="11/10").trajectory([0.3], 60).plot()

# %% [markdown]
# Above 1 the minima repel: the orbit settles on a cycle of period two around one of them.

# %%
fates = dg.simulate(W.at(eta="11/10"), dg.Box([-1.5], [1.5]).sample(200, rng=0))
assert fates.count(dg.Fate.CONVERGED) == 0
assert fates.count(dg.Fate.CYCLING) > 150
fates

# %% [markdown]
# ## 3. The smallest network: a curve of minima
#
# $L = (xy - 1)^2/2$ is a linear network with one neuron per layer, fitted to one datum. Its minima form
# the curve $xy = 1$. The sharpness at a minimum is $x^2 + y^2$, smallest at the two *balanced* points.

# %%
f = dg.Loss((x * y - 1) ** 2 / 2, [x, y])
F = dg.GradientDescent(f, step_size=eta)
points = dg.fixed_points(F.at(eta="1/2"))
assert points.complete
points

# %%
critical = dg.critical_step_size(f)
assert critical.exact == 1
assert critical.evidence.grade is dg.Grade.PROVED
critical

# %% [markdown]
# At η = 1/2 the part of the curve with $x^2 + y^2 < 4$ attracts. Each pixel below is a start; its colour is
# its fate.

# %%
box = dg.Box([-3, -3], [3, 3])
below = dg.simulate(F.at(eta="1/2"), box.grid(200))
assert below.count(dg.Fate.CONVERGED) > 0.6 * below.fate.size
below.plot()

# %% [markdown]
# The convergent share has an exact value here: the boundary is an ellipse. The estimate must agree.

# %%
estimate = dg.convergent_measure(F.at(eta="1/2"), box, method=dg.MonteCarlo(n=20_000), rng=0)
low, high = estimate.interval(0.99)
assert low < 0.675963 < high
estimate

# %% [markdown]
# ## 4. Beyond the threshold
#
# The theorem of Crăciun and Ghoshdastidar: for every η above the critical step size, the starts from
# which gradient descent converges to a minimum have measure zero.

# %%
above = dg.simulate(F.at(eta="11/10"), box.grid(200))
assert above.count(dg.Fate.CONVERGED) == 0
above.plot()

# %%
verdict = dg.verify(dg.claims.linear_network_impossibility, F.at(eta="11/10"), region=box, rng=0)
assert verdict.applies is dg.Outcome.YES
assert verdict.observed is dg.Outcome.YES
assert not verdict.contradiction
verdict

# %% [markdown]
# Below the threshold the theorem is silent, and the verdict says so. It does not say "false".

# %%
silent = dg.verify(dg.claims.linear_network_impossibility, F.at(eta="1/2"), region=box, rng=0)
assert silent.applies is dg.Outcome.NO
assert not silent.contradiction
silent

# %% [markdown]
# ## 5. Real data
#
# The same theorem for a linear network on Fisher's iris measurements. The critical step size has a closed
# form for arbitrary data, and both sides of its enclosure are certified by interval arithmetic.

# %%
X, Y = dg.data.iris()
net = dg.LinearNetwork(widths=(4, 8, 3), X=X, Y=Y)
iris = dg.critical_step_size(net)
assert iris.evidence.grade is dg.Grade.CERTIFIED
assert (iris.upper - iris.lower) / iris.value < 1e-10
iris

# %% [markdown]
# Start near the flattest minimum, a little below and a little above the threshold.

# %%
probe = dg.near_flattest(net, radius="1/100").sample(16, rng=0)
fates_below = dg.simulate(dg.GradientDescent(net, step_size=0.98 * iris.value), probe)
fates_above = dg.simulate(dg.GradientDescent(net, step_size=1.02 * iris.value), probe)
assert fates_below.count(dg.Fate.CONVERGED) == 16
assert fates_above.count(dg.Fate.CONVERGED) == 0
print(fates_below, fates_above, sep="\n")

# %% [markdown]
# ## 6. Your turn
#
# Write a loss of your own, ask for its critical step size, and check by simulation that it is one.
# `dg.catalog.names()` lists more than two dozen losses with their known facts.

# %%
mine = dg.Loss((x**2 + y**2 - 1) ** 2 / 4 + x**2 / 10, [x, y])
dg.critical_step_size(mine)
