'use strict';
// The lock must serve every platform and every registry. `npm ci` refuses a lock that lacks an optional
// package of some platform, which is what npm writes when a registry has not got it; and an entry that is
// bound to one registry fails wherever that one isn't.
const { packages } = require('../package-lock.json');

const problems = [];
const names = Object.keys(packages);
for (const [name, entry] of Object.entries(packages)) {
  if (entry.resolved) problems.push(`${name} is bound to ${new URL(entry.resolved).host}`);
  if (name && !entry.integrity && !entry.link && !entry.inBundle) problems.push(`${name} has no checksum`);
  for (const optional of Object.keys(entry.optionalDependencies ?? {}))
    if (!names.some((other) => other.endsWith(`node_modules/${optional}`)))
      problems.push(`${name} ${entry.version} lacks ${optional}`);
}
for (const problem of problems) console.error(`package-lock.json: ${problem}`);
if (problems.length === 0)
  console.log(`package-lock.json serves every platform (${names.length - 1} packages)`);
process.exit(problems.length === 0 ? 0 : 1);
