'use strict';
// Runs the quick tier of the tests under other versions of Node, on the one binary that was built: `npm run build` comes first.
// The versions are those of TENON_TEST_NODES, paths of node programs separated as in PATH, or else those that version
// managers (nvm, fnm, volta, n, mise, asdf) have installed: the newest of each version that is supported.
// usage: node scripts/test-nodes.js [jest arguments ...]
const { spawnSync } = require('child_process');
const fs = require('fs');
const os = require('os');
const path = require('path');
const { ROOT } = require('./toolchain');

const program = process.platform === 'win32' ? 'node.exe' : 'bin/node';

/** Folders whose entries are installed versions. */
function folders() {
  const home = os.homedir();
  const { NVM_DIR, FNM_DIR, VOLTA_HOME, N_PREFIX, MISE_DATA_DIR, ASDF_DATA_DIR } = process.env;
  return [
    path.join(NVM_DIR ?? path.join(home, '.nvm'), 'versions', 'node'),
    path.join(FNM_DIR ?? path.join(home, '.local', 'share', 'fnm'), 'node-versions'),
    path.join(VOLTA_HOME ?? path.join(home, '.volta'), 'tools', 'image', 'node'),
    path.join(N_PREFIX ?? '/usr/local', 'n', 'versions', 'node'),
    path.join(MISE_DATA_DIR ?? path.join(home, '.local', 'share', 'mise'), 'installs', 'node'),
    path.join(ASDF_DATA_DIR ?? path.join(home, '.asdf'), 'installs', 'nodejs'),
  ];
}

function installed() {
  return folders().flatMap((folder) => {
    if (!fs.existsSync(folder)) return [];
    return fs
      .readdirSync(folder)
      .flatMap((name) => [path.join(folder, name, program), path.join(folder, name, 'installation', program)])
      .filter((file) => fs.existsSync(file));
  });
}

/** A program's version as numbers; null when it can't be run. */
function versionOf(node) {
  const { status, stdout } = spawnSync(node, ['-p', 'process.versions.node'], { encoding: 'utf8' });
  return status === 0 ? stdout.trim().split('.').map(Number) : null;
}

/** The programs to test with, by major version. */
function nodes() {
  const given = process.env.TENON_TEST_NODES;
  const found = new Map();
  for (const node of given ? given.split(path.delimiter) : installed()) {
    const version = versionOf(node);
    if (version === null && given) {
      console.error(`TENON_TEST_NODES: ${node} can't be run`);
      process.exit(1);
    }
    if (version === null || version[0] < 20) continue;
    const other = found.get(version[0]);
    const newer = !other || version[1] - other.version[1] || version[2] - other.version[2];
    if (newer === true || newer > 0) found.set(version[0], { node, version });
  }
  // What runs this runs `npm test`, too.
  if (!given) found.delete(Number(process.versions.node.split('.')[0]));
  return [...found.values()].sort((a, b) => a.version[0] - b.version[0]);
}

const all = nodes();
if (all.length === 0)
  console.log(
    `Other versions of Node were not tested: none was found beside ${process.version} (TENON_TEST_NODES names some)`,
  );
let failed = 0;
for (const { node, version } of all) {
  const name = `Node ${version.join('.')}`;
  console.log(`\nThe tests under ${name}`);
  const jest = path.join(ROOT, 'node_modules', 'jest', 'bin', 'jest.js');
  // Tests that start processes by name are to find this version, too.
  const PATH = path.dirname(node) + path.delimiter + process.env.PATH;
  // What kernels compute, and what the fuzzer's own tests run, is the same in every version.
  const own = process.argv.slice(2);
  const selection = own.length > 0 ? own : ['--testPathIgnorePatterns', 'test/fuzz/', 'test/ops/'];
  const { status } = spawnSync(node, [jest, ...selection], {
    cwd: ROOT,
    stdio: 'inherit',
    env: { ...process.env, PATH, TENON_TEST_FULL: '' },
  });
  if (status !== 0) failed++;
  console.log(`${name}: ${status === 0 ? 'passed' : `failed (${status})`}`);
}
process.exit(failed > 0 ? 1 : 0);
