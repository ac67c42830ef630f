"""A PyTorch module as a loss: the same numbers as our own network, and refusals at the door."""

import copy
import doctest

import numpy as np
import pytest

import dynsys_gd as dg
from dynsys_gd.losses import torch_loss

torch = pytest.importorskip(
    "torch", reason="PyTorch is an extra that the tests do not install; it is large"
)
nn = torch.nn

RNG = np.random.default_rng(3)
X, LABELS = RNG.normal(size=(12, 4)), RNG.integers(0, 3, 12)
Y = np.eye(3)[LABELS]


def half_squares(outputs, targets):
    return ((outputs - targets) ** 2).sum(1).mean() / 2


def module(activation=nn.Tanh, *, bias=True):
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(4, 5, bias=bias), activation(), nn.Linear(5, 3, bias=bias))


def loss(net=None):
    return dg.from_torch(module() if net is None else net, half_squares, (X, Y))


OURS = dg.MLP((4, 5, 3), dg.Activation.TANH, X, Y)
POINTS = RNG.normal(size=(2, 3, 43))


def test_value_gradient_and_hessian_are_those_of_our_network():
    L = loss()
    assert L.dimension == OURS.dimension == 43
    for name in ("__call__", "gradient_at", "hessian_at"):
        found, expected = getattr(L, name)(POINTS), getattr(OURS, name)(POINTS)
        assert found.shape == expected.shape
        np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-13)


def test_products_are_those_of_the_hessian():
    L, v = loss(), RNG.normal(size=(6, 43))
    rows = POINTS.reshape(6, 43)
    multiply = L.hessian_operator(rows)
    expected = np.einsum("kij,kj->ki", OURS.hessian_at(rows), v)
    np.testing.assert_allclose(multiply(v), expected, rtol=1e-11, atol=1e-13)
    np.testing.assert_array_equal(multiply(v), multiply(v))


def test_the_start_is_what_the_module_is_and_the_module_stays_so():
    net = module()
    before = copy.deepcopy(net.state_dict())
    L = loss(net)
    flat = np.concatenate([p.detach().numpy().ravel() for p in net.parameters()])
    np.testing.assert_array_equal(L.start, flat.astype(np.float64))
    dg.GradientDescent(L, 0.1).iterate(L.start, 5)
    dg.top_eigenvalues(L, L.start, rng=0)
    assert all(torch.equal(value, before[name]) for name, value in net.state_dict().items())
    assert all(p.dtype == torch.float32 and p.grad is None for p in net.parameters())
    assert L.names[:2] == ("0.weight[0, 0]", "0.weight[0, 1]")
    assert len(set(L.names)) == 43


def test_frozen_parameters_are_constants():
    net = module()
    net[0].weight.requires_grad_(False)
    L = loss(net)
    assert L.dimension == 43 - 20
    whole = np.concatenate([net[0].weight.detach().numpy().ravel(), L.start]).astype(float)
    np.testing.assert_allclose(L(L.start), OURS(whole), rtol=1e-13)


def test_tied_weights_count_once():
    net = nn.Sequential(nn.Linear(4, 4, bias=False), nn.Tanh(), nn.Linear(4, 4, bias=False))
    net[2].weight = net[0].weight
    L = dg.from_torch(net, half_squares, (X, X))
    assert L.dimension == 16
    step = 1e-6
    for i in (0, 7):
        e = step * np.eye(16)[i]
        slope = (L(L.start + e) - L(L.start - e)) / (2 * step)
        assert slope == pytest.approx(L.gradient_at(L.start)[i], rel=1e-7)


RULES = {
    "gradient descent": lambda L: dg.GradientDescent(L, "3/10"),
    "heavy ball": lambda L: dg.HeavyBall(L, "3/10", "1/2"),
    "Nesterov": lambda L: dg.Nesterov(L, "3/10", "1/2"),
}


