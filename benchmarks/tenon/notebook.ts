/** Tenon's side of the suite notebook: the loop of examples/notebook.ts, from weights that the rivals share. */
import { nn, optim, sigmoid, tensor, type Tensor } from 'tenon';
import { sequence } from './data';
import { serve, type Job } from './serve';

class Net extends nn.Module {
  fc1 = new nn.Linear(4, 5);
  fc2 = new nn.Linear(5, 4);
  fc3 = new nn.Linear(4, 1);

  forward(x: Tensor): Tensor {
    x = sigmoid(this.fc1.forward(x));
    x = sigmoid(this.fc2.forward(x));
    return sigmoid(this.fc3.forward(x));
  }
}

const X = tensor([
  [0.1, 0.2, 0.3, 0.4],
  [0.5, 0.6, 0.7, 0.8],
]);
const y = tensor([[0], [1]], { dtype: 'float32' });

const net = new Net();
const criterion = new nn.MSELoss();
const optimizer = new optim.SGD(net.parameters(), { lr: 0.1 });

net.loadStateDict(
  Object.fromEntries(
    Object.entries(net.stateDict()).map(([name, t]) => [
      name,
      tensor(sequence(t.numel(), 37, 101))
        .mul(0.25)
        .view(t.shape),
    ]),
  ),
);

let losses: number[] = [];

const job: Job = {
  batch(epochs) {
    losses = [];
    for (let epoch = 0; epoch < epochs; epoch++) {
      const outputs = net.forward(X);
      const loss = criterion.forward(outputs, y);

      optimizer.zeroGrad();
      loss.backward();
      optimizer.step();

      if (epoch % 1000 === 0) losses.push(loss.item());
    }
  },
  check: () => [...losses, criterion.forward(net.forward(X), y).item()],
};

void serve(() => job);
