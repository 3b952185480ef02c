/** A mean that follows a noisy series: each value counts half as much as one `halfLife` values later. */
export class RunningMean {
  private weighted = 0;
  private weights = 0;
  private readonly decay: number;

  constructor(halfLife: number) {
    this.decay = 0.5 ** (1 / halfLife);
  }

  add(value: number): number {
    this.weighted = this.decay * this.weighted + value;
    this.weights = this.decay * this.weights + 1;
    return this.value;
  }

  get value(): number {
    return this.weighted / this.weights;
  }
}