@pytest.mark.parametrize("rule", RULES)
def test_training_and_sharpness_are_those_of_our_network(rule):
    L = loss()
    found, expected = (
        dg.sharpness_along(RULES[rule](each), [L.start], 60, every=10) for each in (L, OURS)
    )
    assert found.limit == expected.limit
    np.testing.assert_allclose(found.values, expected.values, rtol=1e-7)
    np.testing.assert_allclose(found.losses, expected.losses, rtol=1e-9)


def test_large_modules_are_followed_by_products_alone(monkeypatch):
    net = nn.Sequential(nn.Linear(4, 20), nn.Tanh(), nn.Linear(20, 3))
    L = loss(net)
    assert L.dimension > 64
    ours = L.as_mlp()
    monkeypatch.setattr(L, "hessian_at", None)
    found, expected = (
        dg.sharpness_along(dg.GradientDescent(each, 0.3), [L.start], 20, every=5)
        for each in (L, ours)
    )
    np.testing.assert_allclose(found.values, expected.values, rtol=1e-6)


def test_gradient_descent_of_pytorch_is_the_same():
    net = module().double()
    L = loss(net)
    end = dg.GradientDescent(L, 0.1).iterate(L.start, 20)
    optimiser = torch.optim.SGD(net.parameters(), lr=0.1)
    for _ in range(20):
        optimiser.zero_grad()
        half_squares(net(torch.tensor(X)), torch.tensor(Y)).backward()
        optimiser.step()
    flat = np.concatenate([p.detach().numpy().ravel() for p in net.parameters()])
    np.testing.assert_allclose(end, flat, rtol=1e-12, atol=1e-14)


def test_heavy_ball_of_pytorch_is_the_same():
    net = module().double()
    L = loss(net)
    F = dg.HeavyBall(L, 0.1, 0.5)
    end = F.project(F.iterate(F.lift(L.start), 20))
    optimiser = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.5)
    for _ in range(20):
        optimiser.zero_grad()
        half_squares(net(torch.tensor(X)), torch.tensor(Y)).backward()
        optimiser.step()
    flat = np.concatenate([p.detach().numpy().ravel() for p in net.parameters()])
    np.testing.assert_allclose(end, flat, rtol=1e-12, atol=1e-14)


def test_eigenvalues_are_those_of_the_hessian():
    L = loss()
    found = dg.top_eigenvalues(L, L.start, 3, rng=0)
    dense = np.linalg.eigvalsh(OURS.hessian_at(L.start))[::-1]
    np.testing.assert_allclose(found.values, dense[:3], rtol=1e-10)
    assert dense[3] <= found.others


def test_orbits_have_fates():
    L = loss()
    fates = dg.simulate(dg.GradientDescent(L, 50.0), [L.start], budget=dg.Budget(steps=200))
    assert fates.fate[0] is not dg.Fate.CONVERGED


