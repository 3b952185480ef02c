/** The way a benchmark goes on cards; the emulator's figures mean nothing. */

import { expect, it } from 'vitest';
import { measureCeilings } from '../../lib/bench/ceilings.js';
import { peerCopies } from '../../lib/bench/peer-copies.js';
import type { Report } from '../../lib/bench/report.js';
import { parseDevices } from '../../lib/runtime/devices.js';
import { measureCard } from '../../lib/runtime/native/cuda.js';
import { lastJson, program } from '../cli/program.js';
import { onEmulatedCards } from './cards.js';

onEmulatedCards('devices=2,check=0', () => {
  it('measures what a card can do at most, off the event loop', async () => {
    let turned = false;
    setImmediate(() => (turned = true));
    const peak = await measureCard(0);
    expect(turned).toBe(true);
    expect(Object.keys(peak).toSorted()).toEqual(['bf16Tflops', 'copyGigabytes', 'fp32Tflops', 'tf32Tflops']);
    expect(Object.values(peak).every((rate) => rate > 0)).toBe(true);
  });

  it('refuses to measure a card that is not there', async () => {
    await expect(measureCard(7)).rejects.toMatchObject({ code: 'DEVICE', message: /cuda:7 is not there/ });
    await expect(measureCard(-1)).rejects.toMatchObject({ code: 'USAGE' });
  });

  it('measures a card once that is named twice', async () => {
    const [one, other] = await measureCeilings(parseDevices('cuda:1,cuda:1'));
    expect(one).toBe(other);
    expect(one?.device).toBe('cuda:1');
  });

  it('copies between cards directly and staged, one way and both; within a card directly; not directly where told', async () => {
    const ways = async (devices: string, peerAccess?: boolean) =>
      (await peerCopies(parseDevices(devices, { peerAccess }))).map((copy) => `${copy.how} ${copy.ways}`);
    expect(await ways('cuda:0,cuda:1')).toEqual(['direct 1', 'direct 2', 'staged 1', 'staged 2']);
    expect(await ways('cuda:0,cuda:0')).toEqual(['direct 1', 'direct 2']);
    expect(await ways('cuda:0,cuda:1', false)).toEqual(['staged 1', 'staged 2']);
    expect(await ways('cpu:0/2,cpu:1/2')).toEqual([]);
  });

  it('runs from end to end on a card', async () => {
    const args = ['--devices', 'cuda:0', '--preset', 'cifar', '--batch', '1', '--precision', 'fp32'];
    const ran = await program(['bench', ...args, '--runs', '1', '--json']);
    expect(ran).toMatchObject({ code: 0, stderr: '' });
    const report = lastJson(ran) as Report;
    expect(report).toMatchObject({ emulated: true, driver: null, cards: [{ computeCapability: 90 }] });
    expect(report.rates.map(({ pass, variant }) => `${pass}: ${variant}`)).toEqual([
      'training: graphs',
      'training: graphs, images not sent',
      'inference: graphs',
      'inference: graphs, images not sent',
    ]);
    expect(report.ops.filter(({ op }) => op === 'sgd')).toHaveLength(1);
  });
});
