// Answers of custom resources: AWS's helpers put them over TLS, whatever the address says; the emulator's takes HTTP.
//
// Belongs here: turning those requests, and no others. Never here: what is sent.

import http from 'node:http';
import https from 'node:https';
import { syncBuiltinESMExports } from 'node:module';

const ANSWERS = '/_emulator/cloudformation/';

export function reachTheEmulator() {
  const home = URL.canParse(process.env.AWS_ENDPOINT_URL || '') ? new URL(process.env.AWS_ENDPOINT_URL) : null;
  if (!home || home.protocol !== 'http:') return;
  const request = https.request;
  https.request = function (...args) {
    const given = typeof args[0] === 'string' || args[0] instanceof URL ? new URL(args[0]) : args[0] || {};
    const more = args.find((each, place) => place > 0 && typeof each === 'object' && each !== null) || {};
    const path = more.path || given.path || `${given.pathname || ''}${given.search || ''}`;
    const host = more.hostname || more.host || given.hostname || given.host;
    if (host !== home.hostname || !path.startsWith(ANSWERS)) return request.apply(this, args);
    const options = { method: more.method || given.method, headers: more.headers || given.headers };
    const heard = args.find((each) => typeof each === 'function');
    return http.request({ ...options, hostname: home.hostname, port: home.port || 80, path }, heard);
  };
  syncBuiltinESMExports();
}