class TestTranslation:
    @pytest.mark.parametrize("bias", [True, False])
    @pytest.mark.parametrize(
        ("torchs", "ours"),
        [
            (nn.Tanh, dg.Activation.TANH),
            (nn.Sigmoid, dg.Activation.SIGMOID),
            (nn.ReLU, dg.Activation.RELU),
            (nn.LeakyReLU, dg.Activation.LEAKY_RELU),
            (nn.GELU, dg.Activation.GELU),
            (nn.Softplus, dg.Activation.SOFTPLUS),
        ],
    )
    def test_every_activation(self, torchs, ours, bias):
        L = loss(module(torchs, bias=bias))
        net = L.as_mlp()
        assert net.activation is ours
        assert net.biases is bias
        points = RNG.normal(size=(3, L.dimension))
        np.testing.assert_allclose(net(points), L(points), rtol=1e-12)
        np.testing.assert_allclose(net.gradient_at(points), L.gradient_at(points), atol=1e-12)

    def test_cross_entropy_with_class_numbers(self):
        L = dg.from_torch(module(), nn.CrossEntropyLoss(), (X, LABELS))
        net = L.as_mlp(dg.DataLoss.CROSS_ENTROPY)
        np.testing.assert_allclose(net(POINTS), L(POINTS), rtol=1e-12)

    def test_another_data_loss_is_noticed(self):
        with pytest.raises(dg.InvalidInput, match="MSELoss averages over the outputs too"):
            dg.from_torch(module(), nn.MSELoss(), (X, Y)).as_mlp()

    def test_other_modules_are_refused(self):
        others = [
            nn.Sequential(nn.Linear(4, 3), nn.Tanh()),
            nn.Sequential(nn.Linear(4, 5), nn.Tanh(), nn.Linear(5, 5), nn.ReLU(), nn.Linear(5, 3)),
            nn.Sequential(nn.Linear(4, 5), nn.SiLU(), nn.Linear(5, 3)),
            nn.Sequential(nn.Linear(4, 5), nn.Tanh(), nn.Linear(5, 3, bias=False)),
        ]
        for net in others:
            with pytest.raises(dg.InvalidInput, match="module: got"):
                loss(net).as_mlp()

    def test_a_layer_that_is_used_twice_is_refused(self):
        layer = nn.Linear(4, 4)
        L = dg.from_torch(nn.Sequential(layer, nn.Tanh(), layer), half_squares, (X, X))
        with pytest.raises(dg.InvalidInput, match="20 parameters for 40 weights and biases"):
            L.as_mlp()

    def test_samples_that_are_ignored_are_refused(self):
        labels = np.where(LABELS > 0, LABELS, -100)  # what nn.CrossEntropyLoss ignores
        L = dg.from_torch(module(), nn.CrossEntropyLoss(), (X, labels))
        with pytest.raises(dg.InvalidInput, match="class numbers from 0 to 2"):
            L.as_mlp(dg.DataLoss.CROSS_ENTROPY)


class TestModes:
    def test_batch_normalisation_uses_the_batch_and_keeps_its_averages(self):
        net = nn.Sequential(nn.Linear(4, 5), nn.BatchNorm1d(5), nn.Tanh(), nn.Linear(5, 3))
        L = loss(net)
        value = L(L.start)
        assert L(L.start) == value
        assert net[1].num_batches_tracked == 0
        assert torch.equal(net[1].running_mean, torch.zeros(5))
        own = copy.deepcopy(net).double()
        assert value == pytest.approx(
            half_squares(own(torch.tensor(X)), torch.tensor(Y)).item(), rel=1e-12
        )
        averaged = loss(net.eval())
        assert averaged(averaged.start) != pytest.approx(float(value), rel=1e-6)
        dense = np.linalg.eigvalsh(L.hessian_at(L.start))[-1]
        found = dg.top_eigenvalues(L, L.start, rng=0)
        assert found.sharpness == pytest.approx(dense, rel=1e-9)

    def test_a_convolution(self):
        images = RNG.normal(size=(4, 1, 5, 5))
        net = nn.Sequential(nn.Conv2d(1, 2, 3), nn.Tanh(), nn.Flatten(), nn.Linear(18, 3))
        L = dg.from_torch(net, nn.CrossEntropyLoss(), (images, LABELS[:4]))
        v = RNG.normal(size=L.dimension)
        step = 1e-5
        differences = L.gradient_at(L.start + step * v) - L.gradient_at(L.start - step * v)
        product = L.hessian_operator(L.start)(v[None])[0]
        np.testing.assert_allclose(product, differences / (2 * step), atol=1e-8)

    def test_a_linear_function_has_no_curvature(self):
        net = nn.Linear(4, 1)
        L = dg.from_torch(net, lambda o, y: (o * y).mean(), (X, Y[:, :1]))
        assert not L.hessian_at(L.start).any()
        assert dg.top_eigenvalues(L, L.start, rng=0).sharpness == 0

    def test_dropout_in_evaluation(self):
        net = nn.Sequential(nn.Linear(4, 5), nn.Dropout(), nn.Tanh(), nn.Linear(5, 3))
        assert loss(net.eval()).dimension == 43

    def test_the_random_state_of_pytorch_is_left_alone(self):
        net = module()
        before = torch.get_rng_state()
        loss(net)
        assert torch.equal(torch.get_rng_state(), before)


