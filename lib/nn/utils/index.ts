/** What helps with networks. */
export * as rnn from './rnn';
