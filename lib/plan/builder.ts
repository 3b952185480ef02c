/** Values (tensors without a place yet) and the devices' command lists, while a plan is being made. */

import { bytesOf, type Command, type DType, type Shape } from './commands.js';

/**
 * What a value is for; the plan reports memory by it. Weights, momentum and mean persist from run to run; inputs are
 * written by the host before each run.
 */
export type ValueKind =
  'weights' | 'momentum' | 'mean' | 'input' | 'activations' | 'gradients' | 'received' | 'workspace';

export interface Value {
  readonly id: number;
  readonly device: number;
  readonly kind: ValueKind;
  readonly shape: Shape;
  readonly dtype: DType;
  readonly name: string;
  /** Keeps its place from its first use to the end of the step (read by the host, or by a transfer under way). */
  keep: boolean;
}

export type Draft = Command<Value>;

export interface PlannedTransfer {
  readonly label: string;
  readonly pass: 'forward' | 'backward';
  readonly from: number;
  readonly to: number;
  readonly bytes: number;
  readonly event: number;
}

type Emitted = Draft extends infer C ? (C extends unknown ? Omit<C, 'label'> : never) : never;

export class PlanBuilder {
  readonly values: Value[] = [];
  readonly lists: Draft[][];
  readonly transfers: PlannedTransfer[] = [];

  /** `numbers` is the type of activations and their gradients. */
  constructor(
    readonly devices: number,
    readonly numbers: DType = 'float32',
  ) {
    this.lists = Array.from({ length: devices }, () => []);
  }

  value(
    device: number,
    kind: ValueKind,
    name: string,
    shape: Shape,
    dtype: DType = 'float32',
    keep = false,
  ): Value {
    const value: Value = { id: this.values.length, device, kind, shape, dtype, name, keep };
    this.values.push(value);
    return value;
  }

  emit(device: number, label: string, command: Emitted): void {
    this.lists[device]?.push({ ...command, label } as Draft);
  }

  /** Sends x to another device; the returned value may be read there after a wait for the event. */
  transfer(
    x: Value,
    device: number,
    label: string,
    pass: 'forward' | 'backward',
  ): { value: Value; event: number } {
    const to = this.value(device, 'received', `${x.name} from device ${x.device}`, x.shape, x.dtype);
    const event = this.transfers.length;
    x.keep = true;
    this.transfers.push({
      label,
      pass,
      from: x.device,
      to: device,
      bytes: bytesOf[x.dtype] * elements(x.shape),
      event,
    });
    this.emit(x.device, label, { op: 'transfer', x, to, device, event });
    return { value: to, event };
  }
}

export const isValue = (field: unknown): field is Value =>
  typeof field === 'object' && field !== null && 'id' in field && 'kind' in field;

export const elements = (shape: Shape): number => shape[0] * shape[1] * shape[2] * shape[3];
