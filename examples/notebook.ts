/**
 * A PyTorch notebook, line for line: a small network learns two points; then the notebook's other cells.
 * Run it with `npm run notebook`.
 */
import { type Tensor, nn, optim, randn, sigmoid, tensor, zeros } from 'tenon';

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

for (let epoch = 0; epoch < 10000; epoch++) {
  const outputs = net.forward(X);
  const loss = criterion.forward(outputs, y);

  optimizer.zeroGrad();
  loss.backward();
  optimizer.step();

  if (epoch % 1000 === 0) console.log(`Epoch ${epoch}, Loss: ${loss.item()}`);
}

const predictions = net.forward(X);
console.log('predictions:', predictions);
console.log('as a list:', [...predictions]);

const single = net.forward(tensor([0.3, 0.4, 0.5, 0.6]));
console.log('prediction for [0.3, 0.4, 0.5, 0.6]:', single);
console.log('as a number:', single.item());

console.log(tensor([[1, 2, 3], [4, 5, 6]])); // prettier-ignore
console.log(tensor(new Float64Array([0.5, 1.5, 2.5])));
console.log(randn(3, 4));
console.log(zeros(2, 5));
