import { ArgumentError, add, getPrintoptions, ones, setNumThreads, setPrintoptions } from 'tenon';
import { failures, wrong } from './table';

describe('settings', () => {
  failures([
    [() => setNumThreads(0), ArgumentError, /^setNumThreads: expected an integer from 1 to 1024, got 0/],
    [() => setNumThreads(1.5), ArgumentError, /got 1.5/],
    [() => setNumThreads(2000), ArgumentError, /got 2000/],
    [() => setNumThreads(wrong('2')), ArgumentError, /got "2"/],
    [
      () => setPrintoptions(wrong(null)),
      ArgumentError,
      /^setPrintoptions: expected an object of options, got null/,
    ],
    [
      () => setPrintoptions({ profile: wrong('wide') }),
      ArgumentError,
      /expected profile to be 'default', 'short' or 'full', got "wide"/,
    ],
    [() => setPrintoptions({ profile: wrong('toString') }), ArgumentError, /got "toString"/],
    [
      () => setPrintoptions(wrong({ digits: 3 })),
      ArgumentError,
      /unknown option "digits"; expected one of precision, threshold/,
    ],
    [() => setPrintoptions(wrong({ constructor: 3 })), ArgumentError, /unknown option "constructor"/],
    [
      () => setPrintoptions({ precision: 101 }),
      ArgumentError,
      /expected precision to be a whole number, got 101/,
    ],
    [
      () => setPrintoptions({ linewidth: NaN }),
      ArgumentError,
      /expected linewidth to be a whole number, got NaN/,
    ],
    [() => setPrintoptions({ edgeitems: wrong('3') }), ArgumentError, /expected edgeitems/],
    [
      () => setPrintoptions({ sciMode: wrong(1) }),
      ArgumentError,
      /expected sciMode to be a boolean or null, got 1/,
    ],
  ]);

  test('a wrong option changes none of them', () => {
    const before = getPrintoptions();
    expect(() => setPrintoptions({ precision: 2, linewidth: -1 })).toThrow(ArgumentError);
    expect(getPrintoptions()).toEqual(before);
  });
});

describe('what a message calls a value', () => {
  const called = (value: unknown) => () => add(ones(1), value as number);
  test.each([
    [null, 'null'],
    [undefined, 'undefined'],
    ['x'.repeat(100), `"${'x'.repeat(40)}…"`],
    [Symbol('x'), 'a symbol'],
    [() => 1, 'a function'],
    [function named() {}, 'a function (named)'],
    [Object.defineProperty(() => 1, 'name', { value: Symbol('n') }), 'a function'],
    [{}, 'an object'],
    [Object.create(null), 'an object'],
    [{ constructor: 5 }, 'an object'],
    [{ constructor: { name: 'Z'.repeat(100) } }, `a ${'Z'.repeat(40)}…`],
    [
      Object.defineProperty({}, 'constructor', {
        get() {
          throw new Error('mine');
        },
      }),
      'an object',
    ],
    [new Error('e'), 'an Error'],
    [new Map(), 'a Map'],
    [new Uint8Array(2), 'a Uint8Array'],
    [new Array(3), 'an array of length 3'],
  ])('%#', (value, name) => {
    expect(called(value)).toThrow(`add: expected other to be a Tensor or a number, got ${name}`);
  });
});
