/** Inputs that the rivals compute alike (rivals/data.py, rivals/torch_data.py), and what is compared of results. */
import { tensor, type Tensor } from 'tenon';

/** Pseudo-random numbers from -2 to 2, of period `modulus`. */
export function sequence(count: number, multiplier: number, modulus: number): Float32Array {
  const data = new Float32Array(count);
  for (let i = 0; i < count; i++) data[i] = (((i * multiplier) % modulus) / modulus) * 4 - 2;
  return data;
}

export function matrix(
  rows: number,
  columns: number,
  { multiplier, modulus }: { multiplier: number; modulus: number },
): Tensor {
  return tensor(sequence(rows * columns, multiplier, modulus)).view(rows, columns);
}

/** The mean, the mean of the absolute values, and some of the elements. */
export function digest(result: Tensor): number[] {
  const values = result.to('float64').toTypedArray() as Float64Array;
  const n = values.length;
  let sum = 0;
  let absolute = 0;
  for (let i = 0; i < n; i++) {
    sum += values[i]!;
    absolute += Math.abs(values[i]!);
  }
  const picked = [0, 1, 2, 3, 4].map((k) => values[Math.floor(((n - 1) * k) / 4)]!);
  return [sum / n, absolute / n, ...picked];
}
