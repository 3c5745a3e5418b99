/** The limits of the container, or any other control group, that this process runs in. */
import * as fs from 'fs';
import * as path from 'path';

function read(file: string): string | undefined {
  try {
    return fs.readFileSync(file, 'utf8').trim();
  } catch {
    return undefined;
  }
}

/** The folders of this process's group and those around it, which limit it as well; version 1 has one tree a controller. */
function folders(controller: string): string[] {
  const groups = (read('/proc/self/cgroup') ?? '').split('\n').map((line) => line.split(':'));
  const found: string[] = [];
  for (const [, controllers, group] of groups) {
    if (group === undefined || (controllers !== '' && !controllers!.split(',').includes(controller)))
      continue;
    const root = path.join('/sys/fs/cgroup', controllers === '' ? '' : controller);
    for (let folder = path.join(root, group); folder.startsWith(root); folder = path.dirname(folder))
      found.push(folder);
  }
  return found;
}

/** How many processors' time the group may use, for instance 1.5; undefined: as much as there is. */
export function cpuQuota(): number | undefined {
  const quotas = folders('cpu').map((folder) => {
    const [quota, period] =
      read(path.join(folder, 'cpu.max'))?.split(' ') ??
      ['quota', 'period'].map((part) => read(path.join(folder, `cpu.cfs_${part}_us`)));
    return Number(quota) / Number(period); // 'max' and a missing file are NaN, -1 is none either
  });
  const limits = quotas.filter((quota) => quota > 0);
  return limits.length > 0 ? Math.min(...limits) : undefined;
}
