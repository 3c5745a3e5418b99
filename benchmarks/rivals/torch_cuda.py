"""PyTorch's side of the suite cuda: ../tenon/cuda.ts line for line."""
import math

from data import sequence as plain_sequence
from serve import fail, serve
from torch_data import digest, sequence, torch

MODULUS = 16777213
nn = torch.nn

if not torch.cuda.is_available():
    fail("PyTorch sees no CUDA device")

inputs = None


def inputs_of(rows, columns):
    global inputs
    if inputs is None or inputs[0] != (rows, columns):
        x = sequence(rows * columns, 48271, MODULUS).view(rows, columns).cuda()
        y = sequence(rows * columns, 69621, MODULUS).view(rows, columns).cuda()
        inputs = ((rows, columns), x, y)
    return inputs[1:]


def repeated(f):
    last = None

    def batch(calls):
        nonlocal last
        for _ in range(calls):
            last = f()
        torch.cuda.synchronize()

    return batch, lambda: digest(last.float())


def prepared(net):
    net.load_state_dict(
        {
            name: torch.tensor(plain_sequence(t.numel(), 37, 101))
            .mul(0.25)
            .div(math.sqrt(t.shape[-1]))
            .view(t.shape)
            for name, t in net.state_dict().items()
        }
    )
    return net.cuda()


def training(net, loss_of, lr):
    optimizer = torch.optim.SGD(net.parameters(), lr=lr)

    def batch(steps):
        for _ in range(steps):
            loss = loss_of()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        torch.cuda.synchronize()

    return batch, lambda: [loss_of().item()]


def mlp():
    net = prepared(
        nn.Sequential(nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, 256), nn.ReLU(), nn.Linear(256, 10))
    )
    x = sequence(128 * 784, 619, 1009).view(128, 784).cuda()
    y = (torch.arange(128) % 10).cuda()
    criterion = nn.CrossEntropyLoss()
    return training(net, lambda: criterion(net(x), y), 0.01)


def notebook():
    net = prepared(
        nn.Sequential(
            nn.Linear(4, 5), nn.Sigmoid(), nn.Linear(5, 4), nn.Sigmoid(), nn.Linear(4, 1), nn.Sigmoid()
        )
    )
    x = torch.tensor([[0.1, 0.2, 0.3, 0.4], [0.5, 0.6, 0.7, 0.8]]).cuda()
    y = torch.tensor([[0.0], [1.0]]).cuda()
    criterion = nn.MSELoss()
    return training(net, lambda: criterion(net(x), y), 0.1)


def prepare(work):
    op = work["op"]
    if op == "mlp":
        return mlp()
    if op == "notebook":
        return notebook()
    if op == "matmul":
        dtype = getattr(torch, work["dtype"])
        a, b = (t.to(dtype) for t in inputs_of(work["n"], work["n"]))
        return repeated(lambda: a @ b)
    x, y = inputs_of(*work["shape"])
    return repeated(
        {
            "add": lambda: x + y,
            "sigmoid": lambda: x.sigmoid(),
            "sum": lambda: x.sum(),
            "softmax": lambda: x.softmax(1),
        }[op]
    )


serve(f"PyTorch {torch.__version__} ({torch.cuda.get_device_name()})", prepare)
