@comment@
#
# Example, with NumPy only:
#
#     import numpy
#     import @module@
#     start = numpy.array([[@example@, @example_y@]])
#     end = @module@.map(start)
#     back = @module@.inverse(end)
#
# Points are arrays [N, 2], or [2] for one point; results have the same shape, and log-densities one value per point.
import base64

import numpy

TYPE = numpy.float32  # of the network's arithmetic; numpy.float64 is slower and more exact
STEPS = @steps@
CHUNK = 4096  # points that are moved at once

_ORIGIN = numpy.array([@x0@, @y0@])  # of the network's unit square in the plane
_SIDE = @side@
_NODES = [@nodes@]  # stages of a step: where they are, and their shares in its mean velocity
_SHARES = [@shares@]
_TRIALS = 24  # of Newton's method in a step of the inverse

# float32, little-endian, in base64: weight [outputs, inputs] and bias of each layer@directions_note@
_PARAMETERS = numpy.frombuffer(base64.b64decode(
@base64@
), "<f4").astype(TYPE)


def _tensors():
    """Weights [inputs, outputs] and biases of the layers, and the directions [3, F] of the Fourier features."""
    sizes = @sizes@
    layers, at = [], 0
    for inputs, outputs in zip(sizes, sizes[1:]):
        weight = _PARAMETERS[at:at + inputs * outputs].reshape(outputs, inputs).T
        at += inputs * outputs
        layers.append((weight, _PARAMETERS[at:at + outputs]))
        at += outputs
    return layers, _PARAMETERS[at:].reshape(-1, 3).T


_LAYERS, _DIRECTIONS = _tensors()
@if linear
_ALPHAS = (numpy.arange(STEPS + 1) / STEPS).astype(TYPE)
@end
@if cosine
_ALPHAS = (1 - numpy.cos(numpy.pi / 2 * numpy.arange(STEPS + 1) / STEPS)).astype(TYPE)
@end


def _evaluate(at, alpha, tangents=()):
    """The velocity at points [N, 2] of the unit square, then its derivatives along the tangents, each [N, 2]."""
    act = numpy.column_stack([at, numpy.broadcast_to(numpy.asarray(alpha, TYPE), len(at))])
    changes = [numpy.column_stack([tangent, numpy.zeros(len(at), TYPE)]) for tangent in tangents]
@if encoding
    turns = act @ _DIRECTIONS
    angle = 2 * numpy.pi * (turns - numpy.rint(turns))
    sine, cosine = numpy.sin(angle), numpy.cos(angle)
    slopes = [2 * numpy.pi * (change @ _DIRECTIONS) for change in changes]
    act = numpy.column_stack([act, sine, cosine])
    changes = [numpy.column_stack([change, cosine * slope, -sine * slope]) for change, slope in zip(changes, slopes)]
@end
    for weight, bias in _LAYERS[:-1]:
        act = numpy.maximum(act @ weight + bias, 0)
        changes = [(change @ weight) * (act > 0) for change in changes]
    weight, bias = _LAYERS[-1]
    return [act @ weight + bias] + [change @ weight for change in changes]


def _step(t, start, with_tangents):
    """The length h of step t in alpha, its displacement over h, and with tangents the columns of (J - 1) / h, each [N, 2]."""
    alpha, h = _ALPHAS[t], _ALPHAS[t + 1] - _ALPHAS[t]
    begin = [start]
    if with_tangents:
        begin += [numpy.broadcast_to(column, start.shape) for column in numpy.eye(2, dtype=TYPE)]
    mean = slopes = [numpy.zeros(start.shape, TYPE)] * len(begin)
    for node, share in zip(_NODES, _SHARES):
        reach = TYPE(node) * h
        at = [b + reach * slope for b, slope in zip(begin, slopes)]
        slopes = _evaluate(at[0], alpha + reach, at[1:])
        mean = [m + TYPE(share) * slope for m, slope in zip(mean, slopes)]
    return [h] + mean


def _det_minus_1(h, a, b):
    return h * (a[:, 0] + b[:, 1] + h * (a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]))


def _log_abs_1_plus(e):
    with numpy.errstate(divide="ignore", invalid="ignore"):
        return numpy.where(e > -0.5, numpy.log1p(numpy.maximum(e, -0.5)), numpy.log(numpy.abs(1 + e)))


def _run(x, with_log_det):
    log_det = numpy.zeros(len(x), TYPE)
    for t in range(STEPS):
        h, mean, *columns = _step(t, x, with_log_det)
        x = x + h * mean
        if with_log_det:
            log_det = log_det + _log_abs_1_plus(_det_minus_1(h, *columns))
    return x, log_det


