/** Progress of work that is a number of images: a bar on a terminal, a line now and then elsewhere. */

import { barLine } from './bar.js';
import { count, duration, rate } from '../../lib/text/numbers.js';
import type { LiveLine } from './live-line.js';

/** Milliseconds between lines where nothing is redrawn. */
export const plainInterval = 10_000;

export class Counting {
  private readonly started: number;
  private printed: number;

  constructor(
    private readonly line: LiveLine,
    /** What is being done: 'decoding'. */
    private readonly doing: string,
    private readonly now: () => number = () => performance.now(),
  ) {
    this.started = now();
    this.printed = this.started;
  }

  update(done: number, total: number, note = ''): void {
    const seconds = (this.now() - this.started) / 1000;
    const speed = seconds > 0 ? done / seconds : 0;
    const left = speed > 0 ? duration((total - done) / speed) : '?';
    const position = `${count(done)}/${count(total)} images`;
    if (this.line.live) {
      const fields = [
        { text: this.doing, rank: 1 },
        { text: position, rank: 2 },
        { text: `${rate(speed)} images/s`, rank: 4 },
        { text: `${left} left`, rank: 3 },
        ...(note ? [{ text: note, rank: 5 }] : []),
      ];
      this.line.show((columns) => barLine(fields, done / Math.max(1, total), columns));
    } else if (this.now() - this.printed >= plainInterval) {
      this.printed = this.now();
      this.line.print([this.doing, position, `${left} left`, ...(note ? [note] : [])].join('  '));
    }
  }
}
