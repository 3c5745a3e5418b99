/**
 * Handwritten digits: trains a small network on real data in mini-batches, and says how many of the digits that it has
 * never seen it reads right. Run it with `npm run digits`.
 */
import { SingleBar } from 'cli-progress';
import { manualSeed, nn, noGrad, optim, randperm, slice } from 'tenon';
import { loadDigits } from './data/digits';

const EPOCHS = 30;
const BATCH = 32;

manualSeed(0);
const [images, labels] = loadDigits();
const order = randperm(images.shape[0]!);
const [train, test] = [order.index(slice(0, 1437)), order.index(slice(1437, null))];
const [testImages, testLabels] = [images.index(test), labels.index(test)];

const net = new nn.Sequential(new nn.Linear(64, 128), new nn.ReLU(), new nn.Linear(128, 64), new nn.ReLU(), new nn.Linear(64, 10)); // prettier-ignore
const criterion = new nn.CrossEntropyLoss();
const optimizer = new optim.SGD(net.parameters(), { lr: 0.1, momentum: 0.9 });
console.log(String(net));

function accuracy(): number {
  return noGrad(() => net.forward(testImages).argmax(1).eq(testLabels).float().mean().item());
}

const bar = new SingleBar({ format: '{bar} {percentage}% | epoch {value}/{total} | loss {loss}' });
const start = process.hrtime.bigint();
bar.start(EPOCHS, 0, { loss: '-' });
for (let epoch = 1; epoch <= EPOCHS; epoch++) {
  let total = 0;
  for (const batch of train.index(randperm(train.numel())).split(BATCH)) {
    const loss = criterion.forward(net.forward(images.index(batch)), labels.index(batch));
    optimizer.zeroGrad();
    loss.backward();
    optimizer.step();
    total += loss.item() * batch.numel();
  }
  bar.update(epoch, { loss: (total / train.numel()).toFixed(4) });
}
bar.stop();

const seconds = Number(process.hrtime.bigint() - start) / 1e9;
console.log(`trained ${EPOCHS} epochs in ${seconds.toFixed(1)} s`);
console.log(`held-out accuracy: ${(100 * accuracy()).toFixed(1)} % of ${testLabels.numel()} digits`);
