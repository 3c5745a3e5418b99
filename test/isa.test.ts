import type * as Tenon from 'tenon';
import { cpuCapability } from 'tenon';
import type * as Load from '../lib/backend/load';

/** Loads the library anew, as a program does that starts with these settings. */
async function loadWith(isa: string | undefined): Promise<typeof Tenon> {
  const before = process.env.TENON_CPU_ISA;
  if (isa === undefined) delete process.env.TENON_CPU_ISA;
  else process.env.TENON_CPU_ISA = isa;
  try {
    let loaded!: typeof Tenon;
    await jest.isolateModulesAsync(async () => {
      loaded = await import('tenon');
    });
    return loaded;
  } finally {
    if (before === undefined) delete process.env.TENON_CPU_ISA;
    else process.env.TENON_CPU_ISA = before;
  }
}

const failure = { name: 'NativeError', code: 'ERR_TENON_NATIVE' };

describe('TENON_CPU_ISA', () => {
  test('is what kernels run with', () => {
    const wanted = process.env.TENON_CPU_ISA;
    if (wanted) expect(cpuCapability()).toBe(wanted);
    else expect(['avx512', 'avx2', 'sse2', 'neon']).toContain(cpuCapability());
  });

  test('that does not exist is an error that names those that do', async () => {
    await expect(loadWith('nonsense')).rejects.toMatchObject({
      ...failure,
      message: expect.stringMatching(
        /^tenon: expected TENON_CPU_ISA to be one of .*(sse2|neon) on this processor, got "nonsense"$/,
      ) as unknown,
    });
    await expect(loadWith('AVX2')).rejects.toMatchObject(failure);
    await expect(loadWith('sse2,avx2')).rejects.toMatchObject(failure);
  });

  test('that comes too late is an error', async () => {
    if (cpuCapability() === 'neon' || cpuCapability() === 'sse2') return;
    await expect(loadWith('sse2')).rejects.toMatchObject({
      ...failure,
      message: `tenon: TENON_CPU_ISA was set to sse2 after the kernels for ${cpuCapability()} had been chosen`,
    });
  });

  test('that is empty or fits changes nothing', async () => {
    expect((await loadWith('')).cpuCapability()).toBe(cpuCapability());
    expect((await loadWith(cpuCapability())).cpuCapability()).toBe(cpuCapability());
  });
});

describe('the addon', () => {
  test('of other sources is an error', async () => {
    const { addonPath, version } = jest.requireActual<typeof Load>('../lib/backend/load');
    jest.doMock(addonPath, () => ({ version, ops: ['add'], isas: [] }));
    try {
      await expect(loadWith(undefined)).rejects.toMatchObject({
        ...failure,
        message: expect.stringMatching(/built from other sources [^]*npx tenon build$/) as unknown,
      });
    } finally {
      jest.dontMock(addonPath);
    }
  });
});
