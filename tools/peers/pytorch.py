#!/usr/bin/env python3
"""The same training in PyTorch, on CUDA where torch has it, else on the CPU.

    eager     as the tutorial writes it: a module, autograd, torch.optim.Adam
    compile   the whole step, gradient and Adam, as one torch.compile'd function over flat parameters (torch 2.0 or newer)
    graphs    many eager steps captured into one CUDA graph, fused Adam and random numbers too; the map is another
    best      CUDA: the compiled step, many to a CUDA graph. CPU: the faster of the compiled step and a step written by hand
              (no autograd, nothing allocated), after a short trial of both

Beyond the tutorial, compile and best have the means of this program's presets: pairs by optimal transport within some rows,
whose time is part of the training's; random Fourier features; a falling rate; an average of the weights.
"""
import inspect
import math
import sys
import time

import protocol


def add_own(parser):
    parser.add_argument("--mode", choices=("eager", "compile", "graphs", "best"), default="eager")
    parser.add_argument("--data", type=int, metavar="N", help="rows of p0 and p1 to use; all by default")
    parser.add_argument("--coupling", choices=("independent", "ot", "ot-once"), default="independent",
                        help="ot: rows are paired whenever they are drawn; ot-once: the data are, before the first step")
    parser.add_argument("--coupling-rows", type=int, default=256, metavar="N", help="rows that are paired at a time")
    parser.add_argument("--encoding", type=int, default=0, metavar="F", help="directions of random Fourier features")
    parser.add_argument("--deviation", type=float, default=1, help="of their x and y; that of alpha is half of it")
    parser.add_argument("--cosine", action="store_true", help="the rate falls to 0 along half a cosine")
    parser.add_argument("--ema", type=float, default=0, metavar="DECAY", help="of the average of weights that maps; 0: none")


options = protocol.parse(__doc__.splitlines()[0], add_own)
try:
    import numpy as np
    import torch
except (ImportError, OSError) as error:  # OSError: a library that torch needs
    protocol.cannot_run(f"torch does not import: {error}")

P0, P1 = (np.load(file)[:options.data] for file in (options.p0, options.p1))
if options.coupling != "independent":
    import transport

    TRANSPORT = transport.Transport(P0, P1, options.coupling_rows, options.seed)

BETA1, BETA2, EPSILON = 0.9, 0.999, 1e-8
TOGETHER = 16  # batches whose inputs are computed at once; they fit into a CPU's cache
CUDA = torch.cuda.is_available()
DEVICE = torch.device("cuda" if CUDA else "cpu")


