'use strict';
// Plain JavaScript, run as it is: the clock starts before the import.
const start = process.hrtime.bigint();
const { ones, cpuCapability, getNumThreads } = require('tenon');
const value = ones(1, 64).matmul(ones(64, 1)).item();
const seconds = Number(process.hrtime.bigint() - start) / 1e9;
const label = `Tenon (${cpuCapability()})`;
console.log(JSON.stringify({ label, isa: cpuCapability(), threads: getNumThreads(), seconds, value }));
