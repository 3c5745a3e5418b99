'use strict';
// Which part of lib may import which: each layer imports from itself and from those above it in this list,
// never from those below.

const layers = [
  { name: 'foundation', path: '^lib/(dtype|errors|shape)\\.ts$' },
  { name: 'backend', path: '^lib/backend/' },
  { name: 'tensor', path: '^lib/(autograd/|(device|tensor|print)\\.ts$)' },
  { name: 'functional', path: '^lib/functional/' },
  {
    name: 'modules',
    path: '^lib/(nn|optim|amp|linalg|data|io|utils|cpu|cuda|runtime|share|special|testing|profiler)(/|\\.ts$)',
  },
  { name: 'index', path: '^lib/index\\.ts$' },
  { name: 'cli', path: '^lib/cli/' },
];

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    ...layers.slice(0, -1).map((layer, i) => ({
      name: `${layer.name}-imports-downwards`,
      comment: `${layer.name} must not know ${layers
        .slice(i + 1)
        .map((other) => other.name)
        .join(', ')}`,
      severity: 'error',
      from: { path: layer.path },
      to: { path: layers.slice(i + 1).map((other) => other.path) },
    })),
    {
      name: 'every-file-in-a-layer',
      comment: 'a new folder of lib has to be given its place in the list of layers',
      severity: 'error',
      from: { path: '^lib/', pathNot: layers.map((layer) => layer.path) },
      to: {},
    },
    {
      name: 'no-cycles',
      comment: 'types may refer to each other, code may not',
      severity: 'error',
      from: { path: '^lib/' },
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'only-what-is-installed-with-the-package',
      comment: "lib runs with Node, the package's own files and its dependencies",
      severity: 'error',
      from: { path: '^lib/' },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg'] },
    },
    {
      name: 'resolvable',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
  },
};
