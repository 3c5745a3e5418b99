'use strict';
// The library with bugs of every kind that the fuzzer must find: fuzz.test.ts has it look for them.
const tenon = require('../../dist');

const kept = [];

module.exports = {
  ...tenon,
  plantNothing: (...args) => tenon.add(...args),
  plantCrash: (...args) => args.length > 4 && process.abort(),
  plantHang(...args) {
    while (args.length > 4);
  },
  plantUntyped: (x) => x.a.b,
  plantInternal() {
    throw new tenon.InternalError('broken');
  },
  plantLater: () => Promise.reject(new TypeError('later')),
  plantLeak: () => void kept.push(tenon.ones(3)),
  plantMode: (...args) => args.length > 4 && tenon.setGradEnabled(false),
  plantShape: () => Object.defineProperty(tenon.ones(3), 'shape', { value: [NaN] }),
  plantState() {
    const { forward } = tenon.nn.Tanh.prototype;
    tenon.nn.Tanh.prototype.forward = (x) => forward.call(null, x).mul(1.5);
  },
};
