/** Changes to a graph, for ablations. */

import type { Graph } from './graph.js';

/** Neither masks in training nor their factor at test time. */
export const withoutDropout = (graph: Graph): Graph => ({
  ...graph,
  layers: graph.layers.filter(({ kind }) => kind !== 'dropout'),
});
