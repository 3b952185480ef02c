/**
 * Which way imports go, those of types alone included:
 * cli → lib/{train,evaluate,model,prepare,bench} → lib/{data,run,formats,plan,runtime,ops} → lib/graph.
 */

/** A rule: what is `from` here must not import what is `to` there. */
const forbid = (name, comment, from, to) => ({ name, comment, severity: 'error', from, to });

/** Files of the library that everything in it may stand on. */
const ground = '^lib/(graph|random|errors|unreachable)\\b';
const middle = '^lib/(data|run|formats|plan|runtime|ops|text)/';
const top = '^lib/(train|evaluate|bench|model\\.ts|prepare\\.ts|index\\.ts|ops\\.ts)';
const addon = '^lib/runtime/native/';

export default {
  forbidden: [
    forbid('no-circle-of-files', 'Each file can be read after those it imports.', {}, { circular: true }),
    {
      ...forbid('no-circle-of-folders', 'Each folder stands on those below it.', {}, { circular: true }),
      scope: 'folder',
    },
    forbid(
      'lib-is-below',
      'The library knows nothing of its users.',
      { path: '^lib/' },
      { path: '^(cli|bench)/' },
    ),
    forbid(
      'cli-without-bench',
      'What is packed needs no benchmark of developers.',
      { path: '^cli/' },
      { path: '^bench/' },
    ),
    forbid('bench-without-cli', 'Both stand beside each other.', { path: '^bench/' }, { path: '^cli/' }),
    forbid(
      'tests-are-nobodys',
      'Only tests import tests.',
      { path: '^(lib|cli|bench)/' },
      { path: '^test/' },
    ),
    forbid(
      'middle-below-top',
      'Parts know nothing of what they are put together to.',
      { path: middle },
      { path: top },
    ),
    forbid(
      'evaluation-without-training',
      'A model in use needs nothing of how it was trained.',
      { path: '^lib/(evaluate|bench|model|prepare)\\b' },
      { path: '^lib/train/' },
    ),
    forbid('ground', 'A graph stands on nothing.', { path: ground }, { path: '^lib/', pathNot: ground }),
    forbid(
      'plans-stand-on-graphs',
      'A plan needs the graph alone.',
      { path: '^lib/plan/' },
      { path: '^lib/', pathNot: [ground, '^lib/plan/'] },
    ),
    forbid(
      'pure',
      'Graphs and plans are data out of data: no files, no clock, no addon.',
      { path: '^lib/(graph|plan|random)/' },
      { dependencyTypes: ['core', 'npm', 'npm-dev', 'npm-optional', 'npm-peer', 'npm-no-pkg', 'unknown'] },
    ),
    forbid(
      'one-door',
      'The addon is loaded by its wrappers alone.',
      { path: '^(lib|cli|bench)/', pathNot: addon },
      { path: '^lib/runtime/native/addon\\.ts$' },
    ),
    forbid('resolvable', 'An import leads somewhere.', {}, { couldNotResolve: true }),
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
