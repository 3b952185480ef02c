/** How the commands that use a trained network open it. */

import type { DeviceOptions } from '../../lib/model.js';
import type { Given } from '../command.js';
import { positiveWhole, text } from '../values.js';

export function modelOptions(given: Given): DeviceOptions {
  const devices = given.flag('devices', text);
  const threads = given.flag('threads', positiveWhole);
  const batch = given.flag('batch', positiveWhole);
  return {
    ...(devices !== undefined && { devices }),
    ...(threads !== undefined && { threads }),
    ...(batch !== undefined && { batch }),
  };
}
