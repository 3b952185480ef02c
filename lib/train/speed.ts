/** How fast a run goes and how long the rest will take. */

const recentSteps = 20;

export class Speed {
  private readonly durations: number[] = [];
  private total = 0;
  private steps = 0;
  private began = 0;
  private validation = 0;

  constructor(private readonly batch: number) {}

  /** A step begins that follows no other directly. */
  begin(): void {
    this.began = performance.now();
  }

  /** A step is done; the next one, if it was queued, has begun. Returns the seconds it took. */
  end(): number {
    const now = performance.now();
    const seconds = (now - this.began) / 1000;
    this.began = now;
    this.durations.push(seconds);
    if (this.durations.length > recentSteps) this.durations.shift();
    this.total += seconds;
    this.steps++;
    return seconds;
  }

  /** A validation took so long; the next ones are expected to. */
  validated(seconds: number): void {
    this.validation = seconds;
  }

  /** Images a second over the last steps. */
  recent(): number {
    const seconds = this.durations.reduce((a, b) => a + b, 0);
    return seconds > 0 ? (this.durations.length * this.batch) / seconds : 0;
  }

  /** Images a second over all training steps, validations and saves not counted. */
  overall(): number {
    return this.total > 0 ? (this.steps * this.batch) / this.total : 0;
  }

  secondsFor(steps: number, validations: number): number {
    const each = this.durations.reduce((a, b) => a + b, 0) / Math.max(1, this.durations.length);
    return steps * each + validations * this.validation;
  }
}
