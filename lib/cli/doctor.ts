/** What `tenon doctor` finds out; it needs no binary that loads. */
import { execFileSync } from 'child_process';
import * as fs from 'fs';
import * as os from 'os';
import * as path from 'path';
import { ROOT, cudaImages, cudaPackage, findAddon, isPrebuilt, systemLibc } from '../backend/addon-file';
import type { CudaStatus } from '../backend/cuda';
import type { Probe } from './probe';

/** What `tenon doctor --json` prints. A null is something that can't be known here, or that isn't there. */
export interface Report {
  /** Whether the library loads and computes. */
  ok: boolean;
  /** Why it doesn't, and what to do. */
  problem: string | null;
  package: { version: string; folder: string };
  binary: {
    file: string | null;
    bytes: number | null;
    /** 'prebuilt': it came with the package; 'built': from its sources, on this machine. */
    origin: 'prebuilt' | 'built' | null;
    compiler: string | null;
  };
  system: {
    node: string;
    nodeApi: string;
    platform: string;
    arch: string;
    release: string;
    libc: string | null;
  };
  cpu: {
    model: string | null;
    /** The instruction set that kernels run with, and all that there are here, the best one first. */
    instructionSet: string | null;
    supported: readonly string[];
  };
  threads: {
    used: number | null;
    /** Processors that this process may run on, and how many processors' time its container may use. */
    processors: number;
    quota: number | null;
    reason: string;
  };
  memory: {
    totalBytes: number;
    freeBytes: number;
    /** The container's limit. */
    limitBytes: number | null;
    /** What tensors may occupy (setMemoryLimit, TENON_MEMORY_LIMIT). */
    tensorLimitBytes: number | null;
  };
  gpu: CudaStatus;
  /** The package tenon-cuda, if it is installed, and whether its kernels are those that are used. */
  cudaPackage: { version: string; used: boolean } | null;
  /** Environment variables that change what Tenon does. */
  environment: Record<string, string>;
}

