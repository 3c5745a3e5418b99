/** Choosing between two tensors element by element. */
import { Op } from '../backend/ops.generated';
import { defineGradient, record } from '../autograd/node';
import { COMPUTE, Code, resultCode, Standing, defaultDtypeCode } from '../dtype';
import { ArgumentError, DTypeError, describe } from '../errors';
import { broadcastShapes } from '../shape';
import { Tensor, checkTensor } from '../tensor';
import { NONE, fullOf, launch } from './kernel';

const Where = defineGradient('Where', (grad, node) => {
  const condition = node.input(0);
  return [
    null,
    node.needs(1) ? where(condition, grad, 0) : null,
    node.needs(2) ? where(condition, 0, grad) : null,
  ];
});

/** @internal t as the dtype, without recording; t itself if it has it. */
export function converted(t: Tensor, code: number): Tensor {
  return t.code === code ? t : launch(Op.copy, COMPUTE[code]!, t.shape, code, [t], NONE);
}

/**
 * x where the condition is true, y elsewhere; all three broadcast (https://pytorch.org/docs/stable/generated/torch.where.html).
 * @throws DTypeError when the condition isn't bool.
 */
export function where(condition: Tensor, x: Tensor | number, y: Tensor | number): Tensor {
  checkTensor('where', condition, 'condition');
  if (condition.code !== Code.bool)
    throw new DTypeError(`where: expected a bool condition, got ${condition.dtype}`);
  const info = [x, y].map((t, i) => {
    if (t instanceof Tensor)
      return { code: t.code, standing: t.shape.length === 0 ? Standing.scalarTensor : Standing.dimensioned };
    if (typeof t !== 'number')
      throw new ArgumentError(
        `where: expected ${i === 0 ? 'x' : 'y'} to be a Tensor or a number, got ${describe(t)}`,
      );
    return { code: Number.isInteger(t) ? Code.int64 : defaultDtypeCode(), standing: Standing.number };
  });
  const [a, b] = info as [(typeof info)[0], (typeof info)[0]];
  const code = resultCode(a.code, a.standing, b.code, b.standing);
  const operand = (t: Tensor | number): Tensor =>
    t instanceof Tensor ? converted(t, code) : fullOf([], code, t);
  const [p, q] = [operand(x), operand(y)];
  const shape = broadcastShapes('where', condition.shape, broadcastShapes('where', p.shape, q.shape));
  const out = launch(Op.where, COMPUTE[code]!, shape, code, [condition, p, q], []);
  return record(
    out,
    Where,
    [null, x instanceof Tensor ? x : null, y instanceof Tensor ? y : null],
    [condition],
    null,
  );
}
