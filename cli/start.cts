#!/usr/bin/env node
/**
 * Where the program starts. Images are decoded by libuv's threads, four unless the environment says otherwise before the first
 * of them works: so before anything is imported.
 */

import os = require('node:os');

process.env['UV_THREADPOOL_SIZE'] ??= String(Math.max(4, os.availableParallelism()));
void import('./index.js');
