// Finding the user's handler: its file, its module system, its export; and the four ways that can fail.

import fs from 'node:fs';
import path from 'node:path';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { isStreaming, installStreaming } from './streaming.mjs';

function fault(name, message, cause) {
  const error = Object.assign(new Error(message), { name });
  if (cause && cause.stack) error.stack = `${name}: ${message}\n${String(cause.stack).split('\n').filter((l) => l.startsWith('    at ')).join('\n')}`;
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
    return createRequire(pathToFileURL(file))(file);
  }
  // A module of node_modules, or a directory with an index.
  const require = createRequire(path.join(root, 'index.js'));
  return require(require.resolve(name, { paths: [root, path.join(root, directory)] }));
}

export async function loadHandler(root, handlerName) {
  installStreaming();
  const [directory, name, exported] = split(handlerName);
  let loaded;
  try {
    loaded = await loadModule(root, directory, name);
  } catch (error) {
    if (error instanceof SyntaxError) throw fault('Runtime.UserCodeSyntaxError', `SyntaxError: ${error.message}`, error);
    if (error && ['MODULE_NOT_FOUND', 'ERR_MODULE_NOT_FOUND'].includes(error.code)) throw fault('Runtime.ImportModuleError', `Error: ${error.message}`, error);
    throw error;
  }
  const find = (from) => exported.split('.').reduce((value, part) => (value === undefined || value === null ? undefined : value[part]), from);
  const handler = find(loaded) ?? find(loaded && loaded.default);
  if (handler === undefined || handler === null) throw fault('Runtime.HandlerNotFound', `${handlerName} is undefined or not exported`);
  if (typeof handler !== 'function') throw fault('Runtime.HandlerNotFound', `${handlerName} is not a function`);
  const major = Number(/nodejs(\d+)/.exec(process.env.AWS_EXECUTION_ENV || '')?.[1] || 0);
  if (major >= 24 && handler.length >= 3 && !isStreaming(handler)) {
    throw fault('Runtime.CallbackHandlerDeprecated', 'ERROR: AWS Lambda has removed support for callback-based function handlers starting with Node.js 24. You need to modify this function to use a supported handler signature to use Node.js 24 or later.');
  }
  return handler;
}
