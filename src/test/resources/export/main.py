"""The same as main.c, by the modules."""
import sys
import warnings

import numpy

import boxed
import encoded
import plain
import trained

warnings.simplefilter("error")
COUNT = 1000
data = numpy.frombuffer(sys.stdin.buffer.read(), "<f4")
alpha, at = float(data[0]), 1
for module in (plain, encoded, boxed, trained):
    starts = data[at:at + 2 * COUNT].reshape(COUNT, 2)
    logs = data[at + 2 * COUNT:at + 3 * COUNT]
    at += 3 * COUNT
    out = numpy.empty((COUNT, 14), "<f4")
    end = module.map(starts)
    out[:, 0:2] = end
    out[:, 2:4], out[:, 4] = module.map_log_det(starts)
    out[:, 5:7], out[:, 8] = module.inverse_log_det(end)
    out[:, 7] = out[:, 12] = ~numpy.isnan(out[:, 5])
    out[:, 9:11] = module.velocity(starts, alpha)
    out[:, 11] = module.log_density(end, lambda start: logs)
    out[:, 13] = plain.log_p0(starts)
    assert numpy.array_equal(module.inverse(end), module.inverse_log_det(end)[0])
    assert numpy.allclose(module.velocity(starts, numpy.full(COUNT, alpha)), module.velocity(starts, alpha))
    one, log_det = module.map_log_det(starts[0])
    assert one.shape == (2,) and numpy.shape(log_det) == () and numpy.allclose(one, end[0], atol=1e-5)
    assert module.map(numpy.empty((0, 2))).shape == (0, 2)
    sys.stdout.buffer.write(out.tobytes())
assert plain.log_density(starts[:5]).shape == (5,)
far = numpy.array([[numpy.nan, 0.5], [0.5, 0.5]])
assert numpy.isnan(plain.inverse(far)[0]).all() and not numpy.isnan(plain.inverse(far)[1]).any()
