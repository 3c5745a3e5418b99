import fs, { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'fs';
import { pathToFileURL } from 'url';
import { basename, dirname, join } from 'path';
import {
  ArgumentError,
  FileError,
  arange,
  io,
  load,
  nn,
  ones,
  optim,
  rand,
  save,
  tensor,
  testing,
  zeros,
  type DType,
  type Tensor,
} from 'tenon';
import { expectError, wrong } from '../errors/table';
import { file, folder, path, safetensors } from './files';

(expect as unknown as { addEqualityTesters(testers: unknown[]): void }).addEqualityTesters([
  testing.tensorEquality,
]);

const DTYPES: DType[] = [
  'float32',
  'float64',
  'float16',
  'bfloat16',
  'int8',
  'uint8',
  'int16',
  'int32',
  'int64',
  'bool',
];

describe('saveFile and loadFile', () => {
  test('every dtype, shape and layout', () => {
    const tensors: Record<string, Tensor> = {};
    for (const dtype of DTYPES) {
      const t = arange(24).remainder(5).to(dtype).view(2, 3, 4);
      Object.assign(tensors, {
        [dtype]: t,
        [`${dtype} strided`]: t.permute(2, 0, 1).narrow(0, 1, 2),
        [`${dtype} 0-d`]: t.select(0, 0).select(0, 0).select(0, 1),
        [`${dtype} empty`]: t.narrow(1, 0, 0),
      });
    }
    const name = path();
    io.saveFile(tensors, name, { made: 'here' });
    const again = io.loadFile(name);
    expect(new Set(Object.keys(again))).toEqual(new Set(Object.keys(tensors)));
    for (const [key, t] of Object.entries(tensors)) expect([key, again[key]]).toEqual([key, t]);
    expect(io.loadMetadata(name)).toEqual({ format: 'pt', made: 'here' });
  });

  test('the bytes are those of the format, aligned', () => {
    const name = path();
    io.saveFile({ b: tensor([1, 2], { dtype: 'int8' }), a: tensor([[1.5]]) }, name);
    const bytes = readFileSync(name);
    const length = Number(bytes.readBigUInt64LE());
    expect(length % 8).toBe(0);
    expect(JSON.parse(bytes.toString('utf8', 8, 8 + length))).toEqual({
      __metadata__: { format: 'pt' },
      a: { dtype: 'F32', shape: [1, 1], data_offsets: [0, 4] },
      b: { dtype: 'I8', shape: [2], data_offsets: [4, 6] },
    });
    expect([...bytes.subarray(8 + length)]).toEqual([0, 0, 0xc0, 0x3f, 1, 2]);
  });

  test('reads what others write, in any order of names', () => {
    const data = Buffer.alloc(12);
    data.writeFloatLE(2.5, 8);
    data.writeBigInt64LE(-7n, 0);
    const header = `{ "y" : {"shape":[1],"data_offsets":[8,12],"dtype":"F32"},\n "x\\u00e9":{"dtype":"I64","shape":[],"data_offsets":[0,8]} }   `;
    expect(io.loadFile(file(safetensors(header, data)))).toEqual({
      xé: tensor(-7n),
      y: tensor([2.5]),
    });
    expect(io.loadFile(pathToFileURL(file(safetensors({}))))).toEqual({});
  });

  test('large tensors go in pieces', () => {
    const t = rand(3_000_000, 2).t();
    const name = path();
    io.saveFile({ t }, name);
    expect(io.loadFile(name).t!.equal(t)).toBe(true);
  });

  test('a name is just a name', () => {
    const name = path();
    const tensors = { ['__proto__']: ones(1), constructor: zeros(1), '': ones(2) };
    io.saveFile(tensors, name);
    const again = io.loadFile(name);
    expect(Object.keys(again).sort()).toEqual(Object.keys(tensors).sort());
    expect(again.hasOwnProperty('constructor')).toBe(true);
  });
});

describe('save and load', () => {
  const through = (value: unknown): unknown => {
    const name = path();
    save(value as object, name);
    return load(name);
  };

  test('nested state', () => {
    const state = {
      step: 7,
      lr: 0.1,
      name: 'net "1"\n',
      done: false,
      nothing: null,
      missing: undefined,
      strange: [NaN, Infinity, -Infinity, -0],
      big: 2n ** 70n,
      list: [tensor([1, 2]), [tensor(3)], []],
      map: new Map<string | number, unknown>([
        [1, zeros(2)],
        ['1', {}],
      ]),
      model: { 'fc.weight': ones(2, 3), ['__proto__']: ones(1) },
    };
    const again = through(state) as typeof state;
    expect(again).toEqual(state);
    expect(Object.is(again.strange[3], -0)).toBe(true);
    expect(Object.keys(again)).toEqual(Object.keys(state));
    expect(Object.hasOwn(again.model, '__proto__')).toBe(true);
  });

  test.each([[null], [3], ['text'], [[]], [{}], [tensor([1])], [true]])('%p alone', (value) => {
    expect(through(value)).toEqual(value);
  });

  test('one tensor in two places is one tensor again', () => {
    const t = ones(3);
    const { a, b } = through({ a: t, b: [t] }) as { a: Tensor; b: Tensor[] };
    expect(a).toBe(b[0]);
  });

  test('names that collide stay apart', () => {
    const state = {
      a: { b: tensor([1]) },
      'a.b': tensor([2]),
      'a.b#1': tensor([3]),
      __metadata__: tensor([4]),
    };
    expect(through(state)).toEqual(state);
  });

  test('requiresGrad is kept', () => {
    const [a, b] = through([ones(1, { requiresGrad: true }), ones(1)]) as [Tensor, Tensor];
    expect([a.requiresGrad, a.isLeaf, b.requiresGrad]).toEqual([true, true, false]);
  });

  test('a checkpoint of a training', () => {
    const make = (): [nn.Linear, optim.Adam] => {
      const net = new nn.Linear(3, 2);
      return [net, new optim.Adam(net.parameters(), { lr: 0.1 })];
    };
    const step = (net: nn.Linear, optimizer: optim.Adam): void => {
      optimizer.zeroGrad();
      net.forward(ones(4, 3)).pow(2).sum().backward();
      optimizer.step();
    };
    const [net, optimizer] = make();
    step(net, optimizer);
    const name = path('.safetensors');
    save({ model: net.stateDict(), optimizer: optimizer.stateDict() }, name);
    const [other, otherOptimizer] = make();
    const state = load<{ model: nn.StateDict; optimizer: ReturnType<optim.Adam['stateDict']> }>(name);
    other.loadStateDict(state.model);
    otherOptimizer.loadStateDict(state.optimizer);
    for (const [n, o] of [
      [net, optimizer],
      [other, otherOptimizer],
    ] as const)
      step(n, o);
    expect(other.weight.detach()).toEqual(net.weight.detach());
    // The same file is one of tensors by name for other programs.
    expect(Object.keys(io.loadFile(name))).toEqual(expect.arrayContaining(['model.weight', 'model.bias']));
  });

  test('load reads any safetensors file', () => {
    const name = path();
    io.saveFile({ a: ones(2) }, name);
    expect(load(name, { mapLocation: 'cpu' })).toEqual({ a: ones(2) });
  });
});

describe('writing is all or nothing', () => {
  test('what was there stays when it fails', () => {
    const name = path();
    save(ones(2), name);
    const gone = ones(3);
    gone.dispose();
    expect(() => save([ones(1), gone], name)).toThrow(/^save: "1" was disposed/);
    expect(load(name)).toEqual(ones(2));
    save(zeros(2), name);
    expect(load(name)).toEqual(zeros(2));
  });

  test('no other files are left', () => {
    const inner = join(folder, 'inner');
    mkdirSync(inner);
    save(ones(2), join(inner, 'a'));
    mkdirSync(join(inner, 'b'));
    expectError(() => save(ones(2), join(inner, 'b')), FileError, /^save: ".*b": /);
    expect(readdirSync(inner).sort()).toEqual(['a', 'b']);
  });

  test.each(['', '.pt'])('with flush all is on the disk before a file gets its name (%p)', (ending) => {
    const name = path(ending);
    const flushed: boolean[] = [];
    const fsync = jest.spyOn(fs, 'fsyncSync').mockImplementation(() => void flushed.push(existsSync(name)));
    save(ones(2), name, { flush: true });
    save(zeros(2), name);
    fsync.mockRestore();
    expect(flushed).toEqual([false]);
    expect(load(name)).toEqual(zeros(2));
  });
});

describe('wrong arguments', () => {
  const cyclic: unknown[] = [];
  cyclic.push(cyclic);
  let deep: unknown = 1;
  for (let i = 0; i < 200; i++) deep = [deep];
  test.each<[() => unknown, RegExp]>([
    [
      () =>
        save(
          wrong(() => 1),
          path(),
        ),
      /^save: expected tensors, .* got a function/,
    ],
    [() => save({ net: new nn.Linear(1, 1) }, path()), /got a Linear as "net"; save its stateDict\(\)/],
    [() => save({ a: [new Date()] }, path()), /got a Date as "a.0"/],
    [() => save({ a: Symbol('x') }, path()), /got a symbol as "a"/],
    [() => save(new Map([[{}, 1]]), path()), /expected the keys of what is saved to be text or numbers/],
    [() => save(cyclic, path()), /^save: "0" contains itself/],
    [() => save(deep as object, path()), /^save: expected at most 128 levels/],
    [() => save(ones(1), wrong(3)), /^save: expected a path, got 3/],
    [() => save(ones(1), ''), /^save: expected a path, got ""/],
    [() => save(ones(1), 'a\0b'), /^save: expected a path/],
    [() => save(ones(1), new URL('http://localhost/x')), /^save: expected a file: URL, got "http/],
    [
      () => save(ones(1), path(), wrong({ sync: true })),
      /^save: unknown option "sync"; expected one of flush/,
    ],
    [() => save(ones(1), path(), { flush: wrong(1) }), /^save: expected flush to be a boolean, got 1/],
    [() => load(wrong(undefined)), /^load: expected a path, got undefined/],
    [() => load(path(), wrong({ device: 'cpu' })), /^load: unknown option "device"/],
    [() => io.saveFile(wrong(ones(1)), path()), /^saveFile: expected an object of tensors, got a Tensor/],
    [() => io.saveFile({ a: wrong(3) }, path()), /^saveFile: expected "a" to be a Tensor, got 3/],
    [() => io.saveFile({ __metadata__: ones(1) }, path()), /^saveFile: no tensor can be called __metadata__/],
    [() => io.saveFile({}, path(), wrong({ a: 1 })), /^saveFile: expected metadata to be text by name/],
    [() => io.saveNpy(wrong(1), path()), /^saveNpy: expected input to be a Tensor, got 1/],
    [() => io.saveNpz(wrong(1), path()), /^saveNpz: expected an object of tensors, got 1/],
    [() => io.saveNpz({}, path(), wrong({ level: 1 })), /^saveNpz: unknown option "level"/],
  ])('%s', (call, message) => expectError(call, ArgumentError, message));

  test('files that are not there or of another kind', () => {
    expectError(() => load(path()), FileError, /^load: ".*": ENOENT/);
    expectError(() => load(folder), FileError, /^load: ".*" is not a file/);
    expectError(
      () => load(file(Buffer.from('PK\x03\x04 and so on'))),
      FileError,
      /got another zip archive: io\.loadNpz/,
    );
    expectError(
      () => load(file(Buffer.from('\x93NUMPY\x01\x00\x00\x00', 'latin1'))),
      FileError,
      /io\.loadNpy reads it/,
    );
    expectError(() => save(ones(1), join(folder, 'none', 'x')), FileError, /ENOENT/);
    expect(existsSync(join(folder, 'none'))).toBe(false);
    const name = file(Buffer.from('x'));
    expectError(
      () => load(name),
      FileError,
      new RegExp(`^load: ".*${basename(name)}": expected a safetensors file`),
    );
    writeFileSync(join(dirname(name), 'y'), '');
    expectError(() => io.loadNpz(join(dirname(name), 'y')), FileError, /expected a zip archive/);
  });
});
