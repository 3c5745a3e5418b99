/** Loads the addon, writes the command buffer, decides when to collect. */
export * from './binding';
export { binding } from './load';
export * from './commands';
export * from './memory';
export * from './scope';
export * from './ops.generated';
