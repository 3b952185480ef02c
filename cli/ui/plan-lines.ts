/** A plan for people: the network, the devices' memory, the transfers, the timeline. */

import type { LayerReport, PlanReport } from '../../lib/plan/report.js';
import { bytes, count, duration, flops, plural } from '../../lib/text/numbers.js';
import type { Style } from './style.js';
import { table, type Column } from '../../lib/text/table.js';
import { drawTimeline } from './timeline.js';

export interface PlanLook {
  /** What the network is, in a line. */
  readonly about: string;
  readonly style: Style;
  /** On the memory. */
  readonly notes: readonly string[];
  /** Of the terminal. */
  readonly columns: number;
}

const left = (title: string): Column => ({ title, align: 'left' });
const right = (title: string): Column => ({ title, align: 'right' });

const kinds: Readonly<Record<LayerReport['kind'], string>> = {
  convolution: 'convolution',
  fully_connected: 'fully connected',
  activation: 'activation',
  lrn: 'normalisation',
  map_norm: 'normalisation in maps',
  batch_norm: 'batch normalisation',
  max_pool: 'max-pooling',
  dropout: 'dropout',
};

function network(report: PlanReport): string[] {
  const { layers, totals, devices, input } = report;
  const shape = (sides: readonly number[]): string => sides.join('×');
  const mapsOn = (layer: LayerReport, device: number): string => {
    const range = layer.maps.find((held) => held.device === device);
    return range ? `${range.from}–${range.to - 1}` : '–';
  };
  const several = devices.length > 1;
  const columns = [
    left('layer'),
    left('kind'),
    right('output'),
    right('weights'),
    right('parameters'),
    right('forward'),
    ...(several ? [...devices.map((_, i) => right(`maps on ${i}`)), left('reads')] : []),
  ];
  const rows = layers.map((layer) => [
    layer.name,
    kinds[layer.kind],
    shape(layer.output),
    layer.weights ? shape(layer.weights) : '',
    layer.parameters > 0 ? count(layer.parameters) : '',
    layer.weights ? flops(layer.forwardFlops) : '',
    ...(several ? [...devices.map((_, i) => mapsOn(layer, i)), layer.weights ? layer.reads : ''] : []),
  ]);
  return table(columns, [
    ['input', '', shape([input.height, input.width, input.channels])],
    ...rows,
    ['in all', '', '', '', count(totals.parameters), flops(totals.forwardFlops)],
  ]);
}

function costs({ totals, mode, batch }: PlanReport): string {
  const image = `an image ${flops(totals.forwardFlops)} forward, ${flops(totals.trainingFlops)} forward and backward`;
  const step = `a ${mode === 'train' ? 'training step' : 'batch'} of ${count(batch)} ${flops(totals.batchFlops)}`;
  return `${image}; ${step}`;
}

function memory({ devices }: PlanReport): string[] {
  const held = Object.keys(devices[0]?.peak ?? {}) as (keyof (typeof devices)[number]['peak'])[];
  const columns = [left('device'), left('name'), ...held.map(right), right('peak'), right('allocated')];
  const rows = devices.map(({ name, peak, peakBytes, arenaBytes }, device) => [
    String(device),
    name,
    ...held.map((kind) => bytes(peak[kind])),
    bytes(peakBytes),
    bytes(arenaBytes),
  ]);
  return table(columns, rows);
}

function transfers({ transfers: sent, totals }: PlanReport): string[] {
  const columns = [left('pass'), left('at the input of'), left('device'), right('bytes'), right('')];
  const rows = sent.map(({ pass, layer, from, to, bytes: size }) => [
    pass,
    layer,
    `${from} → ${to}`,
    count(size),
    bytes(size),
  ]);
  return table(columns, [
    ...rows,
    ['in all', '', '', count(totals.transferBytes), bytes(totals.transferBytes)],
  ]);
}

/** A step's shape, and how much of it is spent waiting. */
function schedule({ timeline, layers, devices, mode, batch }: PlanReport, columns: number): string[] {
  const { spans, seconds, rates } = timeline;
  const learned = layers.filter(({ weights }) => weights).map(({ name }) => name);
  const names = devices.map(({ name }) => name);
  const { lines, signs } = drawTimeline(spans, seconds, { learned, devices: names, columns });
  const waited = names.map((name, device) => {
    const waits = spans.filter((span) => span.device === device && span.op === 'wait');
    return `${name} ${duration(waits.reduce((sum, { start, end }) => sum + end - start, 0))}`;
  });
  const several = devices.length > 1;
  return [
    ...lines,
    `(${signs})`,
    `Estimated: ${duration(seconds)} a ${mode === 'train' ? 'step' : 'batch'} of ${plural(batch, 'image')}, at an assumed ` +
      `${flops(rates.flops)}/s and ${bytes(rates.bytes)}/s of memory a device` +
      (several ? `, ${bytes(rates.transfer)}/s between` : ''),
    ...(several ? [`Waiting for the other device: ${waited.join(', ')}`] : []),
  ];
}

export function planLines(report: PlanReport, { about, style, notes, columns }: PlanLook): string[] {
  const { network: name, mode, batch, devices } = report;
  const section = (title: string, lines: readonly string[]): string[] => ['', style.bold(title), ...lines];
  return [
    `${style.bold(name)}: ${about}`,
    `${mode === 'train' ? 'training' : 'inference'}, batches of ${count(batch)}, on ${devices.map((device, i) => `${i}: ${device.name}`).join(', ')}`,
    ...section('Network', [...network(report), costs(report)]),
    ...section('Memory at its peak', [...memory(report), ...notes]),
    ...(report.transfers.length > 0 ? section('Transfers a step', transfers(report)) : []),
    ...section('Timeline', schedule(report, columns)),
  ];
}
