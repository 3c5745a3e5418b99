"""PyTorch's side of the suite elementwise."""
from functools import cache

from serve import serve
from torch_data import LABEL, digest, sequence, torch

MODULUS = 16777213


@cache
def inputs(rows, columns):
    x = sequence(rows * columns, 48271, MODULUS).view(rows, columns)
    y = sequence(rows * columns, 69621, MODULUS).view(rows, columns)
    return x, y, x > y


OPS = {
    "add": lambda x, y, mask: x + y,
    "mul": lambda x, y, mask: x * y,
    "sigmoid": lambda x, y, mask: x.sigmoid(),
    "exp": lambda x, y, mask: x.exp(),
    "tanh": lambda x, y, mask: x.tanh(),
    "relu": lambda x, y, mask: x.relu(),
    "gt": lambda x, y, mask: x > y,
    "eq": lambda x, y, mask: x == y,
    "where": lambda x, y, mask: torch.where(mask, x, y),
    "clone": lambda x, y, mask: x.clone(),
    "half": lambda x, y, mask: x.half(),
    "sum": lambda x, y, mask: x.sum(),
    "mean0": lambda x, y, mask: x.mean(0),
    "mean1": lambda x, y, mask: x.mean(1),
    "max": lambda x, y, mask: x.max(),
    "argmax": lambda x, y, mask: x.argmax(),
    "argmax1": lambda x, y, mask: x.argmax(1),
    "softmax": lambda x, y, mask: x.softmax(1),
}


def prepare(work):
    torch.set_num_threads(work["threads"])
    operands = inputs(*work["shape"])
    op = OPS[work["op"]]

    def batch(calls):
        for _ in range(calls):
            result = op(*operands)
        return result

    return batch, lambda: digest(batch(1))


serve(LABEL, prepare)
