'use strict';
// The library with bugs of every kind that the fuzzer must find: fuzz.test.ts has it look for them.
const tenon = require('../../dist');

const kept = [];
/** What only the fuzzer's own calls have, not those that it looks at the exports with. */
const strange = (args) => args.length > 4 || args.some((x) => typeof x === 'bigint' || typeof x === 'symbol');

module.exports = {
  ...tenon,
  plantNothing: (...args) => tenon.add(...args),
  plantCrash: (...args) => strange(args) && process.abort(),
  plantHang(...args) {
    while (strange(args));
  },
  plantUntyped: (x) => x.a.b,
  plantInternal() {
    throw new tenon.InternalError('broken');
  },
  plantOption(options = {}) {
    for (const name of Object.keys(options))
      if (name !== 'mode')
        throw new tenon.ArgumentError(`plantOption: no option ${name}; expected one of mode`);
    return `${options.mode}`;
  },
  plantLater: () => Promise.reject(new TypeError('later')),
  plantLeak: () => void kept.push(tenon.ones(3)),
  plantMode: (...args) => strange(args) && tenon.setGradEnabled(false),
  plantShape: () => Object.defineProperty(tenon.ones(3), 'shape', { value: [NaN] }),
  plantState() {
    const { forward } = tenon.nn.Tanh.prototype;
    tenon.nn.Tanh.prototype.forward = (x) => forward.call(null, x).mul(1.5);
  },
};
