"""Which claim is checked on which instance: the plan of ``dynsys-gd verify``."""

from __future__ import annotations

from functools import partial

from . import instances
from .job import Job
from .views import fates, orbit

__all__ = ["standard_jobs"]


def standard_jobs() -> list[Job]:
    """Return the jobs of ``dynsys-gd verify`` without ``--data``, claim by claim."""
    return [
        *_null_sets(),
        *_general_losses(),
        *_stability(),
        *_shape_of_the_minima(),
        *_spectra(),
        *_regularity(),
        *_transitions(),
    ]


def _null_sets() -> list[Job]:
    job = partial(Job, claim="linear_network_impossibility")
    iris = partial(job, make=instances.iris_network)
    product = partial(job, make=instances.number_as_product)
    return [
        iris(
            name="iris-above",
            instance="linear network 4-8-3 on iris, 2 % above its critical step size",
            why="The main theorem on real data.",
            settings=(("widths", (4, 8, 3)), ("share", 1.02)),
        ),
        iris(
            name="iris-below",
            instance="linear network 4-8-3 on iris, 2 % below its critical step size",
            why="Some minima are stable here, and starts near the flattest one converge to it.",
            settings=(("widths", (4, 8, 3)), ("share", 0.98)),
            control=True,
        ),
        iris(
            name="iris-deep-above",
            instance="linear network 4-5-4-3 on iris, 2 % above its critical step size",
            why="The same with three layers, for which the origin is a degenerate saddle.",
            settings=(("widths", (4, 5, 4, 3)), ("share", 1.02)),
            starts=400,
        ),
        product(
            name="product-below",
            instance="(xy - 1)²/2 at step size 1/2, critical 1",
            why="Half of the critical step size: the flat part of the curve xy = 1 attracts.",
            settings=(("step_size", "1/2"),),
            control=True,
            highlights=("fates",),
            views=(
                fates("Below the critical step size an ellipse of starts converges."),
                orbit(
                    "An orbit that converges to the curve of minima.", start=(2.0, 0.75), steps=60
                ),
            ),
        ),
        product(
            name="product-above",
            instance="(xy - 1)²/2 at step size 11/10, critical 1",
            why="The smallest linear network: every minimum on the curve xy = 1 repels.",
            settings=(("step_size", "11/10"),),
            highlights=("fates",),
            views=(
                fates("Above the critical step size no start of the grid converges."),
                orbit(
                    "An orbit that starts beside the curve of minima leaves it for a cycle.",
                    start=(1.35, 0.75),
                    steps=60,
                ),
            ),
        ),
        job(
            name="triple-above",
            instance="(xyz - 1)²/2 at step size 7/10, critical 2/3",
            why="A chain of three scalars.",
            make=instances.number_as_triple_product,
            settings=(("step_size", "7/10"),),
        ),
        job(
            name="matrix-above",
            instance="factorisation of diag(2, 1) at step size 21/20, critical 1",
            why="A matrix written as a product of two.",
            make=instances.matrix_factorisation,
            settings=(("step_size", "21/20"),),
        ),
    ]


def _general_losses() -> list[Job]:
    job = partial(Job, claim="general_loss_impossibility")
    return [
        job(
            name="wells-above",
            instance="double well x⁴/4 - x²/2 at step size 11/10, critical 1",
            why="No network at all: every critical point of this polynomial repels.",
            make=instances.double_well,
            settings=(("step_size", "11/10"),),
            views=(orbit("Overshooting becomes a cycle of period two.", start=(0.3,), steps=60),),
        ),
        job(
            name="quartic",
            instance="x⁴ at step size 100",
            why="A minimum without curvature attracts |x| < (2η)^(-1/2) at every step size.",
            make=instances.quartic,
            settings=(("step_size", "100"),),
            control=True,
        ),
    ]


