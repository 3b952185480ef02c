/** Measures how long devices wait for the images of their next step. */

/** Steps over which waiting is judged. */
const window = 100;
/** More than this share of the time is worth a warning ... */
const tolerable = 0.1;
/** ... every so many steps. */
const pause = 2000;

/** A step that may still be running, and when it ended. */
export interface Busy {
  readonly ended: number | undefined;
}

export class DataWait {
  private readonly recent: { readonly waited: number; readonly seconds: number }[] = [];
  private waited = 0;
  private seconds = 0;
  private warned = -pause;
  private begun = false;

  constructor(
    private readonly threads: number,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** The batch, and the seconds that the devices waited for it. */
  async measure<T>(batch: Promise<T>, busy: Busy | undefined): Promise<{ batch: T; waited: number }> {
    const asked = this.now();
    const got = await batch;
    const there = this.now();
    const idle = busy ? Math.max(asked, busy.ended ?? there) : asked;
    return { batch: got, waited: (there - idle) / 1000 };
  }

  /**
   * A step took `seconds`, of which devices waited `waited`; returns the warning to show, if one is due. The first step does
   * not count: it waits for threads to start.
   */
  add(step: number, waited: number, seconds: number): string | undefined {
    if (!this.begun) {
      this.begun = true;
      return undefined;
    }
    this.waited += waited;
    this.seconds += seconds;
    this.recent.push({ waited, seconds });
    if (this.recent.length > window) this.recent.shift();
    if (this.recent.length < window || step - this.warned < pause) return undefined;
    const share = shareOf(
      this.recent.reduce((sum, each) => sum + each.waited, 0),
      this.recent.reduce((sum, each) => sum + each.seconds, 0),
    );
    if (share <= tolerable) return undefined;
    this.warned = step;
    return (
      `the devices waited for images ${(100 * share).toFixed(0)} % of the last ${window} steps' time: ` +
      `try more --loader-threads than ${this.threads}, or a store prepared with --raw on a fast disk`
    );
  }

  /** Of all steps' time, 0 to 1. */
  share(): number {
    return shareOf(this.waited, this.seconds);
  }
}

const shareOf = (waited: number, seconds: number): number =>
  seconds > 0 ? Math.min(1, waited / seconds) : 0;
