/** Whether a store that was begun is the one now asked for. */

import { AlexNetError } from '../../errors.js';
import { version, type About, type StoreOptions } from './format.js';
import type { Encoding } from './types.js';

const encodingName = (encoding: Encoding): string =>
  encoding.kind === 'raw' ? 'raw records' : `JPEG quality ${encoding.quality}`;

/** Throws AlexNetError DATA that names the first difference. */
export function checkSame(folder: string, begun: About, now: StoreOptions): void {
  const difference = differenceOf(begun, now);
  if (difference === undefined) return;
  throw new AlexNetError(
    'DATA',
    `${folder} is another store: ${difference}; choose another folder or remove it`,
  );
}

function differenceOf(begun: About, now: StoreOptions): string | undefined {
  if (begun.version !== version)
    return `its format is version ${begun.version}, this program's is ${version}`;
  const { record: was, source } = begun;
  const is = now.record;
  if (source.kind !== now.source.kind || source.fingerprint !== now.source.fingerprint) {
    return source.path === now.source.path
      ? `the images of ${source.path} have changed since`
      : `it holds the images of ${source.path}`;
  }
  if (was.size !== is.size) return `its images have ${was.size} pixels a side, not ${is.size}`;
  if (was.fit !== is.fit) return `its images were fitted by ${was.fit}, not by ${is.fit}`;
  if (encodingName(was.encoding) !== encodingName(is.encoding))
    return `it has ${encodingName(was.encoding)}, not ${encodingName(is.encoding)}`;
  if (was.allowTruncated !== is.allowTruncated)
    return `truncated images were ${was.allowTruncated ? 'allowed' : 'skipped'}, and would not be now`;
  if (JSON.stringify(begun.classes) !== JSON.stringify(now.classes)) return 'its classes have other names';
  return undefined;
}
