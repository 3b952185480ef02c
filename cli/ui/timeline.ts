/** A step's timeline as text: a lane for what each device computes and one for what it sends. */

import type { OpName } from '../../lib/plan/commands.js';
import type { PlannedSpan } from '../../lib/plan/timeline.js';
import { duration } from '../../lib/text/numbers.js';

export interface TimelineOptions {
  /** Layers that learn, in their order: 1 to 9, then a, b, … */
  readonly learned: readonly string[];
  readonly devices: readonly string[];
  /** Of the terminal. */
  readonly columns: number;
}

/** Columns of the lanes. */
const widest = 100;
const narrowest = 40;
const gap = '  ';

const learnedSigns = '123456789abcdefghijklmo';
const waiting = '·';
/** Share of a column from which waiting shows. */
const noticeable = 0.3;

const otherSigns = [
  ['n', 'normalisation'],
  ['p', 'pooling'],
  ['i', 'images prepared'],
  ['s', 'softmax'],
  ['x', 'other'],
  [waiting, 'waits for the other device'],
] as const;

/** Of what is not a learned layer's own. */
const signs: Readonly<Record<OpName, string>> = {
  convolution_forward: 'x',
  convolution_backward_data: 'x',
  convolution_backward_weights: 'x',
  convolution_update: 'x',
  lrn_forward: 'n',
  lrn_backward: 'n',
  lrn_pool_forward: 'n',
  lrn_pool_backward: 'n',
  map_norm_forward: 'n',
  map_norm_backward: 'n',
  batch_norm_forward: 'n',
  batch_norm_inference: 'n',
  batch_norm_backward: 'n',
  max_pool_forward: 'p',
  max_pool_backward: 'p',
  activation_forward: 'x',
  activation_backward: 'x',
  dropout: 'x',
  scale: 'x',
  softmax_cross_entropy: 's',
  sgd: 'x',
  preprocess: 'i',
  fill: 'x',
  gaussian: 'x',
  copy: 'x',
  sum: 'x',
  transfer: 'x',
  wait: waiting,
};

/** One sign for each thing a device does; what a layer does backward has the layer's sign too. */
function signOf({ label, op }: PlannedSpan, learned: readonly string[]): string {
  if (op === 'wait') return waiting;
  const place = learned.indexOf(label);
  return place >= 0 ? (learnedSigns[place] ?? '?') : signs[op];
}

/** Every column shows what took most of its time, but for waiting, which is what a schedule is to be judged by. */
function computeLane(
  spans: readonly PlannedSpan[],
  learned: readonly string[],
  seconds: number,
  width: number,
): string {
  const column = seconds / width;
  const share = Array.from({ length: width }, () => new Map<string, number>());
  for (const span of spans) {
    const sign = signOf(span, learned);
    for (let i = Math.floor(span.start / column); i < width && i * column < span.end; i++) {
      const inside = Math.min(span.end, (i + 1) * column) - Math.max(span.start, i * column);
      const cell = share[i] as Map<string, number>;
      cell.set(sign, (cell.get(sign) ?? 0) + inside);
    }
  }
  return share
    .map((cell) => {
      if ((cell.get(waiting) ?? 0) >= noticeable * column) return waiting;
      const busy = [...cell.values()].reduce((a, b) => a + b, 0);
      const [sign, longest] = [...cell].reduce((a, b) => (b[1] > a[1] ? b : a), [' ', 0] as [string, number]);
      return longest > 0 && busy >= column / 2 ? sign : ' ';
    })
    .join('');
}

/** Transfers are short: each shows for a column at least, in its own place or the next free one. */
function transferLane(
  spans: readonly PlannedSpan[],
  learned: readonly string[],
  seconds: number,
  width: number,
): string {
  const column = seconds / width;
  const cells = Array.from({ length: width }, () => ' ');
  for (const span of spans) {
    const first = Math.min(width - 1, Math.floor(span.start / column));
    const last = Math.max(first, Math.min(width, Math.round(span.end / column)) - 1);
    let drawn = false;
    for (let i = first; i < width && (i <= last || !drawn); i++) {
      if (cells[i] !== ' ') continue;
      cells[i] = signOf(span, learned);
      drawn = true;
    }
  }
  return cells.join('');
}

/** Times along the top. */
function ruler(seconds: number, width: number): string {
  const marks = Math.max(1, Math.floor(width / 20));
  const cells = Array.from({ length: width }, () => ' ');
  for (let i = 0; i <= marks; i++) {
    const text = i === 0 ? '0' : duration((seconds * i) / marks);
    const from = i === 0 ? 0 : Math.round((width * i) / marks) - text.length;
    cells.splice(from, text.length, ...text.split(''));
  }
  return cells.join('').trimEnd();
}

/** Where the passes are: the backward one starts behind the softmax. */
function passes(spans: readonly PlannedSpan[], seconds: number, width: number): string {
  const turn = spans.find(({ op }) => op === 'softmax_cross_entropy')?.end ?? seconds;
  const at = Math.min(width, Math.round((turn / seconds) * width));
  const stretch = (name: string, columns: number): string =>
    (columns > name.length ? `${name} ` : '').padEnd(columns, '─');
  return at >= width
    ? stretch('forward', width)
    : `${stretch('forward', at)}${stretch('┤ backward', width - at)}`;
}

export interface Drawing {
  readonly lines: readonly string[];
  /** What the signs in it mean. */
  readonly signs: string;
}

export function drawTimeline(
  spans: readonly PlannedSpan[],
  seconds: number,
  options: TimelineOptions,
): Drawing {
  const { learned, devices, columns } = options;
  const computes = (name: string): string => `${name} computes`;
  const title = Math.max(...devices.map((name) => computes(name).length));
  const width = Math.min(widest, Math.max(narrowest, columns - title - gap.length));
  const lanes = devices.flatMap((name, device): [title: string, signs: string][] => {
    const own = spans.filter((span) => span.device === device);
    const compute = own.filter(({ lane }) => lane === 'compute');
    const sent = own.filter(({ lane }) => lane === 'transfer');
    return [
      [computes(name), computeLane(compute, learned, seconds, width)],
      ...(devices.length > 1
        ? [['sends', transferLane(sent, learned, seconds, width)] as [string, string]]
        : []),
    ];
  });
  const drawn = new Set(lanes.map(([, signs]) => signs).join(''));
  const meanings = [...learned.map((name, i) => [learnedSigns[i] ?? '?', name] as const), ...otherSigns];
  return {
    lines: [['', ruler(seconds, width)], ['', passes(spans, seconds, width)], ...lanes].map(([name, signs]) =>
      `${(name ?? '').padStart(title)}${gap}${signs}`.trimEnd(),
    ),
    signs: meanings
      .filter(([sign]) => drawn.has(sign))
      .map(([sign, meaning]) => `${sign} ${meaning}`)
      .join(', '),
  };
}
