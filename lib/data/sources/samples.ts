/** The samples of a WebDataset shard: consecutive files of one name. */

import { refusal, type Archive, type Entries, type Found } from './archives.js';
import type { ReadAt, TarEntry } from './tar.js';

/** What a sample's name and extension are; null for files that belong to none. */
export function partsOf(name: string): { readonly key: string; readonly extension: string } | null {
  const [, key, extension] = /^((?:.*\/)?[^./][^./]*)\.([^/]*)$/s.exec(name) ?? [];
  return key === undefined || extension === undefined ? null : { key, extension: extension.toLowerCase() };
}

interface Sample {
  readonly key: string;
  readonly files: Map<string, TarEntry>;
}

const imageExtensions = ['jpg', 'jpeg', 'png', 'webp'];

/** A label's file is read into memory. */
const largestLabel = 2 ** 24;

export async function* samples(archive: Archive, entries: Entries, read: ReadAt): AsyncGenerator<Found> {
  let sample: Sample | null = null;
  let after = 0;
  for await (const entry of entries) {
    if ('reason' in entry) {
      if (sample) yield { ...(await resultOf(archive, sample, read)), after };
      yield entry;
      return;
    }
    const parts = partsOf(entry.name);
    if (!parts) continue;
    if (sample && parts.key !== sample.key) {
      yield { ...(await resultOf(archive, sample, read)), after: entry.header };
      sample = null;
    }
    sample ??= { key: parts.key, files: new Map() };
    if (!sample.files.has(parts.extension)) sample.files.set(parts.extension, entry);
    after = entry.after;
  }
  if (sample) yield { ...(await resultOf(archive, sample, read)), after };
}

type Result =
  | { readonly name: string; readonly reason: string }
  | { readonly name: string; readonly label: number; readonly bytes: Uint8Array };

async function resultOf({ name: shard }: Archive, { key, files }: Sample, read: ReadAt): Promise<Result> {
  const refused = (reason: string): Result => ({ name: `${shard}/${key}`, reason });
  const image = imageExtensions.flatMap((extension) => files.get(extension) ?? [])[0];
  if (!image) return refused('the sample has no .jpg, .jpeg, .png or .webp');
  const found = await labelOf(files, read);
  if ('reason' in found) return refused(found.reason);
  const reason = refusal(image);
  if (reason !== null) return refused(reason);
  return {
    name: `${shard}/${image.name}`,
    label: found.label,
    bytes: await read(image.data, image.size),
  };
}

type Label = { readonly label: number } | { readonly reason: string };

async function labelOf(files: ReadonlyMap<string, TarEntry>, read: ReadAt): Promise<Label> {
  const [number, table] = [files.get('cls'), files.get('json')];
  const entry = number ?? table;
  if (!entry) return { reason: 'the sample has no label: neither .cls nor .json' };
  if (entry.size > largestLabel) return { reason: 'its label is too long' };
  const text = (await read(entry.data, entry.size)).toString('utf8');
  return number ? labelFrom(text.trim()) : labelIn(text);
}

const labelKeys = ['label', 'cls', 'class', 'class_id'];

function labelIn(json: string): Label {
  const object = objectFrom(json);
  if (!object) return { reason: 'its .json is damaged' };
  const key = labelKeys.find((name) => object[name] !== undefined);
  if (key === undefined) return { reason: `its .json has no label under ${labelKeys.join(', ')}` };
  const value = object[key];
  return labelFrom(typeof value === 'string' ? value.trim() : JSON.stringify(value));
}

/** More classes than this are something else: every class takes memory in the network. */
const mostClasses = 1e6;

function labelFrom(text: string): Label {
  const label = Number(text);
  if (/^\d+$/.test(text) && label < mostClasses) return { label };
  return { reason: `its label is not a whole number: ${text.slice(0, 40)}` };
}

function objectFrom(json: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

/** Label and class name in a sample's .json, where it has both. */
export function namedClassIn(json: string): { readonly label: number; readonly name: string } | null {
  const object = objectFrom(json);
  const name = object?.['class_name'] ?? object?.['classname'];
  const found = labelIn(json);
  return 'label' in found && typeof name === 'string' && name !== '' ? { label: found.label, name } : null;
}
