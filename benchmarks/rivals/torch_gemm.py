"""PyTorch's side of the suite gemm."""
from functools import cache

from serve import serve
from torch_data import LABEL, digest, sequence, torch


@cache
def inputs(n):
    return sequence(n * n, 619, 1009).view(n, n), sequence(n * n, 757, 1013).view(n, n)


def prepare(work):
    torch.set_num_threads(work["threads"])
    a, b = inputs(work["n"])
    if work["transposed"] == "a":
        a = a.t()
    if work["transposed"] == "b":
        b = b.t()

    def batch(calls):
        for _ in range(calls):
            result = a @ b
        return result

    return batch, lambda: digest(batch(1))


serve(LABEL, prepare)