function load(): { probe: Probe | null; problem: string | null } {
  try {
    const output = execFileSync(process.execPath, [path.join(__dirname, 'probe.js')], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    return { probe: JSON.parse(output) as Probe, problem: null };
  } catch (error) {
    const { signal, stderr, message } = error as Error & { signal?: string; stderr?: string };
    if (signal) return { probe: null, problem: `The process that loaded the binary was ended by ${signal}.` };
    // Node prints the place, the error's name and message, and the stack.
    const said = /^\w*Error: ([^]*?)(?=\n {4}at |\n\nNode\.js|$(?![^]))/m.exec(stderr ?? '');
    return { probe: null, problem: said?.[1] ?? stderr ?? message };
  }
}

function findBinary(): string | null {
  try {
    return findAddon();
  } catch {
    return null; // loading says the same in the report's `problem`
  }
}

function threadsReason(used: number | null, processors: number, quota: number | null): string {
  const wanted = process.env.TENON_NUM_THREADS;
  if (used === null) return 'the library does not load';
  if (wanted !== undefined && Number(wanted) === used) return `TENON_NUM_THREADS is ${wanted}`;
  if (quota !== null && quota < processors && used < processors)
    return `the container may use the time of ${quota} of ${processors} processors`;
  return `one for each of ${processors} processors`;
}

const NO_CUDA: CudaStatus = {
  available: false,
  reason: 'the library does not load',
  driver: null,
  emulated: false,
  devices: [],
};

/** Examines the installation. */
export function examine(): Report {
  const { version } = JSON.parse(fs.readFileSync(path.join(ROOT, 'package.json'), 'utf8')) as {
    version: string;
  };
  const { probe, problem } = load();
  const file = findBinary();
  const processors = os.availableParallelism();
  const quota = probe?.cpuQuota || null;
  const limit = process.constrainedMemory();
  const kernels = cudaPackage();
  const used = kernels !== null && file !== null && cudaImages(file, version) === kernels.file;
  return {
    ok: probe !== null,
    problem,
    package: { version, folder: ROOT },
    binary: {
      file,
      bytes: file === null ? null : fs.statSync(file).size,
      origin: file === null ? null : isPrebuilt(file) ? 'prebuilt' : 'built',
      compiler: probe?.compiler ?? null,
    },
    system: {
      node: process.version,
      nodeApi: process.versions.napi ?? '',
      platform: process.platform,
      arch: process.arch,
      release: os.release(),
      libc: systemLibc() || null,
    },
    cpu: {
      model: os.cpus()[0]?.model ?? null,
      instructionSet: probe?.isa ?? null,
      supported: probe?.isas ?? [],
    },
    threads: {
      used: probe?.threads ?? null,
      processors,
      quota,
      reason: threadsReason(probe?.threads ?? null, processors, quota),
    },
    memory: {
      totalBytes: os.totalmem(),
      freeBytes: os.freemem(),
      // Without a limit, systems say 0, nothing, or a number beyond all memory.
      limitBytes: limit && limit < os.totalmem() ? limit : null,
      tensorLimitBytes: probe?.memoryLimit ?? null,
    },
    gpu: probe?.cuda ?? NO_CUDA,
    cudaPackage: kernels && { version: kernels.version, used },
    environment: Object.fromEntries(
      Object.entries(process.env).filter(
        (entry): entry is [string, string] => entry[0].startsWith('TENON_') && entry[1] !== undefined,
      ),
    ),
  };
}

const gigabytes = (bytes: number): string => `${(bytes / 2 ** 30).toFixed(1)} GB`;

/** What to do where a GPU that is there can't be used. */
function gpuAdvice(reason: string): string {
  if (reason.startsWith('no NVIDIA driver'))
    return "if there is an NVIDIA GPU, install NVIDIA's driver; containers see it with docker run --gpus all";
  if (reason.includes('too old')) return 'install a newer NVIDIA driver';
  if (reason.includes('CUDA_VISIBLE_DEVICES')) return 'nvidia-smi -L lists the devices that the driver has';
  if (reason.includes('kernels')) return 'install the package again, or build it: npx tenon build';
  return reason === NO_CUDA.reason ? '' : 'nvidia-smi says whether the driver works';
}

/** What the page says of GPUs, line by line. */
function gpuLines({ available, reason, driver, emulated, devices }: CudaStatus): string[] {
  if (!available) return [`none: ${reason}`, gpuAdvice(reason ?? '')];
  return [
    ...devices.map(
      ({ name, major, minor, totalMemory, multiProcessorCount }, i) =>
        `cuda:${i}: ${name} (compute capability ${major}.${minor}, ${gigabytes(totalMemory)}, ${multiProcessorCount} multiprocessors)`,
    ),
    emulated ? 'emulated on the CPU (TENON_CUDA_DRIVER)' : `driver for CUDA ${driver}`,
  ];
}

/** What the page says of the kernels for GPUs that are a package of their own. */
function kernelsLine({ cudaPackage: kernels, gpu, binary, package: { version } }: Report): string {
  if (kernels?.used) return `kernels of tenon-cuda ${kernels.version}`;
  if (kernels && kernels.version !== version)
    return `tenon-cuda ${kernels.version} is not used: expected ${version}. npm install tenon-cuda@${version}`;
  if (gpu.available && !gpu.emulated && binary.origin === 'prebuilt')
    return `the driver compiles kernels when they are first used; compiled ones: npm install tenon-cuda@${version}`;
  return '';
}

/** The report, for people. */
export function format(report: Report): string {
  const { binary, system, cpu, threads, memory } = report;
  const others = cpu.supported.filter((isa) => isa !== cpu.instructionSet);
  const origin = binary.origin === 'prebuilt' ? 'came with the package' : 'built on this machine';
  const chosen = report.environment.TENON_CPU_ISA ? 'TENON_CPU_ISA' : 'the best one here';
  const environment = Object.entries(report.environment).map(([name, value]) => `${name}=${value}`);
  const rows: [string, string][] = [
    ['Tenon', `${report.package.version} in ${report.package.folder}`],
    ['Binary', binary.file ?? 'none'],
    ['', binary.file === null ? '' : `${origin}${binary.compiler ? `, compiled by ${binary.compiler}` : ''}`],
    ['Node', `${system.node} (Node-API ${system.nodeApi})`],
    ['System', `${system.platform}-${system.arch} ${system.release}${system.libc ? `, ${system.libc}` : ''}`],
    ['Processor', cpu.model ?? 'unknown'],
    ['Kernels', cpu.instructionSet === null ? 'not loaded' : `${cpu.instructionSet} (${chosen})`],
    ['', others.length > 0 ? `there is also ${others.join(', ')}` : ''],
    ['Threads', threads.used === null ? 'not loaded' : `${threads.used} (${threads.reason})`],
    ['Memory', `${gigabytes(memory.freeBytes)} of ${gigabytes(memory.totalBytes)} free`],
    ['', memory.limitBytes === null ? '' : `the container may use ${gigabytes(memory.limitBytes)}`],
    [
      '',
      memory.tensorLimitBytes === null
        ? ''
        : `tensors may take ${gigabytes(memory.tensorLimitBytes)} (${report.environment.TENON_MEMORY_LIMIT ? 'TENON_MEMORY_LIMIT' : 'what there is, less a margin'})`,
    ],
    ...gpuLines(report.gpu).map((text, i): [string, string] => [i === 0 ? 'GPU' : '', text]),
    ['', kernelsLine(report)],
    ['Settings', environment.join(' ')],
  ];
  const lines = rows.filter(([, value]) => value !== '').map(([name, value]) => `${name.padEnd(11)}${value}`);
  return [
    ...lines,
    '',
    report.ok ? 'Tenon loads and computes.' : `Tenon does not load.\n${report.problem}`,
  ].join('\n');
}