class Noisy(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(4, 3))

    def forward(self, x):
        return x @ self.weight + torch.randn(1, dtype=x.dtype)


class Half(torch.autograd.Function):
    """u v, whose derivative in u is differentiable again, and whose derivative in v is not."""

    @staticmethod
    def forward(ctx, u, v):
        ctx.save_for_backward(u, v)
        return u * v

    @staticmethod
    def backward(ctx, slope):
        u, v = ctx.saved_tensors
        return v * slope, u.detach() * slope


class Crooked(nn.Module):
    """Second derivatives that are not symmetric."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.first, self.second = nn.Linear(4, 3), nn.Linear(4, 3)

    def forward(self, x):
        return Half.apply(self.first(x), self.second(x))


def spoilt():
    net = module()
    with torch.no_grad():
        net[0].weight[0, 0] = float("nan")
    return net


def frozen():
    return module().requires_grad_(False)


def dropping():
    return nn.Sequential(nn.Linear(4, 5), nn.Dropout(), nn.Linear(5, 3))


class TestRefusals:
    @pytest.mark.parametrize("net", [None, 3, half_squares])
    def test_no_module(self, net):
        with pytest.raises(dg.InvalidInput, match="module: got"):
            dg.from_torch(net, half_squares, (X, Y))

    @pytest.mark.parametrize(
        ("make", "told"),
        [
            (spoilt, "parameter 0.weight"),
            (frozen, "a parameter that requires a gradient"),
            (dropping, "active dropout in 1"),
            (Noisy, "without chance"),
            (lambda: nn.LazyLinear(3), "weight without a size"),
            (Crooked, "depend on the order of differentiation"),
        ],
    )
    def test_modules_that_are_no_function(self, make, told):
        with pytest.raises(dg.InvalidInput, match=told):
            dg.from_torch(make(), half_squares, (X, Y))

    @pytest.mark.parametrize(
        "batch",
        [None, X, (X,), (X, Y, Y), ("a", Y), (X * np.nan, Y), (X[:0], Y[:0]), (X[:, :2], Y)],
    )
    def test_batches(self, batch):
        with pytest.raises(dg.InvalidInput, match="batch: got"):
            dg.from_torch(module(), half_squares, batch)

    @pytest.mark.parametrize("function", [None, "mse", lambda o, y: (o - y) ** 2, lambda o, y: 1.0])
    def test_functions_that_give_no_number(self, function):
        with pytest.raises(dg.InvalidInput, match="loss_fn: got"):
            dg.from_torch(module(), function, (X, Y))

    def test_a_loss_that_is_infinite(self):
        with pytest.raises(dg.InvalidInput, match="a finite loss"):
            dg.from_torch(module(), lambda o, y: (o - y).sum() / 0, (X, Y))

    def test_points_of_another_size(self):
        with pytest.raises(dg.InvalidInput, match="points"):
            loss()([1.0, 2.0])


def test_a_speed_worth_translating_for():
    L = loss()
    assert dg.GradientDescent(L.as_mlp(), 0.1).kernel().code is not None
    assert dg.GradientDescent(L, 0.1).kernel().code is None


@pytest.mark.parametrize("thing", [dg.from_torch, dg.TorchLoss])
def test_the_examples_hold_here(thing):
    # They are skipped elsewhere, for want of PyTorch.
    text = thing.__doc__.replace("# doctest: +SKIP", "")
    flags = doctest.NORMALIZE_WHITESPACE
    example = doctest.DocTestParser().get_doctest(text, dict(vars(torch_loss)), "it", None, 0)
    assert doctest.DocTestRunner(optionflags=flags).run(example) == (0, len(example.examples))
