/** Operands on several devices: refused, or brought together where `setAutoTransfer` allows it. */
import { CPU, autoTransfer, deviceName } from '../device';
import { ELEMENT_SIZE } from '../dtype';
import { DeviceError } from '../errors';
import type { Tensor } from '../tensor';
import { cast } from './cast';

/** Whether kernels of any device take t for a number. */
function isNumber(t: Tensor): boolean {
  return t.place === CPU && t.shape.length === 0;
}

function apart(op: string, a: number, b: number): DeviceError {
  const [one, other] = [deviceName(a), deviceName(b)];
  return new DeviceError(
    `${op}: expected all tensors on one device, got ${one} and ${other}: move one with .to('${one}') or .to('${other}')`,
  );
}

/** Where most of the operands' bytes are; on a GPU, where there are as many on two. */
function heaviestPlace(operands: readonly Tensor[]): number {
  const bytes = new Map<number, number>();
  for (const t of operands) bytes.set(t.place, (bytes.get(t.place) ?? 0) + t.count * ELEMENT_SIZE[t.code]!);
  let heaviest = CPU;
  for (const [place, n] of bytes) {
    const most = bytes.get(heaviest) ?? -1;
    if (n > most || (n === most && heaviest === CPU)) heaviest = place;
  }
  return heaviest;
}

/** The place where operands that are apart meet; throws a DeviceError if none may be moved. */
function meetingPlace(op: string, operands: readonly (Tensor | null)[]): number {
  const bound = operands.filter((t): t is Tensor => t !== null && !isNumber(t));
  const first = bound[0]?.place ?? CPU;
  const other = bound.find((t) => t.place !== first);
  if (other === undefined) return first;
  if (!autoTransfer) throw apart(op, first, other.place);
  return heaviestPlace(bound);
}

/**
 * The operands of a function element by element: a 0-d tensor of the CPU stays where it is, as it goes with any device. To
 * be called where two of them are not on one device.
 */
export function together<T extends (Tensor | null)[]>(op: string, ...operands: T): T {
  const place = meetingPlace(op, operands);
  return operands.map((t) => (t === null || isNumber(t) ? t : cast(t, t.code, place))) as T;
}

/** The operands of other functions: all on one device. */
export function gathered<T extends (Tensor | null)[]>(op: string, ...operands: T): T {
  const place = meetingPlace(op, operands);
  return operands.map((t) => (t === null ? t : cast(t, t.code, place))) as T;
}

/** An operand of a change of x in place that is on another device than x. */
export function brought(op: string, x: Tensor, operand: Tensor): Tensor {
  if (isNumber(operand)) return operand;
  if (!autoTransfer) throw apart(op, x.place, operand.place);
  return cast(operand, operand.code, x.place);
}
