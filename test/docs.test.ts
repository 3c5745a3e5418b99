/**
 * The snippets of README and docs run, compile, and print what they say they print. A snippet is a `ts` block; its output
 * is in the comment lines that follow a line with `console.log(`, or in a `text` block after the words "It prints:".
 */
import { readFileSync, readdirSync } from 'fs';
import { join } from 'path';
import { formatWithOptions } from 'util';
import { runInThisContext } from 'vm';
import * as ts from 'typescript';
import * as tenon from 'tenon';

const ROOT = join(__dirname, '..');
const PAGES = [
  'README.md',
  ...readdirSync(join(ROOT, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];

interface Snippet {
  name: string;
  code: string;
  output: string[] | null;
}

const SNIPPETS: Snippet[] = PAGES.flatMap((page) =>
  [
    ...readFileSync(join(ROOT, page), 'utf8').matchAll(
      /^```ts\n(.*?)^```(?:\n\nIt prints:\n\n```text\n(.*?)^```)?/gms,
    ),
  ].map((match, i) => ({
    name: `${page} ${i + 1}`,
    code: match[1]!,
    output: match[2] === undefined ? promised(match[1]!) : match[2].trimEnd().split('\n'),
  })),
);

/** What the comments say; null when there are none. */
function promised(code: string): string[] | null {
  const lines: string[] = [];
  let printing = false;
  for (const line of code.split('\n')) {
    const comment = /^\/\/ ?(.*)$/.exec(line);
    if (comment === null) printing = line.includes('console.log(');
    else if (printing) lines.push(comment[1]!);
  }
  return lines.length > 0 ? lines : null;
}

async function runSnippet(code: string): Promise<string[]> {
  const printed: string[] = [];
  const log = (...values: unknown[]): void => void printed.push(formatWithOptions({}, ...values));
  const { outputText } = ts.transpileModule(code, {
    compilerOptions: { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2022 },
  });
  const load = (name: string): unknown => (name === 'tenon' ? tenon : jest.requireActual(name));
  const wrapped = `(async function (require, exports, console) {${outputText}\n})`;
  const run = runInThisContext(wrapped) as (
    require: unknown,
    exports: object,
    console: object,
  ) => Promise<void>;
  await run(load, {}, { log });
  return printed.join('\n').split('\n');
}

afterEach(() => {
  tenon.setDefaultDtype('float32');
  tenon.setDefaultDevice('cpu');
  tenon.setPrintoptions({ profile: 'default' });
});

test.each(SNIPPETS.map((s) => [s.name, s] as const))('%s', async (_, { code, output }) => {
  const printed = await runSnippet(code);
  if (output !== null) expect(printed).toEqual(output);
});

test('all compile', () => {
  const options: ts.CompilerOptions = {
    module: ts.ModuleKind.Node16,
    moduleResolution: ts.ModuleResolutionKind.Node16,
    target: ts.ScriptTarget.ES2022,
    lib: ['lib.es2023.d.ts', 'lib.esnext.disposable.d.ts'],
    types: ['node'],
    paths: { tenon: [join(ROOT, 'lib/index.ts')] },
    strict: true,
    noEmit: true,
    skipLibCheck: true,
  };
  // ES modules, which may await at their top.
  const files = new Map(SNIPPETS.map((s, i) => [join(ROOT, `snippet-${i}.mts`), s]));
  const host = ts.createCompilerHost(options);
  const onDisk = ts.createCompilerHost(options);
  host.fileExists = (name) => files.has(name) || onDisk.fileExists(name);
  host.getSourceFile = (name, version) => {
    const snippet = files.get(name);
    return snippet === undefined
      ? onDisk.getSourceFile(name, version)
      : ts.createSourceFile(name, `${snippet.code}\nexport {};`, version);
  };
  const program = ts.createProgram([...files.keys()], options, host);
  const complaints = ts
    .getPreEmitDiagnostics(program)
    .filter((d) => d.file !== undefined && files.has(d.file.fileName))
    .map(
      (d) => `${files.get(d.file!.fileName)!.name}: ${ts.flattenDiagnosticMessageText(d.messageText, '\n')}`,
    );
  expect(complaints).toEqual([]);
}, 60_000);
