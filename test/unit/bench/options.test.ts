import { describe, expect, it } from 'vitest';
import { defaultPrecisions } from '../../../lib/bench/report.js';
import { batches, precisionList } from '../../../cli/commands/bench-options.js';

describe('the lists of bench', () => {
  it('are values with commas between them, each once', () => {
    expect(batches('128', '--batch')).toEqual([128]);
    expect(batches('512, 128,512', '--batch')).toEqual([512, 128]);
    expect(precisionList('tf32,bf16', '--precision')).toEqual(['tf32', 'bf16']);
  });

  it.each(['', '8,', ',8', '8,,9', '0', '1.5', 'many', undefined])('refuse batches such as %j', (value) => {
    expect(() => batches(value, '--batch')).toThrow(/^expected .* for --batch, received /);
  });

  it('refuse a precision nobody knows', () => {
    expect(() => precisionList('bf16,fp16', '--precision')).toThrow(
      'expected fp32, tf32 or bf16 for --precision, received fp16',
    );
  });
});

describe('the precisions that are measured when none is named', () => {
  const card = (computeCapability: number) => ({
    name: '',
    memory: 0,
    multiprocessors: 1,
    computeCapability,
  });

  it('are all that every device has cores for', () => {
    expect(defaultPrecisions([card(90)], 1)).toEqual(['bf16', 'tf32', 'fp32']);
    expect(defaultPrecisions([card(90), card(75)], 2)).toEqual(['fp32']);
    expect(defaultPrecisions([], 1)).toEqual(['fp32']);
  });
});