class NN(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.linear1 = torch.nn.Linear(3 + 2 * options.encoding, 64)
        self.linear2 = torch.nn.Linear(64, 64)
        self.linear3 = torch.nn.Linear(64, 64)
        self.linear4 = torch.nn.Linear(64, 64)
        self.output = torch.nn.Linear(64, 2)
        self.relu = torch.nn.ReLU()

    def forward(self, x, alpha):
        x = torch.cat([x, alpha], dim=1)
        x = self.relu(self.linear1(x))
        x = self.relu(self.linear2(x))
        x = self.relu(self.linear3(x))
        x = self.relu(self.linear4(x))
        return self.output(x)


class Peer:
    """Data, network and map; a subclass trains."""

    framework = f"torch {torch.__version__}"
    device = torch.cuda.get_device_name() if CUDA else protocol.processor()

    def __init__(self):
        torch.manual_seed(options.seed)
        self.name = f"pytorch {options.mode}"
        self.p0, self.p1, self.start = (
            torch.from_numpy(points.copy()).to(DEVICE) for points in (P0, P1, np.load(options.start)))
        self.alphas = (torch.arange(options.steps, device=DEVICE) / options.steps).view(-1, 1, 1).unbind()
        self.network = NN().to(DEVICE)
        deviations = options.deviation * torch.tensor([1, 1, 0.5])
        self.directions = (2 * math.pi * deviations * torch.randn(options.encoding, 3)).t().to(DEVICE)

    def prepare(self, block):
        pass

    def train(self, steps):
        for _ in range(steps):
            self.step()
        if CUDA:
            torch.cuda.synchronize()

    def sample(self, rows):
        """Blended inputs (x_alpha, alpha, features) [rows, 3 + 2 F] and targets x1 - x0 [rows, 2]."""
        index = torch.randint(len(self.p0), (rows,), device=DEVICE)
        other = index if options.coupling == "ot-once" else torch.randint(len(self.p1), (rows,), device=DEVICE)
        return self.blend(self.p0[index], self.p1[other])

    def blend(self, x0, x1):
        alpha = torch.rand(len(x0), 1, device=DEVICE)
        return self.encode(torch.cat([torch.lerp(x0, x1, alpha), alpha], dim=1)), x1 - x0

    def encode(self, points):
        """The network's inputs for (x, alpha) [rows, 3]: with an encoding also the sines, then the cosines."""
        if not options.encoding:
            return points
        angles = points @ self.directions
        return torch.cat([points, angles.sin(), angles.cos()], dim=1)

    def euler(self, x, alpha):
        inputs = self.encode(torch.cat([x, alpha.expand(len(x), 1)], dim=1))
        return x + self.network(inputs[:, :2], inputs[:, 2:]) / options.steps

    @torch.no_grad()
    def mapped(self):
        x = self.start
        for alpha in self.alphas:
            x = self.euler(x, alpha)
        return x

    def map(self):
        return self.mapped().cpu().numpy()


class Eager(Peer):
    def __init__(self):
        super().__init__()
        self.optimizer = torch.optim.Adam(self.network.parameters(), lr=options.lr)

    def step(self):
        x0 = self.p0[torch.randint(len(self.p0), (options.batch,), device=DEVICE)]
        x1 = self.p1[torch.randint(len(self.p1), (options.batch,), device=DEVICE)]
        alpha = torch.rand(options.batch, 1, device=DEVICE)
        x_alpha = (1 - alpha) * x0 + alpha * x1
        loss = torch.sum((self.network(x_alpha, alpha) - (x1 - x0)) ** 2)
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()


class Graphs(Eager):
    """Many steps to a CUDA graph; what its warm-up learned is undone."""

    def __init__(self):
        super().__init__()
        self.optimizer = torch.optim.Adam(self.network.parameters(), lr=options.lr, capturable=True, **fused())

    def prepare(self, block):
        initial = [p.detach().clone() for p in self.network.parameters()]
        self.per_graph = largest_divisor(block, 32)
        self.graph = capture(self.step, self.per_graph)
        with torch.no_grad():
            for parameter, value in zip(self.network.parameters(), initial):
                parameter.copy_(value)
                for moment in self.optimizer.state[parameter].values():
                    moment.zero_()
        self.map_graph = capture(self.map_into, 1)

    def train(self, steps):
        for _ in range(steps // self.per_graph):
            self.graph.replay()
        torch.cuda.synchronize()

    def map_into(self):
        self.points = Peer.mapped(self)

    def mapped(self):
        self.map_graph.replay()
        return self.points


class Flat(Peer):
    """All parameters in one vector [P], the network's own tensors being views of it; likewise its moments and average."""

    def __init__(self):
        super().__init__()
        parameters = list(self.network.parameters())
        self.flat = torch.cat([p.detach().flatten() for p in parameters])
        self.moment1, self.moment2 = torch.zeros_like(self.flat), torch.zeros_like(self.flat)
        self.initial, self.average = self.flat.clone(), self.flat.clone()
        self.coupled = options.coupling != "ot-once"
        self.shapes = [p.shape for p in parameters]
        for parameter, view in zip(parameters, self.views(self.flat)):
            parameter.data = view

    def views(self, flat):
        return [v.view(s) for v, s in zip(flat.split([s.numel() for s in self.shapes]), self.shapes)]

    def reset(self):
        """Back to the first weights, as if no step had been taken."""
        self.flat.copy_(self.initial)
        self.moment1.zero_()
        self.moment2.zero_()
        self.count *= 0

    @torch.no_grad()
    def train(self, steps):
        self.couple()
        if options.coupling == "ot":
            for x0, x1 in TRANSPORT.drawn(steps * options.batch):
                self.learn(*self.blend(torch.from_numpy(x0).to(DEVICE), torch.from_numpy(x1).to(DEVICE)))
        else:
            for first in range(0, steps, TOGETHER):
                self.learn(*self.sample(min(TOGETHER, steps - first) * options.batch))
        if CUDA:
            torch.cuda.synchronize()

    def couple(self):
        """Pairs the data if they are to be and are not."""
        if not self.coupled:
            self.p1.copy_(torch.from_numpy(TRANSPORT.data()))
            self.coupled = True

    @torch.no_grad()
    def learn(self, inputs, targets):
        for x, target in zip(inputs.split(options.batch), targets.split(options.batch)):
            self.step(x, target)

    def map(self):
        if not options.ema:
            return super().map()
        last = self.flat.clone()
        self.flat.copy_(self.average)
        points = super().map()
        self.flat.copy_(last)
        return points


class Handwritten(Flat):
    """Forward, backward and Adam as some fifty operations into tensors allocated once. Activation l is [batch, width]."""

    def __init__(self):
        super().__init__()
        self.count = 0
        self.gradient = torch.zeros_like(self.flat)
        weights_and_biases, gradients = self.views(self.flat), self.views(self.gradient)
        self.weights, self.biases = weights_and_biases[0::2], weights_and_biases[1::2]
        self.d_weights, self.d_biases = gradients[0::2], gradients[1::2]
        self.transposed = [w.t() for w in self.weights]
        self.act = [None] + [torch.empty(options.batch, len(w), device=DEVICE) for w in self.weights]
        self.d_act = [None if a is None else torch.empty_like(a) for a in self.act]
        self.d_act_transposed = [None if d is None else d.t() for d in self.d_act]
        self.ones = torch.ones(options.batch, device=DEVICE)
        self.root = torch.empty_like(self.flat)

    def prepare(self, block):
        self.learn(*self.sample(options.batch))
        self.reset()

    def step(self, x, target):
        act, d_act, last = self.act, self.d_act, len(self.weights)
        act[0] = x
        self.forward(act)
        torch.sub(act[last], target, out=d_act[last]).mul_(2)
        for l in range(last, 0, -1):
            torch.mm(self.d_act_transposed[l], act[l - 1], out=self.d_weights[l - 1])
            torch.mv(self.d_act_transposed[l], self.ones, out=self.d_biases[l - 1])
            if l > 1:
                torch.mm(d_act[l], self.weights[l - 1], out=d_act[l - 1])
                torch.ops.aten.threshold_backward(d_act[l - 1], act[l - 1], 0, grad_input=d_act[l - 1])
        self.adam()

    def forward(self, act):
        """From act[0], the inputs, to act[-1], the network's answer."""
        for l, (bias, weight) in enumerate(zip(self.biases, self.transposed), 1):
            torch.addmm(bias, act[l - 1], weight, out=act[l])
            if l < len(self.biases):
                act[l].relu_()

    @torch.no_grad()
    def mapped(self):
        """The Euler map, a batch of points through all steps before the next, so that activations stay in the cache."""
        result = self.start.clone()
        for x in result.split(options.batch):
            act = [None] + [a[:len(x)] for a in self.act[1:]]
            place = torch.empty(len(x), 3, device=DEVICE)
            points, alpha = place[:, :2], place[:, 2]
            points.copy_(x)
            for t in range(options.steps):
                alpha.fill_(t / options.steps)
                act[0] = self.encode(place)
                self.forward(act)
                points.add_(act[-1], alpha=1 / options.steps)
            x.copy_(points)
        return result

    def adam(self):
        self.count += 1
        correction2 = (1 - BETA2 ** self.count) ** 0.5
        self.moment1.lerp_(self.gradient, 1 - BETA1)
        self.moment2.mul_(BETA2).addcmul_(self.gradient, self.gradient, value=1 - BETA2)
        torch.sqrt(self.moment2, out=self.root).add_(EPSILON * correction2)
        self.flat.addcdiv_(self.moment1, self.root, value=-rate(self.count) * correction2 / (1 - BETA1 ** self.count))
        if options.ema:
            self.average.lerp_(self.flat, share_of_average(self.count))


class CompileFailed(Exception):
    pass


class Compiled(Flat):
    """One torch.compile'd function a step; `mode` is torch.compile's."""

    def __init__(self, mode=None):
        super().__init__()
        self.count = torch.zeros((), device=DEVICE)
        names = [name for name, _ in self.network.named_parameters()]

        def loss(flat, x, target):
            out = torch.func.functional_call(
                self.network, dict(zip(names, self.views(flat))), (x[:, :2], x[:, 2:]))
            return torch.sum((out - target) ** 2)

        def update(flat, moment1, moment2, average, count, x, target):
            gradient = torch.func.grad(loss)(flat, x, target)
            count += 1
            moment1.lerp_(gradient, 1 - BETA1)
            moment2.lerp_(gradient * gradient, 1 - BETA2)
            root = torch.sqrt(moment2 / (1 - BETA2 ** count)) + EPSILON
            flat -= rate(count) * (moment1 / (1 - BETA1 ** count)) / root
            if options.ema:
                average.lerp_(flat, share_of_average(count))

        self.update = torch.compile(update, mode=mode, dynamic=False)
        self.euler = torch.compile(self.euler, mode=mode, dynamic=False)
        self.state = (self.flat, self.moment1, self.moment2, self.average, self.count)
        if CUDA:
            for tensor in self.state:
                torch._dynamo.mark_static_address(tensor)

    def step(self, x, target):
        self.update(*self.state, x, target)

    def prepare(self, block):
        try:
            self.learn(*self.sample(3 * options.batch))  # compile, then record the CUDA graph, then replay it
            Peer.mapped(self)
        except Exception as error:  # a missing C++ compiler or a wrong Triton has no class of its own
            raise CompileFailed(f"torch.compile fails: {(str(error) or repr(error)).splitlines()[0]}") from error
        self.reset()


class CompiledGraphs(Compiled):
    @torch.no_grad()
    def prepare(self, block):
        super().prepare(block)
        self.per_graph = largest_divisor(block, 32)
        self.graph = capture(lambda: self.step(*self.sample(options.batch)), self.per_graph)
        self.map_graph = capture(self.map_into, 1)
        self.reset()

    def train(self, steps):
        self.couple()
        Graphs.train(self, steps)

    map_into, mapped = Graphs.map_into, Graphs.mapped


def rate(step):
    """Adam's rate in a step, counted from 1."""
    if not options.cosine:
        return options.lr
    angle = math.pi / options.iterations * (step - 1)
    return options.lr * 0.5 * (1 + (math.cos(angle) if isinstance(angle, float) else angle.cos()))


def share_of_average(step):
    """Of a step's weights in the average, whose earlier ones count DECAY less for each step since; steps count from 1."""
    return (1 - options.ema) / (1 - options.ema ** step)


def largest_divisor(number, limit):
    return max(d for d in range(1, limit + 1) if number % d == 0)


def fused():
    """Adam as one kernel where this torch has it."""
    return {"fused": True} if "fused" in inspect.signature(torch.optim.Adam).parameters else {}


def capture(step, count):
    """A CUDA graph of `count` steps; three steps run before it on a side stream, as the CUDA graph notes ask."""
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        for _ in range(3):
            step()
    torch.cuda.current_stream().wait_stream(stream)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        for _ in range(count):
            step()
    return graph


class Best:
    """On the CPU: the way that wins short trials, taken in turn because a shared machine's speed drifts."""

    name, framework, device = "pytorch best", Peer.framework, Peer.device

    def prepare(self, block):
        ways = [Handwritten()]
        ways[0].prepare(block)
        if missing_for_compile() is None:
            try:
                compiled = Compiled()
                compiled.prepare(block)
                ways.append(compiled)
            except CompileFailed as error:
                print(error, file=sys.stderr)
        fastest = self.trials(ways, steps=largest_divisor(block, 128))
        self.way = ways[fastest.index(min(fastest))]
        self.way.reset()
        self.train = self.way.train
        self.mapping = ways[0]
        print(f"{self.name}: {type(self.way).__name__.lower()}", file=sys.stderr)

    def map(self):
        self.mapping.flat.copy_(self.way.flat)
        self.mapping.average.copy_(self.way.average)
        return self.mapping.map()

    @staticmethod
    def trials(ways, steps, rounds=5):
        """The fastest of `rounds` for each way, in seconds."""
        fastest = [float("inf")] * len(ways)
        for _ in range(rounds):
            for i, way in enumerate(ways):
                started = time.perf_counter()
                way.learn(*way.sample(steps * options.batch))
                fastest[i] = min(fastest[i], time.perf_counter() - started)
        return fastest


def missing_for_compile():
    if not hasattr(torch, "compile"):
        return f"torch {torch.__version__} has no torch.compile"
    return None


def choose():
    beyond_tutorial = options.coupling != "independent" or options.encoding or options.cosine or options.ema
    if options.mode in ("eager", "graphs") and beyond_tutorial:
        protocol.cannot_run(f"--mode {options.mode} is the tutorial only")
    if options.mode == "eager":
        return Eager()
    if options.mode == "graphs" and not CUDA:
        protocol.cannot_run("--mode graphs needs CUDA, and torch finds none")
    if options.mode == "graphs":
        return Graphs()
    torch.set_flush_denormal(True)  # Adam's moments of dead units decay into denormals, which a CPU computes slowly
    if options.mode == "best" and not CUDA:
        return Best()
    missing = missing_for_compile()
    if missing:
        protocol.cannot_run(missing)
    if options.mode == "best" and options.coupling != "ot":  # whose pairs come from the host
        return CompiledGraphs()
    return Compiled("reduce-overhead" if CUDA else None)


if __name__ == "__main__":
    torch.set_num_threads(options.threads)
    try:
        protocol.run(options, choose())
    except CompileFailed as error:
        protocol.cannot_run(error)