def _stability() -> list[Job]:
    job = partial(Job, claim="no_stable_minimum")
    return [
        job(
            name="iris-stability",
            instance="linear network 4-5-4-3 on iris, 2 % above its critical step size",
            why="The reason for the theorem: nothing is left on which an orbit could settle.",
            make=instances.iris_network,
            settings=(("widths", (4, 5, 4, 3)), ("share", 1.02)),
            starts=200,
        ),
        job(
            name="wells-below",
            instance="double well x⁴/4 - x²/2 at step size 9/10, critical 1",
            why="Both wells attract.",
            make=instances.double_well,
            settings=(("step_size", "9/10"),),
            control=True,
            views=(orbit("Overshooting that dies out.", start=(0.3,), steps=60),),
        ),
    ]


def _shape_of_the_minima() -> list[Job]:
    job = partial(Job, claim="minima_form_a_manifold")
    return [
        job(
            name="iris-manifold",
            instance="linear network 4-8-3 on iris",
            why="The minima of a network are no isolated points.",
            make=instances.iris_network,
            settings=(("widths", (4, 8, 3)), ("share", 1.02)),
        ),
        job(
            name="crossing",
            instance="(xy)²/2, whose minima cross at the origin",
            why="A target of lower rank: two lines that cross are no manifold.",
            make=instances.zero_as_product,
            settings=(("step_size", "1/2"),),
            control=True,
        ),
    ]


def _spectra() -> list[Job]:
    largest = partial(Job, claim="spectrum_along_the_minima")
    every = partial(Job, claim="every_eigenvalue_proper")
    return [
        largest(
            name="iris-spectrum",
            instance="linear network 4-8-3 on iris",
            why="Two layers: far out along the minima all is steep, so stable minima are bounded.",
            make=instances.iris_network,
            settings=(("widths", (4, 8, 3)), ("share", 1.02)),
        ),
        largest(
            name="spare-width",
            instance="linear network 1-2-2-1 on one datum",
            why="A hidden unit to spare in three layers: minima run off without growing steeper.",
            make=instances.spare_width,
            settings=(("step_size", "3/5"),),
            control=True,
        ),
        every(
            name="product-spectrum",
            instance="(xy - 1)²/2",
            why="A single eigenvalue x² + y² that is not zero.",
            make=instances.number_as_product,
            settings=(("step_size", "1/2"),),
        ),
        every(
            name="iris-every-eigenvalue",
            instance="linear network 4-8-3 on iris",
            why="Twelve eigenvalues: the smallest comes as close to zero as one likes.",
            make=instances.iris_network,
            settings=(("widths", (4, 8, 3)), ("share", 1.02)),
            control=True,
        ),
    ]


def _regularity() -> list[Job]:
    job = partial(Job, claim="non_singular_map")
    return [
        job(
            name="iris-regular",
            instance="linear network 4-8-3 on iris, 2 % above its critical step size",
            why="One determinant that is not zero is enough, for an analytic map.",
            make=instances.iris_network,
            settings=(("widths", (4, 8, 3)), ("share", 1.02)),
        ),
        job(
            name="bowl-singular",
            instance="x²/2 + y²/6 at step size 3, one over a curvature",
            why="An exceptional step size: the plane is sent into a line.",
            make=instances.two_curvatures,
            settings=(("step_size", "3"),),
            control=True,
        ),
    ]


def _transitions() -> list[Job]:
    job = partial(Job, claim="sharp_transition")
    network = partial(job, make=instances.small_network)
    return [
        job(
            name="iris-transition",
            instance="linear network 4-8-3 on iris",
            why="What the theorem looks like when the step size is turned up.",
            highlights=("2",),
            make=instances.iris_network,
            settings=(("widths", (4, 8, 3)), ("share", 1.02)),
        ),
        network(
            name="tanh-transition",
            instance="tanh network 4-8-1 on four samples",
            why="The transition of a network that is not linear.",
            settings=(("widths", (4, 8, 1)), ("activation", "TANH"), ("step_size", "21/10")),
        ),
        network(
            name="relu-transition",
            instance="ReLU network 4-8-1 on four samples",
            why="Not analytic: dead units make plateaus of zero gradient at every step size.",
            settings=(("widths", (4, 8, 1)), ("activation", "RELU"), ("step_size", "21/10")),
            control=True,
        ),
    ]
