/** PyTorch's checkpoints: those it wrote are read, and it reads those that are written here. */
import { execFileSync, spawnSync } from 'child_process';
import { readFileSync, writeFileSync } from 'fs';
import { join } from 'path';
import {
  FileError,
  Tensor,
  TenonError,
  arange,
  load,
  nn,
  ones,
  optim,
  rand,
  randn,
  save,
  zeros,
} from 'tenon';
import { crc32 } from '../../lib/io/crc32';
import { expectError } from '../errors/table';
import { file, folder, path } from './files';

const FIXTURES = JSON.parse(readFileSync(join(__dirname, '../fixtures/checkpoints.json'), 'utf8')) as {
  files: { name: string; file: string; value: unknown }[];
  refused: Record<string, string>;
};
const bytesOf = (text: string): Buffer => Buffer.from(text, 'base64');

/** As the fixtures' script describes a value. */
function plain(value: unknown): unknown {
  if (value instanceof Tensor)
    return {
      dtype: value.dtype,
      shape: value.shape,
      values: Array.from(value.detach().to('float64').toTypedArray() as Float64Array),
      requiresGrad: value.requiresGrad,
    };
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value === 'bigint') return Number(value);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item)]));
}

test.each(FIXTURES.files.map((f) => [f.name, f] as const))('%s, as PyTorch saves it', (_, f) => {
  const value = load(file(bytesOf(f.file), '.pt'));
  expect(plain(value)).toEqual(f.value);
  // And again through a file of this library's.
  const own = path('.pt');
  save(value, own);
  expect(plain(load(own))).toEqual(f.value);
});

test('tensors that share their elements do so when they are loaded', () => {
  const shared = FIXTURES.files.find(({ name }) => name === 'shared')!;
  const [whole, part] = load<[Tensor, Tensor]>(file(bytesOf(shared.file)));
  whole.fill_(7);
  expect(part.tolist()).toEqual([7, 7, 7, 7]);
});

test('an optimizer and a network go on from a checkpoint of PyTorch', () => {
  const { model, optimizer } = load<{ model: nn.StateDict; optimizer: ReturnType<optim.AdamW['stateDict']> }>(
    file(bytesOf(FIXTURES.files.find(({ name }) => name === 'checkpoint')!.file)),
  );
  const shapes = [[4, 3], [4], [4], [4], [2, 4], [2]];
  const params = shapes.map((shape) => zeros(shape, { requiresGrad: true }));
  const own = new optim.AdamW(params, { lr: 0.01, amsgrad: true });
  own.loadStateDict(optimizer);
  expect(Object.keys(own.stateDict().state).length).toBe(6);
  expect(Object.keys(model)).toContain('1.running_mean');
});

test('the same bytes each time, and elements at multiples of 64', () => {
  const [a, b] = [path('.pt'), path('.pth')];
  for (const name of [a, b]) save({ x: arange(3), y: ones(5, { dtype: 'int8' }) }, name);
  const bytes = readFileSync(a);
  expect(bytes.equals(readFileSync(b))).toBe(true);
  const at = bytes.indexOf(Buffer.from(new BigInt64Array([0n, 1n, 2n]).buffer));
  expect([at > 0, at % 64]).toEqual([true, 0]);
});

test.each(Object.entries(FIXTURES.refused))('%s is refused', (_, text) => {
  expectError(() => load(file(bytesOf(text), '.pt')), FileError, /load: /);
});

test('what a refused file holds is not run', () => {
  expectError(
    () => load(file(bytesOf(FIXTURES.refused.code!))),
    FileError,
    /"posix.system", which is not read/,
  );
});

test.each<[string, string, RegExp]>([
  ['nothing', '', /the pickle is cut off/],
  ['no end', '\x80\x02}', /the pickle is cut off/],
  ['another version', '\x80\x09.', /the version of its pickle/],
  ['nothing on the stack', '.', /takes what is not there/],
  ['a mark', '(.', /takes what is not there/],
  ['an unknown memo', 'h\x01.', /takes what is not there/],
  ['text beyond the end', 'X\xff\xff\xff\xff.', /the pickle is cut off/],
  ['a key that is a list', '}(]Nu.', /expected the keys of dictionaries/],
  ['a key without a value', '}(Nu.', /a key without a value/],
  ['an entry of a list', ']NNs.', /an entry is set on/],
  ['an item of a tuple', ')Na.', /an item is added to/],
  ['another name', 'cbuiltins\neval\n.', /"builtins.eval", which is not read/],
  ['a call of a number', 'K\x01)R.', /it calls 1/],
  ['a class of storages', 'ctorch\nFloatStorage\n.', /it contains "torch.FloatStorage" itself/],
  ['an unknown instruction', 'i.', /the instruction 0x69/],
  ['another persistent id', 'NQ.', /is not a storage/],
  ['a tensor of nothing', 'ctorch._utils\n_rebuild_tensor_v2\n(N))R.', /.+/],
  ['a parameter of nothing', 'ctorch._utils\n_rebuild_parameter\n(NNtR.', /a parameter is made of null/],
  ['a dictionary of a number', 'ccollections\nOrderedDict\n(K\x01tR.', /a dictionary is made of 1/],
  ['deep nesting', `${']'.repeat(2000)}${'a'.repeat(1999)}.`, /more than 512 levels/],
])('a pickle of %s', (_, text, message) => {
  expectError(() => load(file(checkpointOf(text))), FileError, message);
});

