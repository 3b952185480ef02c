/** Numbers as people read them. */

/** 60965224 → 60,965,224 */
export const count = (n: number): string => Math.round(n).toLocaleString('en-US');

/** 0.0625 → 6.3 % */
export const percent = (fraction: number): string => `${(100 * fraction).toFixed(1)} %`;

/** At most `digits` significant ones, without trailing zeros: 0.010000001 → 0.01, 0.00001 → 1e-5. */
export const significant = (n: number, digits = 3): string => {
  const rounded = Number(n.toPrecision(digits));
  return Math.abs(rounded) < 1e-4 && rounded !== 0 ? rounded.toExponential() : String(rounded);
};

/** A loss keeps its width while it falls: 6.908, 0.042. */
export const loss = (n: number): string => n.toFixed(3);

/** Always about three digits: 1,234; 98.7; 6.54 */
export const rate = (n: number): string => {
  if (n >= 100) return count(n);
  return n.toFixed(n >= 10 ? 1 : 2);
};

function scaled(n: number, units: readonly string[]): string {
  let value = n;
  let unit = 0;
  // 999.95 would print as 1000.0.
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  const digits = unit === 0 || value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
  return `${value.toFixed(digits)} ${units[unit] ?? ''}`;
}

/** Powers of 1000: 1570000000 → 1.57 GB */
export const bytes = (n: number): string => scaled(n, ['B', 'kB', 'MB', 'GB', 'TB']);

/** 1448813632 → 1.45 GFLOP */
export const flops = (n: number): string => scaled(n, ['FLOP', 'kFLOP', 'MFLOP', 'GFLOP', 'TFLOP', 'PFLOP']);

/** The two largest units: 4 min 07 s, 5 d 03 h; below ten seconds a decimal, below one milliseconds. */
export function duration(seconds: number): string {
  if (!Number.isFinite(seconds)) return '?';
  if (seconds === 0) return '0 s';
  if (seconds < 0.9995) return `${significant(1000 * seconds)} ms`;
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  const two = (n: number): string => String(n).padStart(2, '0');
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${two(whole % 60)} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 24 * 60) return `${Math.floor(minutes / 60)} h ${two(minutes % 60)} min`;
  const hours = Math.round(seconds / 3600);
  return `${Math.floor(hours / 24)} d ${two(hours % 24)} h`;
}

/** One or many: plural(1, 'image') → 1 image, plural(2000, 'image') → 2,000 images. */
export const plural = (n: number, one: string, many = `${one}s`): string =>
  `${count(n)} ${n === 1 ? one : many}`;
