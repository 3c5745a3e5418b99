/**
 * Handwritten digits by a convolutional network: batch normalisation, dropout, shifted copies of the images and a one-cycle
 * schedule. Run it with `npm run digits:cnn`; docs/example-digits-cnn.md explains it.
 */
import { SingleBar } from 'cli-progress';
import { manualSeed, nn, noGrad, optim, randint, randperm, slice, type Tensor } from 'tenon';
import { loadDigits } from './data/digits';

const { functional: F } = nn;
const EPOCHS = 30;
const BATCH = 64;

class Net extends nn.Module {
  features = new nn.Sequential(
    new nn.Conv2d(1, 32, 3, { padding: 1, bias: false }),
    new nn.BatchNorm2d(32),
    new nn.ReLU(),
    new nn.Conv2d(32, 64, 3, { padding: 1, bias: false }),
    new nn.BatchNorm2d(64),
    new nn.ReLU(),
    new nn.MaxPool2d(2),
    new nn.Conv2d(64, 64, 3, { padding: 1, bias: false }),
    new nn.BatchNorm2d(64),
    new nn.ReLU(),
    new nn.AdaptiveAvgPool2d(2),
    new nn.Flatten(),
  );
  dropout = new nn.Dropout(0.3);
  out = new nn.Linear(256, 10);

  forward(x: Tensor): Tensor {
    return this.out.forward(this.dropout.forward(this.features.forward(x)));
  }
}

/** The images, each batch by up to a pixel in either direction. */
function shifted(x: Tensor): Tensor {
  const [dy, dx] = randint(0, 3, [2]).tolist<[number, number]>();
  return F.pad(x, [1, 1, 1, 1]).index('...', slice(dy, dy + 8), slice(dx, dx + 8));
}

manualSeed(0);
const [pixels, labels] = loadDigits();
const images = pixels.view(-1, 1, 8, 8);
const order = randperm(images.shape[0]!);
const [train, test] = [order.index(slice(0, 1437)), order.index(slice(1437, null))];
const [testImages, testLabels] = [images.index(test), labels.index(test)];

const net = new Net();
console.log(nn.summary(net, [1, 1, 8, 8]));
const optimizer = new optim.AdamW(net.parameters(), { lr: 1e-3, weightDecay: 0.01 });
const scheduler = new optim.lrScheduler.OneCycleLR(optimizer, 5e-3, {
  totalSteps: EPOCHS * Math.ceil(train.numel() / BATCH),
});

const bar = new SingleBar({ format: '{bar} {percentage}% | epoch {value}/{total} | loss {loss}' });
const start = process.hrtime.bigint();
bar.start(EPOCHS, 0, { loss: '-' });
for (let epoch = 1; epoch <= EPOCHS; epoch++) {
  let total = 0;
  for (const batch of train.index(randperm(train.numel())).split(BATCH)) {
    const scores = net.forward(shifted(images.index(batch)));
    const loss = F.crossEntropy(scores, labels.index(batch), { labelSmoothing: 0.05 });
    optimizer.zeroGrad();
    loss.backward();
    optimizer.step();
    scheduler.step();
    total += loss.item() * batch.numel();
  }
  bar.update(epoch, { loss: (total / train.numel()).toFixed(4) });
}
bar.stop();

net.eval();
const right = noGrad(() => net.forward(testImages).argmax(1).eq(testLabels).float().mean().item());
const seconds = Number(process.hrtime.bigint() - start) / 1e9;
console.log(`trained ${EPOCHS} epochs in ${seconds.toFixed(1)} s`);
console.log(`held-out accuracy: ${(100 * right).toFixed(1)} % of ${testLabels.numel()} digits`);
