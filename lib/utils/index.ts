/** Tools around training. */
export * as checkpoint from './checkpoint';
