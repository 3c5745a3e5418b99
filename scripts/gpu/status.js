'use strict';
// Prints what Tenon finds of CUDA, as JSON; fails if it does not load.
const { cudaStatus } = require('../../dist/backend/cuda');

console.log(JSON.stringify(cudaStatus()));
