/** Names of a WebDataset's classes, as its samples' .json files have them. */

import { AlexNetError } from '../../errors.js';
import { openFile } from './archive-file.js';
import type { Archive } from './archives.js';
import { namedClassIn, partsOf } from './samples.js';
import type { ClassName } from './types.js';
import { tarEntries } from './tar.js';

/** A class's name stands in a short text. */
const longest = 2 ** 20;

/**
 * By label; null where the first .json has none, or there is no .json. Reads all headers and .json files, not the images.
 * Throws AlexNetError DATA where a label has two names.
 */
export async function classNamesIn(shards: readonly Archive[]): Promise<ClassName[] | null> {
  const names = new Map<number, string>();
  for (const { name: shard, file: path, end } of shards) {
    await using file = await openFile(path);
    let samples = 0;
    for await (const entry of tarEntries(file.seek, 0, end)) {
      if ('reason' in entry) break;
      const parts = partsOf(entry.name);
      if (parts?.extension !== 'json' || entry.kind !== 'file' || !entry.whole || entry.size > longest) {
        // A sample has few files: without a .json among the first, there is none further on.
        if (names.size === 0 && ++samples > 100) return null;
        continue;
      }
      const found = namedClassIn((await file.seek(entry.data, entry.size)).toString('utf8'));
      if (!found) {
        if (names.size === 0) return null;
        continue;
      }
      const known = names.get(found.label);
      if (known !== undefined && known !== found.name)
        throw new AlexNetError(
          'DATA',
          `${shard}/${entry.name}: class ${found.label} is called ${found.name} here and ${known} before; give --classes`,
        );
      names.set(found.label, found.name);
    }
  }
  if (names.size === 0) return null;
  const count = Math.max(...names.keys()) + 1;
  return Array.from({ length: count }, (_, label) => ({ name: names.get(label) ?? `class ${label}` }));
}
