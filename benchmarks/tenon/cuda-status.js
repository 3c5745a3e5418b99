'use strict';
// Prints what Tenon finds of CUDA, as one line of JSON: whether there is a GPU to measure.
const { cudaStatus } = require('../../dist/backend/cuda');

console.log(JSON.stringify(cudaStatus()));
