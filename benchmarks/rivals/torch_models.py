"""PyTorch's side of the suite models."""
import resource

from serve import serve
from torch_data import LABEL, sequence, torch
from torch import nn
from torch.nn import functional as F

MODULUS = 16777213


def inputs(*shape):
    return sequence(torch.Size(shape).numel(), 48271, MODULUS).view(shape)


def labels(n, *shape):
    return (torch.arange(torch.Size(shape).numel()) * 48271 % MODULUS % n).view(shape)


class Mlp(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(784, 512)
        self.fc2 = nn.Linear(512, 256)
        self.fc3 = nn.Linear(256, 10)

    def forward(self, x):
        return self.fc3(F.relu(self.fc2(F.relu(self.fc1(x)))))


class Cnn(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 32, 3, 1)
        self.conv2 = nn.Conv2d(32, 64, 3, 1)
        self.dropout1 = nn.Dropout(0.25)
        self.dropout2 = nn.Dropout(0.5)
        self.fc1 = nn.Linear(9216, 128)
        self.fc2 = nn.Linear(128, 10)

    def forward(self, x):
        x = F.relu(self.conv1(x))
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        x = self.dropout1(x).flatten(1)
        x = self.dropout2(F.relu(self.fc1(x)))
        return F.log_softmax(self.fc2(x), 1)


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.ln1 = nn.LayerNorm(128)
        self.qkv = nn.Linear(128, 384)
        self.project = nn.Linear(128, 128)
        self.ln2 = nn.LayerNorm(128)
        self.up = nn.Linear(128, 512)
        self.down = nn.Linear(512, 128)

    def forward(self, x):
        n, t, _ = x.shape
        q, k, v = self.qkv(self.ln1(x)).view(n, t, 3, 4, 32).permute(2, 0, 3, 1, 4).unbind(0)
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.project(y.transpose(1, 2).reshape(n, t, 128))
        return x + self.down(F.gelu(self.up(self.ln2(x))))


class Gpt(nn.Module):
    def __init__(self):
        super().__init__()
        self.tokens = nn.Embedding(65, 128)
        self.positions = nn.Embedding(64, 128)
        self.blocks = nn.Sequential(*[Block() for _ in range(4)])
        self.ln = nn.LayerNorm(128)
        self.head = nn.Linear(128, 65, bias=False)

    def forward(self, ids):
        x = self.tokens(ids) + self.positions(torch.arange(ids.shape[1]))
        return self.head(self.ln(self.blocks(x)))


class Lstm(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(128, 128, num_layers=2, batch_first=True)
        self.out = nn.Linear(128, 10)

    def forward(self, x):
        return self.out(self.lstm(x)[0][:, -1])


def prepared(net):
    with torch.no_grad():
        for name, p in net.named_parameters():
            if "ln" not in name:
                p.copy_(sequence(p.numel(), 37, 101).view(p.shape) * (0.5 / p.shape[-1] ** 0.5))
    return net


def mlp():
    net = prepared(Mlp())
    x, y = inputs(128, 784), labels(10, 128)
    return net, torch.optim.Adam(net.parameters(), lr=1e-3), lambda: F.cross_entropy(net(x), y)


def cnn():
    net = prepared(Cnn())
    x, y = inputs(64, 1, 28, 28), labels(10, 64)
    return net, torch.optim.Adadelta(net.parameters(), lr=1), lambda: F.nll_loss(net(x), y)


def gpt():
    net = prepared(Gpt())
    x, y = labels(65, 12, 64), labels(64, 12, 64)
    return net, torch.optim.AdamW(net.parameters(), lr=1e-3), lambda: F.cross_entropy(net(x).view(-1, 65), y.view(-1))


def lstm():
    net = prepared(Lstm())
    x, y = inputs(32, 64, 128), labels(10, 32)
    return net, torch.optim.Adam(net.parameters(), lr=1e-3), lambda: F.cross_entropy(net(x), y)


MODELS = {"mlp": mlp, "cnn": cnn, "gpt": gpt, "lstm": lstm}


def memory():
    return [resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024.0]


def prepare(work):
    if work["model"] == "memory":
        return lambda calls: None, memory
    torch.set_num_threads(work["threads"])
    net, optimizer, loss = MODELS[work["model"]]()
    net.eval()
    with torch.no_grad():
        first = loss().item()
    net.train()

    def batch(calls):
        for _ in range(calls):
            optimizer.zero_grad()
            loss().backward()
            optimizer.step()

    return batch, lambda: [first]


serve(LABEL, prepare)
