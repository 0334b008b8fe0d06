// Finding the user's handler: its file, its module system, its export; and the four ways that can fail.

import fs from 'node:fs';
import path from 'node:path';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { fault } from './errors.mjs';
import { isStreaming, installStreaming } from './streaming.mjs';

// On AWS modules are required from here; "Require stack" tells so.
const require = createRequire(new URL('./index.mjs', import.meta.url));

function because(name, cause) {
  const error = fault(name, String(cause));
  error.stack = [`${name}: ${error.message}`, ...String(cause.stack).split('\n').filter((l) => l.startsWith('    at '))].join('\n');
  return error;
}

// src/app.handler.inner -> directory src, module app, export handler.inner
function split(name) {
  const base = path.basename(name);
  const match = /^([^.]*)\.(.*)$/.exec(base);
  if (!match || name.includes('..')) throw fault('Runtime.MalformedHandlerName', name.includes('..') ? `'${name}' is not a valid handler name. Use absolute paths when specifying root directories in handler names.` : 'Bad handler');
  return [name.substring(0, name.indexOf(base)), match[1], match[2]];
}

function isModule(file) {
  if (file.endsWith('.mjs')) return true;
  if (file.endsWith('.cjs')) return false;
  for (let directory = path.dirname(file); ; directory = path.dirname(directory)) {
    const manifest = path.join(directory, 'package.json');
    if (fs.existsSync(manifest)) {
      try {
        return JSON.parse(fs.readFileSync(manifest, 'utf8')).type === 'module';
      } catch {
        return false;
      }
    }
    if (path.basename(directory) === 'node_modules' || directory === path.dirname(directory)) return false;
  }
}

async function loadModule(root, directory, name) {
  const base = path.resolve(root, directory, name);
  for (const file of [base, `${base}.js`, `${base}.mjs`, `${base}.cjs`]) {
    if (!fs.existsSync(file) || !fs.statSync(file).isFile()) continue;
    if (isModule(file)) return import(pathToFileURL(file).href);
    return require(file);
  }
  // A module of node_modules, or a directory with an index.
  return require(require.resolve(name, { paths: [root, path.join(root, directory)] }));
}

export async function loadHandler(root, handlerName) {
  installStreaming();
  const [directory, name, exported] = split(handlerName);
  let loaded;
  try {
    loaded = await loadModule(root, directory, name);
  } catch (error) {
    const missing = /'(@aws-sdk\/[^']+|aws-sdk)'/.exec(String(error && error.message));
    if (missing && String(error.code).endsWith('MODULE_NOT_FOUND')) {
      process.stdout.write(`[WARNING] ${missing[1]} is part of AWS's runtimes. Here it is taken from the directories of the setting node_modules.\n`);
    }
    if (error instanceof SyntaxError) throw because('Runtime.UserCodeSyntaxError', error);
    // An import that finds nothing (ERR_MODULE_NOT_FOUND) comes as it is, on AWS, too.
    if (error && error.code === 'MODULE_NOT_FOUND') throw because('Runtime.ImportModuleError', error);
    throw error;
  }
  const major = Number(/nodejs(\d+)/.exec(process.env.AWS_EXECUTION_ENV || '')?.[1] || 0);
  const find = (from) => exported.split('.').reduce((value, part) => value && value[part], from);
  // Node.js 24's client is the first to look into a default export.
  const handler = find(loaded) || (major >= 24 && find(loaded.default));
  if (!handler) throw fault('Runtime.HandlerNotFound', `${handlerName} is undefined or not exported`);
  if (typeof handler !== 'function') throw fault('Runtime.HandlerNotFound', `${handlerName} is not a function`);
  if (major >= 24 && handler.length >= 3 && !isStreaming(handler)) {
    throw fault('Runtime.CallbackHandlerDeprecated', 'ERROR: AWS Lambda has removed support for callback-based function handlers starting with Node.js 24. You need to modify this function to use a supported handler signature to use Node.js 24 or later.');
  }
  return handler;
}
