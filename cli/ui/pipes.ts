/** What happens when whoever reads the output goes away: `alexnet-native plan | head`. */

const leave = (): void => process.exit(0);
let action = leave;

/** Call once at the start. */
export function watchPipes(): void {
  const closed = (error: NodeJS.ErrnoException): void => {
    // EIO: the terminal is gone.
    if (error.code === 'EPIPE' || error.code === 'EIO') action();
    else throw error;
  };
  process.stdout.on('error', closed);
  process.stderr.on('error', closed);
}

/** Runs `instead` rather than leaving at once; the returned function takes that back. */
export function onClosedPipe(instead: () => void): () => void {
  action = instead;
  return () => {
    action = leave;
  };
}
