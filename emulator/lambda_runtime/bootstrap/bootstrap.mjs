// Runs in the worker: a client of the Lambda Runtime API for Node.js functions.
//
// Belongs here: the order of things: load the handler, then take calls for ever. Never here: imports of anything but
// Node's own modules and the files beside this one.
//
// usage: node bootstrap.mjs HANDLER TASK_ROOT

import { RuntimeApi } from './runtime_api.mjs';
import { loadHandler } from './handler.mjs';
import { reachTheEmulator } from './custom_resources.mjs';
import { patchConsole, setRequestId } from './logging.mjs';
import { isStreaming, runStreaming } from './streaming.mjs';
import { asError, fault, logError } from './errors.mjs';

const api = new RuntimeApi(process.env.AWS_LAMBDA_RUNTIME_API);
const [handlerName, taskRoot] = process.argv.slice(2);
process.argv.splice(1, process.argv.length - 1, '/var/runtime/index.mjs');

let current = null; // the call that is being served

// A call whose event loop has run dry: what there is of an answer goes out then.
process.on('beforeExit', () => {
  if (current) current.whenIdle();
});

async function unhandled(title, error, status) {
  logError(title, error);
  const { name } = error ?? {};
  if (current) await api.fail(current.requestId, asError(error), name);
  else await api.failInit(asError(error), name || 'Runtime.Unknown');
  process.exit(status);
}

process.on('uncaughtException', (error) => unhandled('Uncaught Exception', error, 129));
process.on('unhandledRejection', (reason, promise) => {
  const error = Object.assign(fault('Runtime.UnhandledPromiseRejection', String(reason)), { reason, promise });
  unhandled('Unhandled Promise Rejection', error, 128);
});

// Node.js 24's client knows no callbacks, and waits for whatever a handler gives back.
const MODERN = Number(/nodejs(\d+)/.exec(process.env.AWS_EXECUTION_ENV || '')?.[1] || 0) >= 24;
const UNSETTLED = 'The Lambda runtime client detected an unexpected Node.js exit code. This is most commonly caused by a Promise that was never settled. For more information, see https://nodejs.org/docs/latest/api/process.html#exit-codes';

function contextOf(headers, settle) {
  const deadline = Number(headers['lambda-runtime-deadline-ms']);
  const clientContext = headers['lambda-runtime-client-context'];
  const identity = headers['lambda-runtime-cognito-identity'];
  const context = {
    functionVersion: process.env.AWS_LAMBDA_FUNCTION_VERSION,
    functionName: process.env.AWS_LAMBDA_FUNCTION_NAME,
    memoryLimitInMB: process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: process.env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: process.env.AWS_LAMBDA_LOG_STREAM_NAME,
    clientContext: clientContext ? JSON.parse(clientContext) : undefined,
    identity: identity ? JSON.parse(identity) : undefined,
    invokedFunctionArn: headers['lambda-runtime-invoked-function-arn'],
    awsRequestId: headers['lambda-runtime-aws-request-id'],
    tenantId: undefined,
    getRemainingTimeInMillis: () => deadline - Date.now(),
  };
  if (MODERN) return context;
  return {
    callbackWaitsForEmptyEventLoop: true,
    ...context,
    done: (error, result) => settle(error, result, false),
    fail: (error) => settle(error === undefined || error === null ? 'handled' : error, undefined, false),
    succeed: (result) => settle(null, result, false),
  };
}

function stringify(result) {
  try {
    return JSON.stringify(result) ?? 'null';
  } catch {
    const message = 'Unable to stringify response body';
    throw MODERN ? fault('Runtime.JSONStringifyError', message) : new Error(message);
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
    // An async handler whose promise nobody can settle any more has failed; one that takes a callback answers null.
    const unsettled = MODERN || handler.constructor?.name === 'AsyncFunction';
    current = {
      requestId,
      whenIdle: () => (held ? answer(held.error, held.result) : answer(unsettled ? fault('Runtime.NodeJsExit', UNSETTLED) : null, null)),
    };
    api.unref();
    try {
      const result = MODERN ? handler(event, context) : handler(event, context, (error, value) => settle(error, value, true));
      if (MODERN || (result && typeof result.then === 'function')) {
        Promise.resolve(result).then((value) => settle(null, value, false), (error) => settle(error ?? 'handled', undefined, false));
      }
    } catch (error) {
      settle(error ?? 'handled', undefined, false);
    }
  });
}

async function main() {
  patchConsole();
  reachTheEmulator();
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