def _size_or_1(x):
    return numpy.maximum(1, numpy.abs(x).max(axis=1))


def _invert_step(t, end):
    """Starts of step t [N, 2], NaN where none is found, and log |det J|. Newton's method from end - h D(end); a correction that
    does not reduce the error is halved."""
    h = _ALPHAS[t + 1] - _ALPHAS[t]
    start = end - h * _evaluate(end, _ALPHAS[t])[0]
    near, by, miss = start.copy(), numpy.zeros_like(end), numpy.full(len(end), numpy.inf, TYPE)
    det_minus_1 = numpy.zeros(len(end), TYPE)
    is_open = ~numpy.isnan(end).any(axis=1)
    for _ in range(_TRIALS):
        rows = numpy.flatnonzero(is_open)
        if len(rows) == 0:
            break
        _, mean, a, b = _step(t, start[rows], True)
        off = h * mean + (start[rows] - end[rows])
        error = (off * off).sum(axis=1)
        better = error < miss[rows]
        worse = rows[~better]
        is_open[worse] = ~(miss[worse] <= (1e-6 * _size_or_1(end[worse])) ** 2)
        by[worse] *= numpy.where(is_open[worse], TYPE(0.5), TYPE(0))[:, None]
        rows, off, a, b = rows[better], off[better], a[better], b[better]
        miss[rows] = error[better]
        near[rows] = start[rows]
        det_minus_1[rows] = _det_minus_1(h, a, b)
        with numpy.errstate(divide="ignore", invalid="ignore"):
            by[rows] = numpy.column_stack([
                (1 + h * b[:, 1]) * off[:, 0] - h * b[:, 0] * off[:, 1],
                (1 + h * a[:, 0]) * off[:, 1] - h * a[:, 1] * off[:, 0]]) / (1 + det_minus_1[rows])[:, None]
        is_open[rows] = ~(numpy.abs(by[rows]).max(axis=1) <= 1e-6 * _size_or_1(near[rows]))
        start = near - by
    start[is_open] = numpy.nan
    return start, _log_abs_1_plus(det_minus_1)


def _invert(x):
    log_det = numpy.zeros(len(x), TYPE)
    for t in reversed(range(STEPS)):
        x, step = _invert_step(t, x)
        log_det = log_det + step
    return x, numpy.where(numpy.isnan(x[:, 0]), numpy.nan, log_det)


def _move(work, points):
    """Applies work to the points in the unit square, chunk by chunk; returns points and one value per point."""
    shape = numpy.shape(points)
    unit = ((numpy.asarray(points, float).reshape(-1, 2) - _ORIGIN) / _SIDE).astype(TYPE)
    chunks = [work(unit[first:first + CHUNK]) for first in range(0, len(unit), CHUNK)] or [(unit, unit[:, 0])]
    moved, values = (numpy.concatenate(part) for part in zip(*chunks))
    return (_ORIGIN + _SIDE * moved.astype(float)).reshape(shape), values.astype(float).reshape(shape[:-1])[()]


def velocity(at, alpha):
    """The velocity D(at, alpha) of the field that the map follows; alpha is a number, or has one value per point."""
    unit = ((numpy.asarray(at, float).reshape(-1, 2) - _ORIGIN) / _SIDE).astype(TYPE)
    return (_SIDE * _evaluate(unit, alpha)[0].astype(float)).reshape(numpy.shape(at))


def map(start):
    """Maps points of p0 to points of p1."""
    return _move(lambda x: _run(x, False), start)[0]


def map_log_det(start):
    """The mapped points, and log |det J| of the whole map: log q(end) = log p0(start) - log |det J|."""
    return _move(lambda x: _run(x, True), start)


def inverse(end):
    """The points that the map moves to these; NaN where there is none."""
    return _move(_invert, end)[0]


def inverse_log_det(end):
    """The inverse, and log |det J| of the map there."""
    return _move(_invert, end)
@if gaussian


def log_p0(start):
    """The log-density of gaussian, without the pixels of the program's own picture of it."""
    offset = (numpy.asarray(start, float) - _ORIGIN) / _SIDE - 0.5
    return @log_p0_at_centre@ - @log_p0_slope@ * (offset * offset).sum(axis=-1)


def log_density(at, log_p0=log_p0):
@end
@if other


def log_density(at, log_p0):
@end
    """The natural logarithm of the density of mapped points, per unit of area; NaN where the map has no inverse.

    log_p0 is a function that returns the log-density of p0 at points [N, 2]@log_p0_note@
    """
    start, log_det = inverse_log_det(at)
    return log_p0(start) - log_det
