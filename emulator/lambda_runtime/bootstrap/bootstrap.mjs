// Runs in the worker: a client of the Lambda Runtime API for Node.js functions.
//
// Belongs here: the order of things: load the handler, then take calls for ever. Never here: imports of anything but
// Node's own modules and the files beside this one.
//
// usage: node bootstrap.mjs HANDLER TASK_ROOT

import { RuntimeApi } from './runtime_api.mjs';
import { loadHandler } from './handler.mjs';
import { patchConsole, setRequestId } from './logging.mjs';
import { isStreaming, runStreaming } from './streaming.mjs';
import { asError, logError } from './errors.mjs';

const api = new RuntimeApi(process.env.AWS_LAMBDA_RUNTIME_API);
const [handlerName, taskRoot] = process.argv.slice(2);
process.argv.splice(1, process.argv.length - 1, '/var/runtime/index.mjs');

let current = null; // the call that is being served

// A call whose event loop has run dry: what there is of an answer goes out then.
process.on('beforeExit', () => {
  if (current) current.whenIdle();
});

async function unhandled(name, error) {
  const failure = name ? Object.assign(new Error(String(error)), { name, reason: error }) : error;
  if (name) failure.stack = `${name}: ${error && error.stack ? error.stack : error}`;
  logError(name ? 'Unhandled Promise Rejection' : 'Uncaught Exception', failure);
  if (current) await api.fail(current.requestId, asError(failure), failure.name);
  else await api.failInit(asError(failure), failure.name || 'Runtime.Unknown');
  process.exit(128);
}

process.on('uncaughtException', (error) => unhandled('', error));
process.on('unhandledRejection', (error) => unhandled('Runtime.UnhandledPromiseRejection', error));

function contextOf(headers, settle) {
  const deadline = Number(headers['lambda-runtime-deadline-ms']);
  const clientContext = headers['lambda-runtime-client-context'];
  const identity = headers['lambda-runtime-cognito-identity'];
  return {
    callbackWaitsForEmptyEventLoop: true,
    functionVersion: process.env.AWS_LAMBDA_FUNCTION_VERSION,
    functionName: process.env.AWS_LAMBDA_FUNCTION_NAME,
    memoryLimitInMB: process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: process.env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: process.env.AWS_LAMBDA_LOG_STREAM_NAME,
    clientContext: clientContext ? JSON.parse(clientContext) : undefined,
    identity: identity ? JSON.parse(identity) : undefined,
    invokedFunctionArn: headers['lambda-runtime-invoked-function-arn'],
    awsRequestId: headers['lambda-runtime-aws-request-id'],
    getRemainingTimeInMillis: () => deadline - Date.now(),
    done: (error, result) => settle(error, result, false),
    fail: (error) => settle(error === undefined || error === null ? 'handled' : error, undefined, false),
    succeed: (result) => settle(null, result, false),
  };
}

function stringify(result) {
  try {
    return JSON.stringify(result === undefined ? null : result);
  } catch {
    throw Object.assign(new Error('Unable to stringify response body'), { name: 'Runtime.MarshalError' });
  }
}

// Serve one call of a buffered handler: fires when it is answered.
function serve(handler, event, headers) {
  const requestId = headers['lambda-runtime-aws-request-id'];
  return new Promise((answered) => {
    let done = false;
    let held = null; // a callback's result that waits for the event loop to run dry
    const answer = async (error, result) => {
      if (done) return;
      done = true;
      current = null;
      api.ref();
      let body;
      try {
        if (error === null || error === undefined) body = stringify(result);
      } catch (problem) {
        error = problem;
      }
      if (body !== undefined) await api.respond(requestId, body);
      else {
        logError('Invoke Error', error);
        await api.fail(requestId, asError(error));
      }
      answered();
    };
    const settle = (error, result, waits) => {
      if (done || held) return;
      if (waits && context.callbackWaitsForEmptyEventLoop && (error === null || error === undefined)) {
        held = { error, result };
      } else answer(error, result);
    };
    const context = contextOf(headers, settle);
    current = { requestId, whenIdle: () => (held ? answer(held.error, held.result) : answer(null, null)) };
    api.unref();
    try {
      const result = handler(event, context, (error, value) => settle(error, value, true));
      if (result && typeof result.then === 'function') {
        result.then((value) => settle(null, value, false), (error) => settle(error === undefined ? 'undefined' : error, undefined, false));
      }
    } catch (error) {
      settle(error === undefined || error === null ? 'undefined' : error, undefined, false);
    }
  });
}

async function main() {
  patchConsole();
  let handler;
  try {
    handler = await loadHandler(taskRoot, handlerName);
  } catch (error) {
    logError('Uncaught Exception', error);
    await api.failInit(asError(error), error && error.name && error.name.startsWith('Runtime.') ? error.name : 'Runtime.Unknown');
    process.exit(1);
  }
  for (;;) {
    const { headers, body } = await api.next();
    const requestId = headers['lambda-runtime-aws-request-id'];
    setRequestId(requestId);
    process.env._X_AMZN_TRACE_ID = headers['lambda-runtime-trace-id'] || '';
    const event = JSON.parse(body.toString());
    if (isStreaming(handler)) {
      const context = contextOf(headers, () => {});
      await runStreaming(api, handler, event, context, (call) => { current = call; });
    } else {
      await serve(handler, event, headers);
    }
  }
}

main().catch((error) => {
  logError('Uncaught Exception', error);
  process.exit(1);
});
