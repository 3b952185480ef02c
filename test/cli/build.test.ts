import { isAbsolute } from 'node:path';
import { expect, it } from 'vitest';
import { lastJson, program } from './program.js';

it('build --json says which addon is in use, and what is said on the way goes to stderr', async () => {
  const ran = await program(['build', '--json'], { env: { ALEXNET_NATIVE_BUILD: 'skip' } });
  expect(ran.code).toBe(0);
  expect(ran.stderr).toContain('building the addon is skipped');
  const { binary, cuda } = lastJson(ran) as { binary: string; cuda: unknown };
  expect(ran.stdout.trimEnd().split('\n')).toHaveLength(1);
  expect(isAbsolute(binary)).toBe(true);
  expect(cuda).toBeTypeOf('boolean');
});

it('a build that fails is an exit code, and no JSON', async () => {
  const ran = await program(['build', '--json'], { env: { ALEXNET_NATIVE_BUILD: 'everything' } });
  expect(ran).toMatchObject({ code: 1, stdout: '' });
  expect(ran.stderr).toContain('expected auto, cpu, cuda or skip');
});
