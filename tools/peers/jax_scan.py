#!/usr/bin/env python3
"""The same training in JAX: jit around lax.scan over the steps of a block, so that Python and the host stay out of the loop.

Runs on whatever device JAX takes by itself. A block's random numbers are drawn at once, before the scan. On a CPU XLA has
one pool of threads, whose size --threads sets before JAX is imported.
"""
import os

import protocol

options = protocol.parse(__doc__.splitlines()[0])
if options.threads == 1:
    os.environ["XLA_FLAGS"] = os.environ.get("XLA_FLAGS", "") + " --xla_cpu_multi_thread_eigen=false"
try:
    import jax
    import jax.numpy as jnp
    import numpy as np
except (ImportError, OSError) as error:
    protocol.cannot_run(f"jax does not import: {error}")

jax.config.update("jax_default_matmul_precision", "float32")  # GPUs would take TF32, which no other peer does

BETA1, BETA2, EPSILON = 0.9, 0.999, 1e-8
WIDTHS = (3, 64, 64, 64, 64, 2)


def initial_parameters(key):
    """Weights [in, out] and biases [out], uniform in +-1/sqrt(in)."""
    layers = []
    for inputs, outputs in zip(WIDTHS, WIDTHS[1:]):
        key, weight_key, bias_key = jax.random.split(key, 3)
        bound = inputs ** -0.5
        layers.append((jax.random.uniform(weight_key, (inputs, outputs), minval=-bound, maxval=bound),
                       jax.random.uniform(bias_key, (outputs,), minval=-bound, maxval=bound)))
    return layers


def network(layers, x):
    """x: (x_alpha, alpha) [rows, 3]; returns [rows, 2]."""
    for weight, bias in layers[:-1]:
        x = jax.nn.relu(x @ weight + bias)
    weight, bias = layers[-1]
    return x @ weight + bias


def loss(layers, x, target):
    return jnp.sum((network(layers, x) - target) ** 2)


def step(state, rows):
    layers, moment1, moment2, count = state
    gradient = jax.grad(loss)(layers, *rows)
    count += 1
    moment1 = jax.tree.map(lambda m, g: BETA1 * m + (1 - BETA1) * g, moment1, gradient)
    moment2 = jax.tree.map(lambda v, g: BETA2 * v + (1 - BETA2) * g * g, moment2, gradient)
    correction1, correction2 = 1 - BETA1 ** count, 1 - BETA2 ** count
    layers = jax.tree.map(
        lambda p, m, v: p - options.lr * (m / correction1) / (jnp.sqrt(v / correction2) + EPSILON),
        layers, moment1, moment2)
    return (layers, moment1, moment2, count), None


def train_block(state, key, p0, p1, steps):
    key, key0, key1, key_alpha = jax.random.split(key, 4)
    shape = (steps, options.batch)
    x0 = p0[jax.random.randint(key0, shape, 0, len(p0))]
    x1 = p1[jax.random.randint(key1, shape, 0, len(p1))]
    alpha = jax.random.uniform(key_alpha, (*shape, 1))
    inputs = jnp.concatenate([(1 - alpha) * x0 + alpha * x1, alpha], axis=2)
    state, _ = jax.lax.scan(step, state, (inputs, x1 - x0))
    return state, key


def euler_map(layers, x):
    def euler(x, alpha):
        return x + network(layers, jnp.column_stack([x, jnp.full(len(x), alpha)])) / options.steps, None

    return jax.lax.scan(euler, x, jnp.arange(options.steps) / options.steps)[0]


class Scan:
    name = "jax scan"
    framework = f"jax {jax.__version__}"

    def __init__(self):
        device = jax.devices()[0]
        self.device = protocol.processor() if device.platform == "cpu" else device.device_kind
        self.p0, self.p1, self.start = (
            jnp.asarray(np.load(file)) for file in (options.p0, options.p1, options.start))
        key, self.key = jax.random.split(jax.random.key(options.seed))
        layers = initial_parameters(key)
        zeros = jax.tree.map(jnp.zeros_like, layers)
        self.state = (layers, zeros, jax.tree.map(jnp.copy, zeros), jnp.zeros((), jnp.float32))

    def prepare(self, block):
        arguments = (self.state, self.key, self.p0, self.p1)
        self.compiled = jax.jit(train_block, static_argnums=4, donate_argnums=0).lower(*arguments, block).compile()
        self.compiled_map = jax.jit(euler_map).lower(self.state[0], self.start).compile()

    def train(self, steps):
        self.state, self.key = jax.block_until_ready(self.compiled(self.state, self.key, self.p0, self.p1))

    def map(self):
        return np.asarray(self.compiled_map(self.state[0], self.start))


if __name__ == "__main__":
    protocol.run(options, Scan())
