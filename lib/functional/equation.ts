/** The equation of an einsum: which label names which dimension. */
import { ArgumentError, ShapeError, describe } from '../errors';
import { showShape, type Shape } from '../shape';

/** Letters by their character, the dimensions of an ellipsis as '.0', '.1', … from the last to the first. */
export type Label = string;

export interface Equation {
  /** Of each operand's dimensions. */
  readonly operands: readonly (readonly Label[])[];
  readonly output: readonly Label[];
}

const LETTER = /^[a-zA-Z]$/;
const ELLIPSIS = '...';

/** The subscripts of one term: letters, and at most one ellipsis. */
function subscripts(term: string, what: string): string[] {
  const out: string[] = [];
  for (let i = 0; i < term.length; i++) {
    const c = term[i]!;
    if (c === '.') {
      if (out.includes(ELLIPSIS))
        throw new ArgumentError(`einsum: expected one ellipsis for ${what}, got two`);
      if (term.slice(i, i + 3) !== ELLIPSIS)
        throw new ArgumentError(`einsum: found '.' for ${what} that is not part of an ellipsis`);
      out.push(ELLIPSIS);
      i += 2;
    } else if (LETTER.test(c)) out.push(c);
    else
      throw new ArgumentError(
        `einsum: expected subscripts from a to z and A to Z for ${what}, got ${describe(c)}`,
      );
  }
  return out;
}

const ellipsisOf = (n: number): Label[] => Array.from({ length: n }, (_, i) => `.${n - 1 - i}`);

/** The labels of an operand: its ellipsis stands for the dimensions that no letter names. */
function labelsOf(names: readonly string[], shape: Shape, index: number): Label[] {
  const letters = names.filter((n) => n !== ELLIPSIS).length;
  const rest = shape.length - letters;
  if (rest < 0 || (rest > 0 && !names.includes(ELLIPSIS)))
    throw new ShapeError(
      `einsum: operand ${index} of shape ${showShape(shape)} has ${shape.length} dimensions, but ${letters} subscripts`,
    );
  return names.flatMap((n) => (n === ELLIPSIS ? ellipsisOf(rest) : [n]));
}

/** Without an output: the ellipsis, then the letters that appear once, in alphabetical order. */
function impliedOutput(operands: readonly (readonly Label[])[], ellipsis: readonly Label[]): Label[] {
  const count = new Map<Label, number>();
  for (const l of operands.flat()) count.set(l, (count.get(l) ?? 0) + 1);
  const once = [...count.keys()].filter((l) => LETTER.test(l) && count.get(l) === 1);
  return [...ellipsis, ...once.sort()];
}

function statedOutput(
  term: string,
  operands: readonly (readonly Label[])[],
  ellipsis: readonly Label[],
): Label[] {
  const output = subscripts(term, 'the output').flatMap((n) => (n === ELLIPSIS ? ellipsis : [n]));
  output.forEach((l, i) => {
    if (output.indexOf(l) !== i)
      throw new ArgumentError(`einsum: output subscript ${l} appears more than once in the output`);
    if (!operands.some((labels) => labels.includes(l)))
      throw new ArgumentError(`einsum: output subscript ${l} does not appear for any operand`);
  });
  return output;
}

/** Reads an equation for operands of these shapes; throws for what is none. */
export function parseEquation(equation: string, shapes: readonly Shape[]): Equation {
  const text = equation.replace(/ /g, '');
  const arrow = text.indexOf('->');
  const terms = (arrow < 0 ? text : text.slice(0, arrow)).split(',');
  if (terms.length !== shapes.length)
    throw new ArgumentError(`einsum: the equation names ${terms.length} operands, got ${shapes.length}`);
  const operands = terms.map((term, i) => labelsOf(subscripts(term, `operand ${i}`), shapes[i]!, i));
  const longest = Math.max(...operands.map((labels) => labels.filter((l) => l.startsWith('.')).length));
  const ellipsis = ellipsisOf(longest);
  const output =
    arrow < 0 ? impliedOutput(operands, ellipsis) : statedOutput(text.slice(arrow + 2), operands, ellipsis);
  return { operands, output };
}
