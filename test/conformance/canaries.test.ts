import { expect, it } from 'vitest';
import type { Op, Tensor } from '../../lib/plan/commands.js';
import { Device } from '../../lib/runtime/native/device.js';
import { canaryArenaBytes, strayWrite } from './canaries.js';
import { canarySuite } from './canary-suite.js';
import { defineCase, input, output, type Case } from './case.js';

// A few of those that test/conformance/full has, by the kernels that this processor gets.
canarySuite({ backend: 'reference' }, 'the reference', { casesPerOp: 10 });
canarySuite({ backend: 'cpu', threads: 3 }, 'the cpu', { casesPerOp: 20 });

it('a write that nobody declared is found, and where it is', async () => {
  using device = new Device({ backend: 'reference' });
  device.reserve(canaryArenaBytes);
  // Rows of 12 numbers, three of them elements.
  const numbers = Float32Array.of(1, 2, 3, 4, 5, 6);
  const operands = { x: input(numbers, [1, 2, 1, 3]), y: output(0, [1, 2, 1, 3], [24, 12, 4]) };
  const copy = (to: (y: Tensor) => Tensor): Case =>
    defineCase(operands, ({ x, y }) => [{ op: 'copy', x, y: to(y) }]);
  const asDeclared = copy((y) => y);
  expect(await strayWrite(device, asDeclared)).toBeUndefined();
  expect(await strayWrite(device, asDeclared, { mayWrite: () => [] })).toMatch(/^byte \d of y \(60 bytes/);
  const firstRow = (op: Op): Tensor[] => (op.op === 'copy' ? [{ ...op.y, shape: [1, 1, 1, 3] }] : []);
  expect(await strayWrite(device, asDeclared, { mayWrite: firstRow })).toMatch(/^byte (48|49|50|51) of y/);
  const behind = copy((y) => ({ ...y, offset: y.offset + 64 }));
  expect(await strayWrite(device, behind, { mayWrite: () => [] })).toMatch(/^\d bytes behind y has changed/);
});
