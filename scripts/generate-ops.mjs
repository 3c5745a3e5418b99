// Makes lib/backend/ops.generated.ts of native/ops.def; with --check only says whether it is up to date.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const source = fileURLToPath(new URL('../native/ops.def', import.meta.url));
const target = fileURLToPath(new URL('../lib/backend/ops.generated.ts', import.meta.url));

const kernel = ([outputs, inputs, scalars]) => ({
  types: 'NUMERIC',
  outputs: Number(outputs),
  inputs: Number(inputs),
  scalars: Number(scalars),
});
const KINDS = {
  UNARY: ([types, scalars]) => ({ types, outputs: 1, inputs: 1, scalars: Number(scalars) }),
  PREDICATE: ([types]) => ({ types, outputs: 1, inputs: 1, scalars: 0 }),
  BINARY: ([types, scalars]) => ({ types, outputs: 1, inputs: 2, scalars: Number(scalars) }),
  COMPARE: ([types]) => ({ types, outputs: 1, inputs: 2, scalars: 0 }),
  REDUCE: ([types, outputs]) => ({ types, outputs: Number(outputs), inputs: 1, scalars: -1 }),
  KERNEL: kernel,
  HOST_KERNEL: kernel,
  SHARED_KERNEL: kernel,
};

const KIND_NAMES = Object.fromEntries(
  Object.keys(KINDS).map((kind) => [kind, kind.toLowerCase().replace(/_k/, 'K')]),
);

const rows = [];
for (const line of readFileSync(source, 'utf8').split('\n')) {
  const match = /^([A-Z_]+)\((\w+), ([^)]*)\)/.exec(line);
  if (!match || line.startsWith('//')) continue;
  const [, kind, name, rest] = match;
  if (!KINDS[kind]) throw new Error(`ops.def: unknown kind ${kind}`);
  if (rows.some((row) => row.name === name)) throw new Error(`ops.def: ${name} stands there twice`);
  rows.push({ name, kind: KIND_NAMES[kind], ...KINDS[kind](rest.split(',').map((word) => word.trim())) });
}

const text = `// Generated from native/ops.def by scripts/generate-ops.mjs: npm run generate.

/** The number of each kernel: its row in native/ops.def. */
export const Op = {
${rows.map((row, i) => `  ${row.name}: ${i},`).join('\n')}
} as const;

export type OpName = keyof typeof Op;

export type OpKind = ${Object.values(KIND_NAMES)
  .map((kind) => `'${kind}'`)
  .join(' | ')};

/** The compute types a kernel is compiled for. */
export type OpTypes = 'FLOAT' | 'INTEGER' | 'NUMERIC';

/** One row of native/ops.def; -1 is any number. */
export interface OpRow {
  readonly name: OpName;
  readonly kind: OpKind;
  readonly types: OpTypes;
  readonly outputs: number;
  readonly inputs: number;
  readonly scalars: number;
}

export const OP_ROWS: readonly OpRow[] = [
${rows
  .map(
    (r) =>
      `  { name: '${r.name}', kind: '${r.kind}', types: '${r.types}', outputs: ${r.outputs}, inputs: ${r.inputs}, scalars: ${r.scalars} },`,
  )
  .join('\n')}
];
`;

if (process.argv.includes('--check')) {
  let present = '';
  try {
    present = readFileSync(target, 'utf8');
  } catch {
    // absent is out of date
  }
  if (present !== text) {
    console.error('lib/backend/ops.generated.ts is not what native/ops.def says: npm run generate');
    process.exit(1);
  }
  console.log(`lib/backend/ops.generated.ts is up to date (${rows.length} ops)`);
} else {
  writeFileSync(target, text);
  console.log(`lib/backend/ops.generated.ts: ${rows.length} ops`);
}
