/** One line at the foot of a terminal that is redrawn in place, and lines that scroll by above it. */

import { MultiBar } from 'cli-progress';
import { visible } from './visible.js';

/** The line for a terminal this wide. */
export type Draw = (columns: number) => string;

export class LiveLine implements Disposable {
  private bars: MultiBar | undefined;
  private draw: Draw = () => '';
  /** A process that ends in the middle must not leave the cursor hidden. */
  private readonly atExit = (): void => this.clear();

  constructor(private readonly stream: NodeJS.WriteStream) {}

  get live(): boolean {
    return this.stream.isTTY === true;
  }

  /** Shows this line from now on; without a terminal, nothing. */
  show(draw: Draw): void {
    this.draw = draw;
    if (!this.live || this.bars) return;
    this.bars = new MultiBar({
      stream: this.stream,
      // The last column stays free: a full line would wrap in some terminals.
      format: () => visible(this.draw((this.stream.columns ?? 80) - 1)),
      fps: 10,
      hideCursor: true,
      linewrap: null,
      forceRedraw: true,
      clearOnComplete: true,
      gracefulExit: false,
    });
    this.bars.create(1, 0);
    process.once('exit', this.atExit);
  }

  print(line: string): void {
    if (!this.bars) {
      this.stream.write(`${visible(line)}\n`);
      return;
    }
    this.bars.log(`${visible(line)}\n`);
    this.bars.update();
  }

  clear(): void {
    this.bars?.stop();
    this.bars = undefined;
    process.removeListener('exit', this.atExit);
  }

  [Symbol.dispose](): void {
    this.clear();
  }
}
