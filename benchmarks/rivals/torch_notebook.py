"""PyTorch's side of the suite notebook: ../tenon/notebook.ts line for line."""
from data import sequence
from serve import serve
from torch_data import LABEL, torch

nn = torch.nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(4, 5)
        self.fc2 = nn.Linear(5, 4)
        self.fc3 = nn.Linear(4, 1)

    def forward(self, x):
        x = torch.sigmoid(self.fc1(x))
        x = torch.sigmoid(self.fc2(x))
        return torch.sigmoid(self.fc3(x))


X = torch.tensor([[0.1, 0.2, 0.3, 0.4], [0.5, 0.6, 0.7, 0.8]])
y = torch.tensor([[0.0], [1.0]])

net = Net()
criterion = nn.MSELoss()
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)

net.load_state_dict(
    {
        name: torch.tensor(sequence(t.numel(), 37, 101)).mul(0.25).view(t.shape)
        for name, t in net.state_dict().items()
    }
)

losses = []


def batch(epochs):
    losses.clear()
    for epoch in range(epochs):
        outputs = net(X)
        loss = criterion(outputs, y)

        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

        if epoch % 1000 == 0:
            losses.append(loss.item())


def check():
    return [*losses, criterion(net(X), y).item()]


def prepare(work):
    if work["threads"] is not None:
        torch.set_num_threads(work["threads"])
    return batch, check


serve(LABEL, prepare)