/** An archive of nothing but a pickle. */
function checkpointOf(pickled: string): Buffer {
  const content = Buffer.from(pickled, 'latin1');
  const name = Buffer.from('archive/data.pkl');
  const header = (signature: number, size: number, at: number): Buffer => {
    const bytes = Buffer.alloc(size);
    bytes.writeUInt32LE(signature);
    bytes.writeUInt32LE(crc32(content), at);
    bytes.writeUInt32LE(content.length, at + 4);
    bytes.writeUInt32LE(content.length, at + 8);
    bytes.writeUInt16LE(name.length, at + 12);
    return Buffer.concat([bytes, name]);
  };
  const local = Buffer.concat([header(0x04034b50, 30, 14), content]);
  const central = header(0x02014b50, 46, 16);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50);
  end.writeUInt16LE(1, 10);
  end.writeUInt32LE(central.length, 12);
  end.writeUInt32LE(local.length, 16);
  return Buffer.concat([local, central, end]);
}

test('300 files with a few bytes changed: a FileError or a read', () => {
  const good = bytesOf(FIXTURES.files.find(({ name }) => name === 'checkpoint')!.file);
  let state = 12345;
  const random = (n: number): number => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return Math.floor((state / 2 ** 32) * n);
  };
  let refused = 0;
  for (let i = 0; i < 300; i++) {
    const bytes = Buffer.from(good);
    for (let k = 0; k <= random(4); k++) bytes[random(bytes.length)] = random(256);
    const name = file(i % 10 === 9 ? bytes.subarray(0, random(bytes.length)) : bytes, '.pt');
    try {
      load(name);
    } catch (error) {
      if (!(error instanceof TenonError)) throw error;
      expect(error).toBeInstanceOf(FileError);
      refused++;
    }
  }
  expect(refused).toBeGreaterThan(100);
});

const python = spawnSync('python3', ['-c', 'import torch'], { stdio: 'ignore' }).status === 0;
(python ? test : test.skip)('PyTorch reads, with weights_only=True, what is written here', () => {
  const net = new nn.Sequential(new nn.Linear(3, 4), new nn.ReLU(), new nn.Linear(4, 2));
  const optimizer = new optim.Adam(net.parameters(), { lr: 0.01 });
  net.forward(randn(5, 3)).square().mean().backward();
  optimizer.step();
  const name = path('.pt');
  const half = rand(3, 4).to('bfloat16').t();
  save(
    { model: net.stateDict(), optimizer: optimizer.stateDict(), epoch: 3, half, tied: [half, half] },
    name,
  );
  const script = join(folder, 'read.py');
  writeFileSync(
    script,
    `
import sys, torch
from torch import nn
saved = torch.load(sys.argv[1], weights_only=True)
net = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2))
net.load_state_dict(saved["model"])
optimizer = torch.optim.Adam(net.parameters())
optimizer.load_state_dict(saved["optimizer"])
net(torch.randn(5, 3)).square().mean().backward()
optimizer.step()
assert saved["epoch"] == 3 and saved["half"].dtype == torch.bfloat16
assert saved["tied"][0] is saved["tied"][1]
assert optimizer.state_dict()["state"][0]["step"] == 2, optimizer.state_dict()
torch.save({"model": net.state_dict(), "half": saved["half"], "optimizer": optimizer.state_dict()}, sys.argv[1])
`,
  );
  execFileSync('python3', [script, name]);
  const back = load<{ model: nn.StateDict; half: Tensor; optimizer: ReturnType<typeof optimizer.stateDict> }>(
    name,
  );
  expect(back.half.equal(half)).toBe(true);
  net.loadStateDict(back.model);
  optimizer.loadStateDict(back.optimizer);
});

test.each([
  ['read at once', ones(3, 50_000)],
  ['looked at piece by piece', ones(600_000).gt(0)],
])('a storage with another byte is refused: %s', (_, t) => {
  const at = path('damaged.pt');
  save({ t }, at);
  const bytes = readFileSync(at);
  // The last of the elements: the other value of a byte of bool, which by itself would do.
  const last = bytes.lastIndexOf(
    t.dtype === 'bool' ? Buffer.from([1, 1, 1, 1]) : Buffer.from([0, 0, 0x80, 0x3f]),
  );
  bytes[last]! ^= 1;
  writeFileSync(at, bytes);
  expectError(() => load(at), FileError, /"archive\/data\/0": its checksum is wrong/);
});
