/** Preparing as a user sees it: a bar on a terminal, a line now and then elsewhere. */

import type { PrepareProgress } from '../../lib/data/store/prepare.js';
import { barLine, type Field } from './bar.js';
import { plainInterval } from './counting.js';
import { bytes, count, duration, rate } from '../../lib/text/numbers.js';
import type { LiveLine } from './live-line.js';

export class Preparing {
  private printed: number;

  constructor(
    private readonly line: LiveLine,
    private readonly now: () => number = () => performance.now(),
  ) {
    this.printed = now();
  }

  update(progress: PrepareProgress): void {
    const { done, total, skipped, imagesPerSecond, secondsLeft } = progress;
    const fields: Field[] = [
      { text: 'preparing', rank: 1 },
      { text: total === null ? `${count(done)} images` : `${count(done)}/${count(total)} images`, rank: 2 },
      { text: `${rate(imagesPerSecond)} images/s`, rank: 4 },
      { text: `${secondsLeft === null ? '?' : duration(secondsLeft)} left`, rank: 3 },
      { text: `${bytes(progress.bytesRead)} of ${bytes(progress.bytes)}`, rank: 6 },
      ...(skipped > 0 ? [{ text: `${count(skipped)} skipped`, rank: 5 }] : []),
    ];
    const fraction = total === null ? progress.bytesRead / progress.bytes : done / total;
    if (this.line.live) this.line.show((columns) => barLine(fields, fraction, columns));
    else if (this.now() - this.printed >= plainInterval) {
      this.printed = this.now();
      this.line.print(fields.map(({ text }) => text).join('  '));
    }
  }
}
