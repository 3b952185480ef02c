/** Messages between a pool and its threads. */

/** A family of tasks: by name, what goes into each and what comes out. */
export type TasksOf<Tasks> = {
  readonly [N in keyof Tasks]: { readonly input: unknown; readonly output: unknown };
};

export interface ThreadOptions {
  readonly background: boolean;
}

export interface TaskRequest {
  readonly id: number;
  readonly name: PropertyKey;
  readonly input: unknown;
}

export interface TaskAnswer {
  readonly id: number;
  readonly result?: unknown;
  readonly error?: {
    readonly name: string;
    readonly message: string;
    readonly code: unknown;
    readonly stack: string | undefined;
  };
}
