#!/usr/bin/env node
/**
 * Where the program starts. libuv's threads decode images. There are four, unless the environment says otherwise before the
 * first of them works: so the number is set before anything is imported.
 */

import os = require('node:os');

process.env['UV_THREADPOOL_SIZE'] ??= String(Math.max(4, os.availableParallelism()));
void import('./index.js');
