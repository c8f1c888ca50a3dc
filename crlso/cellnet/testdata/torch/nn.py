import numpy


class Module:
    def children(self):
        return {k: v for k, v in self.__dict__.items() if isinstance(v, Module)}

    def state(self):
        """The weights of the module itself."""
        return {}

    def state_dict(self, prefix=""):
        from . import Tensor

        found = {prefix + k: Tensor(v) for k, v in self.state().items()}
        for name, child in self.children().items():
            found |= child.state_dict(prefix + name + ".")
        return found

    def eval(self):
        return self

    def __call__(self, x):
        return self.forward(x)


class ModuleList(Module):
    def __init__(self, modules):
        self.modules = list(modules)

    def children(self):
        return {str(i): m for i, m in enumerate(self.modules)}

    def __iter__(self):
        return iter(self.modules)


class Sequential(ModuleList):
    def __init__(self, *modules):
        super().__init__(modules)

    def forward(self, x):
        for module in self.modules:
            x = module(x)
        return x


class Conv2d(Module):
    def __init__(self, inputs, outputs, size, stride=1, padding=0, bias=True):
        assert not bias
        self.weight = numpy.zeros((outputs, inputs, size, size), "float32")
        self.stride, self.padding = stride, padding

    def state(self):
        return {"weight": self.weight}

    def forward(self, x):
        p, s, size = self.padding, self.stride, self.weight.shape[-1]
        x = numpy.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))
        h, w = ((n - size) // s + 1 for n in x.shape[2:])
        out = 0
        for i in range(size):
            for j in range(size):
                part = x[:, :, i : i + s * h : s, j : j + s * w : s][:, :, :h, :w]
                out = out + numpy.einsum("bchw,oc->bohw", part, self.weight[:, :, i, j])
        return out


class BatchNorm2d(Module):
    def __init__(self, channels):
        self.weight, self.bias = numpy.ones(channels, "float32"), numpy.zeros(channels, "float32")
        self.running_mean, self.running_var = numpy.zeros(channels, "float32"), numpy.ones(channels, "float32")
        self.num_batches_tracked = numpy.zeros((), "int64")

    def state(self):
        return dict(self.__dict__)

    def forward(self, x):
        at = (slice(None), None, None)
        x = (x - self.running_mean[at]) / numpy.sqrt(self.running_var[at] + 1e-5)
        return x * self.weight[at] + self.bias[at]


class ReLU(Module):
    def forward(self, x):
        return numpy.maximum(x, 0)


class Identity(Module):
    def forward(self, x):
        return x


class AvgPool2d(Module):
    def __init__(self, size, stride, padding=0, count_include_pad=True):
        assert padding == 0 or not count_include_pad
        self.size, self.stride, self.padding = size, stride, padding

    def forward(self, x):
        p, s = self.padding, self.stride

        def sums(x):
            x = numpy.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))
            h, w = ((n - self.size) // s + 1 for n in x.shape[2:])
            parts = (x[:, :, i : i + s * h : s, j : j + s * w : s][:, :, :h, :w]
                     for i in range(self.size) for j in range(self.size))
            return sum(parts)

        return sums(x) / sums(numpy.ones_like(x))


class AdaptiveAvgPool2d(Module):
    def __init__(self, size):
        assert size == 1

    def forward(self, x):
        return x.mean((2, 3), keepdims=True)


class Flatten(Module):
    def forward(self, x):
        return x.reshape(len(x), -1)


class Linear(Module):
    def __init__(self, inputs, outputs):
        self.weight, self.bias = numpy.zeros((outputs, inputs), "float32"), numpy.zeros(outputs, "float32")

    def state(self):
        return {"weight": self.weight, "bias": self.bias}

    def forward(self, x):
        return x @ self.weight.T + self.bias
