/** What runs, how often and how long. */
export { Profile, profile, recordFunction } from './profile';
export type { ProfilerEvent, OpEvent, RegionEvent, Phase } from './events';
export type { KeyAverages, EventAverage, KeyAveragesOptions, TableOptions } from './averages';
export type {
  LaunchMessage,
  LaunchOperand,
  CollectMessage,
  OutOfMemoryMessage,
  StepMessage,
} from '../backend/channels';
