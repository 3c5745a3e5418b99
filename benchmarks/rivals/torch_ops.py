"""PyTorch's side of the suite ops."""
from serve import serve
from torch_data import LABEL, digest, sequence, torch

torch.set_num_threads(1)
MODULUS = 16777213
x = sequence(1000000, 48271, MODULUS).view(1000, 1000)
y = sequence(1000000, 69621, MODULUS).view(1000, 1000)
positive = x.abs().add(0.1)
unit = x.div(2.1)
mask = x > y
flat = x.flatten()
index = torch.arange(1000).mul(7).remainder(1000)
indices = torch.arange(1000000).mul(48271).remainder(1000).view(1000, 1000)
places = torch.arange(1000000).mul(48271).remainder(1000000)
vector = x[0]
batch_ = flat[:640000].view(100, 80, 80)
few = flat[:128000].view(1000, 128)
square = x[:200, :200].contiguous()
definite = square @ square.T + torch.eye(200) * 200
small = flat[:160000].view(10000, 4, 4) + torch.eye(4) * 5
sorted_ = flat.sort().values
L = torch.linalg

OPS = {
    "add": lambda: x + y,
    "mul": lambda: x * y,
    "div": lambda: x / positive,
    "pow": lambda: positive**y,
    "atan2": lambda: x.atan2(y),
    "maximum": lambda: x.maximum(y),
    "fmod": lambda: x.fmod(positive),
    "remainder": lambda: x.remainder(positive),
    "gt": lambda: x > y,
    "where": lambda: torch.where(mask, x, y),
    "clamp": lambda: x.clamp(-1, 1),
    "lerp": lambda: x.lerp(y, 0.3),
    "neg": lambda: x.neg(),
    "abs": lambda: x.abs(),
    "sign": lambda: x.sign(),
    "floor": lambda: x.floor(),
    "round": lambda: x.round(),
    "exp": lambda: x.exp(),
    "log": lambda: positive.log(),
    "log1p": lambda: positive.log1p(),
    "sqrt": lambda: positive.sqrt(),
    "rsqrt": lambda: positive.rsqrt(),
    "sin": lambda: x.sin(),
    "cos": lambda: x.cos(),
    "tan": lambda: x.tan(),
    "tanh": lambda: x.tanh(),
    "sigmoid": lambda: x.sigmoid(),
    "relu": lambda: x.relu(),
    "erf": lambda: x.erf(),
    "erfinv": lambda: unit.erfinv(),
    "asin": lambda: unit.asin(),
    "atan": lambda: x.atan(),
    "sinh": lambda: x.sinh(),
    "atanh": lambda: unit.atanh(),
    "lgamma": lambda: positive.lgamma(),
    "digamma": lambda: positive.digamma(),
    "sum": lambda: x.sum(),
    "sum0": lambda: x.sum(0),
    "sum1": lambda: x.sum(1),
    "mean": lambda: x.mean(),
    "prod": lambda: unit.prod(),
    "amax": lambda: x.amax(),
    "max1": lambda: x.max(1).values,
    "argmax": lambda: x.argmax(),
    "argmin1": lambda: x.argmin(1),
    "var": lambda: x.var(),
    "std1": lambda: x.std(1),
    "norm": lambda: x.norm(),
    "norm1": lambda: L.vector_norm(x, 1, 1),
    "logsumexp": lambda: x.logsumexp(1),
    "any": lambda: mask.any(1),
    "median": lambda: x.median(1).values,
    "quantile": lambda: x.quantile(0.3, 1),
    "cumsum": lambda: x.cumsum(1),
    "cumsum0": lambda: x.cumsum(0),
    "cumprod": lambda: unit.cumprod(1),
    "cummax": lambda: x.cummax(1).values,
    "logcumsumexp": lambda: x.logcumsumexp(1),
    "slice": lambda: x[:, ::2].contiguous(),
    "transpose": lambda: x.T.contiguous(),
    "flip": lambda: x.flip(1),
    "roll": lambda: x.roll(3, 1),
    "cat": lambda: torch.cat([x, y], 1),
    "indexSelect": lambda: x.index_select(1, index),
    "gather": lambda: x.gather(1, indices),
    "scatterAdd": lambda: x.scatter_add(1, indices, y),
    "indexAdd": lambda: x.index_add(0, index, y),
    "indexPut": lambda: x.index_put([index], y),
    "maskedFill": lambda: x.masked_fill(mask, 1),
    "maskedSelect": lambda: x.masked_select(mask),
    "nonzero": lambda: mask.nonzero(),
    "take": lambda: x.take(places),
    "tril": lambda: x.tril(),
    "repeat": lambda: vector.repeat(1000, 1),
    "softmax": lambda: x.softmax(1),
    "softmax0": lambda: x.softmax(0),
    "logSoftmax": lambda: x.log_softmax(1),
    "matmul": lambda: x @ y,
    "mv": lambda: x.mv(vector),
    "bmm": lambda: batch_.bmm(batch_),
    "einsum": lambda: torch.einsum("bij,bkj->bik", batch_, batch_),
    "outer": lambda: vector.outer(vector),
    "cdist": lambda: torch.cdist(few, few),
    "sort": lambda: flat.sort().values,
    "argsort": lambda: x.argsort(1),
    "topk": lambda: flat.topk(100).values,
    "unique": lambda: indices.unique(),
    "histc": lambda: x.histc(100),
    "searchsorted": lambda: torch.searchsorted(sorted_, flat),
    "solve": lambda: L.solve(definite, square),
    "inv": lambda: L.inv(definite),
    "cholesky": lambda: L.cholesky(definite),
    "qr": lambda: L.qr(definite).R.abs(),
    "svd": lambda: L.svdvals(square),
    "eigh": lambda: L.eigvalsh(definite),
    "det": lambda: L.slogdet(definite).logabsdet,
    "inverses": lambda: L.inv(small),
}


def prepare(work):
    op = OPS[work["op"]]

    def batch(calls):
        for _ in range(calls):
            result = op()
        return result

    return batch, lambda: digest(batch(1))


serve(LABEL, prepare)
