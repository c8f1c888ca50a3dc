"""What of PyTorch the exported networks need to classify images, computed by NumPy.

Written by PyTorch's documentation of each layer: so that a test can run an exported network without
PyTorch's hundreds of megabytes. Weights are NumPy arrays, nothing is trained.
"""

import numpy

from . import nn


def from_numpy(values):
    return Tensor(values)


class Tensor:
    def __init__(self, values):
        self.values = numpy.asarray(values)

    @property
    def shape(self):
        return self.values.shape

    def reshape(self, shape):
        return Tensor(self.values.reshape(shape))

    def copy_(self, other):
        assert self.shape == other.shape
        self.values[...] = other.values


def zeros_like(x):
    return numpy.zeros_like(x)
