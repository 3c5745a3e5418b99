'use strict';
// Asks the server of the suite eventloop every 10 ms, until it is told to stop: how many milliseconds each took.
const { Agent, get } = require('http');

const port = Number(process.argv[2]);
const agent = new Agent({ keepAlive: true });
const times = [];

function ask() {
  const start = performance.now();
  return new Promise((resolve, reject) => {
    get({ port, host: '127.0.0.1', agent }, (response) => {
      response.resume().on('end', () => resolve(performance.now() - start));
    }).on('error', reject);
  });
}

let stopped = false;
process.on('message', () => (stopped = true));

async function main() {
  await ask(); // the connection
  process.send('ready');
  while (!stopped) {
    times.push(await ask());
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  process.send(times);
}

void main();
