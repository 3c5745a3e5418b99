/** The CPU as a device: what runs there beside the JavaScript thread. */
export { synchronize, synchronizeAsync } from './backend/waiting';
