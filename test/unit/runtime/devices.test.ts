/** What --devices understands, and what it says to the rest. */

import { describe, expect, it } from 'vitest';

import { AlexNetError } from '../../../lib/errors.js';
import { openDevices, parseDevices } from '../../../lib/runtime/devices.js';
import { cpuInfo } from '../../../lib/runtime/native/cpu.js';

describe('device names', () => {
  it('ask for backends and threads', () => {
    const { cores } = cpuInfo();
    expect(parseDevices('cpu')).toEqual([{ name: 'cpu', backend: 'cpu', threads: cores }]);
    expect(parseDevices('reference', { threads: 8 })).toEqual([{ name: 'reference', backend: 'reference' }]);
    expect(parseDevices('cpu', { threads: 3 })).toMatchObject([{ threads: 3 }]);
  });

  it('share the threads out, at least one each', () => {
    const threads = (total: number): number[] =>
      parseDevices('cpu:0/2, cpu:1/2', { threads: total }).map((device) =>
        device.backend === 'cpu' ? device.threads : 0,
      );
    expect(threads(8)).toEqual([4, 4]);
    expect(threads(7)).toEqual([3, 4]);
    expect(threads(1)).toEqual([1, 1]);
  });

  it.each([
    ['gpu', /^expected 'cpu', 'reference', .* or shares .* for devices, received 'gpu'$/],
    ['', /for devices, received ''/],
    ['cuda:x', /^expected .*'cuda:0'.* received 'cuda:x'/],
    ['cpu,cuda:0', /expected cards only, or none for devices/],
    ['cpu:2/2', /expected a share below 2 in cpu:share\/2 for devices, received 'cpu:2\/2'/],
    ['cpu,cpu', /each CPU device once/],
    ['cpu:0/3,cpu:1/3,cpu:2/3', /at most 2 devices for devices/],
  ])('are refused in one line: %j', (spec, message) => {
    expect(() => parseDevices(spec)).toThrow(AlexNetError);
    expect(() => parseDevices(spec)).toThrow(message);
    expect(() => parseDevices(spec)).not.toThrow(/\n/);
  });

  it.each([0, 1.5, NaN, 2000])('do not go with %d threads', (threads) => {
    expect(() => parseDevices('cpu', { threads })).toThrow(
      /expected an integer from 1 to 1024 for threads, received/,
    );
  });

  it('name cards, which may be named twice', () => {
    expect(parseDevices('cuda')).toEqual([{ name: 'cuda', backend: 'cuda', index: 0, peerAccess: true }]);
    expect(parseDevices('cuda:0,cuda:1', { peerAccess: false })).toMatchObject([
      { index: 0, peerAccess: false },
      { index: 1, peerAccess: false },
    ]);
    expect(parseDevices('cuda:0,cuda:0')).toHaveLength(2);
  });

  it('open all devices or none', () => {
    for (const device of openDevices(parseDevices('cpu:0/2,cpu:1/2', { threads: 2 }))) device.close();
    expect(() => openDevices([{ name: 'x', backend: 'x' as 'reference' }])).toThrow(
      /backend is 'x'; expected 'cpu', 'reference' or 'cuda'/,
    );
  });
});
