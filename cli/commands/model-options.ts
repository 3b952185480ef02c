/** How the commands that use a trained network open it. */

import type { DeviceOptions } from '../../lib/model.js';
import { precisions } from '../../lib/plan/precision.js';
import type { Given } from '../command.js';
import { oneOf, positiveWhole, text, truth } from '../values.js';

export function modelOptions(given: Given): DeviceOptions {
  const devices = given.flag('devices', text);
  const threads = given.flag('threads', positiveWhole);
  const precision = given.flag('precision', oneOf(precisions));
  const peerAccess = given.flag('peer-access', truth);
  const batch = given.flag('batch', positiveWhole);
  return {
    ...(devices !== undefined && { devices }),
    ...(threads !== undefined && { threads }),
    ...(precision !== undefined && { precision }),
    ...(peerAccess !== undefined && { peerAccess }),
    ...(batch !== undefined && { batch }),
  };
}
