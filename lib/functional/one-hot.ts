/** Classes as vectors with a one at their place. */
import { Op } from '../backend/ops.generated';
import { COMPUTE, Code } from '../dtype';
import { ArgumentError, DTypeError, IndexError } from '../errors';
import { type Tensor, checkTensor } from '../tensor';
import { integerArgument, named } from './arguments';
import { cast } from './cast';
import { eq } from './compare';
import { item } from './convert';
import { generate } from './kernel';
import { amax, amin } from './reduce';
import { unsqueeze } from './view';

/**
 * For each class its vector of `numClasses` int64 elements, all zero but that of the class; as many as the largest class
 * asks for, unless given (https://pytorch.org/docs/stable/generated/torch.nn.functional.one_hot.html).
 */
export const oneHot = named<[numClasses?: number], { numClasses?: number }, Tensor>(
  'oneHot',
  ['numClasses'],
  (x, numClasses = -1) => {
    checkTensor('oneHot', x);
    if (x.code !== Code.int64) throw new DTypeError(`oneHot: expected int64 classes, got ${x.dtype}`);
    let count = integerArgument('oneHot', 'numClasses', numClasses);
    if (x.count === 0 && count <= 0)
      throw new ArgumentError('oneHot: no classes to tell numClasses from: give it');
    if (x.count > 0) {
      const [least, most] = [item(amin(x)), item(amax(x))];
      if (least < 0) throw new IndexError(`oneHot: class ${least} is negative`);
      if (count === -1) count = most + 1;
      if (most >= count) throw new IndexError(`oneHot: class ${most} is out of range for ${count} classes`);
    }
    const places = generate(Op.arange, COMPUTE[Code.int64]!, [count], Code.int64, x.place, [0, 1]);
    return cast(eq(unsqueeze(x, -1), places), Code.int64);
  },
);
