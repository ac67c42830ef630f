"""The public face runs as written."""

from sympy.abc import eta, x, y

import dynsys_gd as dg


def test_from_a_loss_to_a_verdict():
    f = dg.Loss((x*y - 1)**2 / 2, [x, y])  # fmt: skip
    F = dg.GradientDescent(f, step_size=eta)
    assert F.jacobian.shape == (2, 2)
    threshold = dg.critical_step_size(f)
    assert threshold.exact == 1
    assert threshold.evidence.grade is dg.Grade.PROVED
    assert {tuple(point) for point in threshold.attained_at} == {(1.0, 1.0), (-1.0, -1.0)}

    box = dg.Box([-3, -3], [3, 3])
    fps = dg.fixed_points(F.at(eta="1/2"), box)
    assert fps.complete
    assert len(fps.families) == 1
    assert len(fps.orbits) == 1
    orbs = dg.periodic_orbits(F.at(eta="11/10"), box, period=2)
    assert len(orbs) >= 1
    assert all(orbit.period == 2 for orbit in orbs.orbits)
    fate = dg.simulate(F.at(eta="1/2"), box.grid(400))
    fate.plot()

    m = dg.convergent_measure(F.at(eta="1/2"), box, rng=0)
    low, high = m.interval(0.95)
    assert low < 0.675963 < high

    v = dg.verify(dg.claims.linear_network_impossibility, F.at(eta="11/10"), region=box, rng=0)
    assert v.applies is dg.Outcome.YES
    v.plot()
    assert v.to_dict()
    assert "craciun2024convergence" in v.cite()


def test_the_iris_lines():
    X, Y = dg.data.iris()
    net = dg.LinearNetwork(widths=(4, 8, 3), X=X, Y=Y)
    threshold = dg.critical_step_size(net)
    assert threshold.evidence.grade is dg.Grade.CERTIFIED
    assert 0 < threshold.lower <= threshold.value <= threshold.upper
