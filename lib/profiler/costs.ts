/** Floating-point operations of a launch, by the sizes of its operands. */

type Shape = readonly number[];

function product(shape: Shape): number {
  return shape.reduce((n, size) => n * size, 1);
}

/** The multiplications and additions of a kernel that is a matrix product; null for others. */
export function flopsOf(op: string, outputs: readonly Shape[], inputs: readonly Shape[]): number | null {
  switch (op) {
    case 'matmul': {
      const [out, a] = [outputs[0]!, inputs[0]!];
      const rows = out[out.length - 2]!;
      // Either may be given transposed: the inner size is what a matrix of a has beside its rows.
      const matrix = a[a.length - 1]! * a[a.length - 2]!;
      return rows === 0 ? 0 : (2 * product(out) * matrix) / rows;
    }
    case 'linear':
      return 2 * product(outputs[0]!) * inputs[1]![1]!;
    case 'linearBackward': {
      // Outputs: any of the gradients of x and of the weight, a product each, and of the bias, a sum.
      const [grad, x] = [inputs[0]!, inputs[1]!];
      const products = outputs.filter((shape) => shape.length === 2).length;
      const sums = outputs.length - products;
      return products * 2 * product(grad) * x[1]! + sums * product(grad);
    }
    default:
      return null;
  }
}
