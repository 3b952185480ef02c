/**
 * The direction of imports, type-only imports included:
 * cli → lib/{train,evaluate,model,prepare,bench} → lib/{data,run,formats,plan,runtime,ops} → lib/graph.
 */

/** Files that match `from` must not import files that match `to`. */
const forbid = (name, comment, from, to) => ({ name, comment, severity: 'error', from, to });

// The three layers of the library, from the lowest.
const lowest = '^lib/(graph|random|errors|unreachable)\\b';
const middle = '^lib/(data|run|formats|plan|runtime|ops|text)/';
const top = '^lib/(train|evaluate|bench|model\\.ts|prepare\\.ts|index\\.ts|ops\\.ts)';
const addon = '^lib/runtime/native/';

export default {
  forbidden: [
    forbid('no-circle-of-files', 'Files import each other in no circle.', {}, { circular: true }),
    {
      ...forbid('no-circle-of-folders', 'Folders import each other in no circle.', {}, { circular: true }),
      scope: 'folder',
    },
    forbid(
      'lib-below-programs',
      'The library imports none of the programs that use it.',
      { path: '^lib/' },
      { path: '^(cli|bench)/' },
    ),
    forbid(
      'cli-without-bench',
      'The package contains the CLI and no developer benchmark.',
      { path: '^cli/' },
      { path: '^bench/' },
    ),
    forbid(
      'bench-without-cli',
      'Developer benchmarks use the library, not the CLI.',
      { path: '^bench/' },
      { path: '^cli/' },
    ),
    forbid('no-tests', 'Only tests import tests.', { path: '^(lib|cli|bench)/' }, { path: '^test/' }),
    forbid('middle-below-top', 'Parts import nothing that is made of them.', { path: middle }, { path: top }),
    forbid(
      'inference-without-training',
      'Inference imports nothing of training.',
      { path: '^lib/(evaluate|bench|model|prepare)\\b' },
      { path: '^lib/train/' },
    ),
    forbid(
      'lowest',
      'A graph imports no other part of the library.',
      { path: lowest },
      { path: '^lib/', pathNot: lowest },
    ),
    forbid(
      'plans-from-graphs',
      'A plan imports the graph alone.',
      { path: '^lib/plan/' },
      { path: '^lib/', pathNot: [lowest, '^lib/plan/'] },
    ),
    forbid(
      'pure',
      'Graphs and plans are pure: they import neither Node nor packages.',
      { path: '^lib/(graph|plan|random)/' },
      { dependencyTypes: ['core', 'npm', 'npm-dev', 'npm-optional', 'npm-peer', 'npm-no-pkg', 'unknown'] },
    ),
    forbid(
      'one-door',
      'Only its wrappers call the addon.',
      { path: '^(lib|cli|bench)/', pathNot: addon },
      { path: '^lib/runtime/native/addon\\.ts$' },
    ),
    forbid('resolvable', 'Every import is found.', {}, { couldNotResolve: true }),
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^bench/peers/' },
    enhancedResolveOptions: {
      extensions: ['.ts', '.cts', '.mjs', '.js', '.d.ts'],
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
    },
  },
};
