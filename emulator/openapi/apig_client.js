/*
 * A client of the API "@NAME@", stage "@STAGE@". Runs in browsers and in Node 18 or later; needs nothing else.
 *
 *   var apigClient = apigClientFactory.newClient({apiKey: '…'});
 *   apigClient.petsPetIdGet({petId: '1'}, undefined, {queryParams: {full: 'true'}})
 *     .then(function (result) { console.log(result.status, result.data); });
 *
 * newClient takes accessKey, secretKey, sessionToken and region (requests are then signed with Signature Version 4),
 * apiKey, defaultContentType, defaultAcceptType, and invokeUrl, where the API answers if not at its own address.
 * Every method takes (params, body, additionalParams): params by name, whether they go in the path, the query or a
 * header; additionalParams are {headers: {…}, queryParams: {…}}. A promise of {status, headers, data} comes back; it is
 * rejected with an error that has a response member when the status is not 2xx.
 */
(function (root, factory) {
  if (typeof module === 'object' && module.exports) {
    module.exports = factory();
  } else {
    root.apigClientFactory = factory();
  }
}(typeof self !== 'undefined' ? self : this, function () {
  'use strict';

  var DEFAULT_INVOKE_URL = @INVOKE_URL@;
  var DEFAULT_REGION = @REGION@;
  var SERVICE = 'execute-api';

  function encode(text) {
    return encodeURIComponent(text).replace(/[!'()*]/g, function (character) {
      return '%' + character.charCodeAt(0).toString(16).toUpperCase();
    });
  }

  function bytes(value) {
    return typeof value === 'string' ? new TextEncoder().encode(value) : value;
  }

  function hex(buffer) {
    return Array.prototype.map.call(new Uint8Array(buffer), function (each) {
      return ('0' + each.toString(16)).slice(-2);
    }).join('');
  }

  function subtle() {
    var found = globalThis.crypto && globalThis.crypto.subtle;
    if (!found) {
      throw new Error('Signing needs WebCrypto: a page from https or localhost, or Node 18 or later');
    }
    return found;
  }

  function sha256(value) {
    return subtle().digest('SHA-256', bytes(value)).then(hex);
  }

  function hmac(key, text) {
    return subtle().importKey('raw', bytes(key), {name: 'HMAC', hash: 'SHA-256'}, false, ['sign'])
      .then(function (made) { return subtle().sign('HMAC', made, bytes(text)); });
  }

  function queryString(queryParams) {
    return Object.keys(queryParams).sort().map(function (name) {
      var values = [].concat(queryParams[name]).map(String).sort();
      return values.map(function (value) { return encode(name) + '=' + encode(value); }).join('&');
    }).join('&');
  }

  /* Adds the headers of Signature Version 4 to request.headers. */
  function sign(request, config) {
    var now = new Date().toISOString().replace(/[:-]|\.\d{3}/g, '');
    var day = now.slice(0, 8);
    var scope = [day, config.region, SERVICE, 'aws4_request'].join('/');
    var url = new URL(request.url);
    var signed = {host: url.host, 'x-amz-date': now};
    request.headers['x-amz-date'] = now;
    if (config.sessionToken) {
      request.headers['x-amz-security-token'] = signed['x-amz-security-token'] = config.sessionToken;
    }
    var names = Object.keys(signed).sort();
    var canonicalPath = url.pathname.split('/').map(encode).join('/');
    return sha256(request.body === undefined ? '' : request.body).then(function (bodyHash) {
      return sha256([
        request.method,
        canonicalPath,
        url.search.slice(1),
        names.map(function (name) { return name + ':' + signed[name] + '\n'; }).join(''),
        names.join(';'),
        bodyHash
      ].join('\n'));
    }).then(function (requestHash) {
      var parts = [day, config.region, SERVICE, 'aws4_request'];
      return parts.reduce(function (key, part) {
        return key.then(function (made) { return hmac(made, part); });
      }, Promise.resolve('AWS4' + config.secretKey)).then(function (key) {
        return hmac(key, ['AWS4-HMAC-SHA256', now, scope, requestHash].join('\n'));
      });
    }).then(function (signature) {
      request.headers.Authorization = 'AWS4-HMAC-SHA256 Credential=' + config.accessKey + '/' + scope +
        ', SignedHeaders=' + names.join(';') + ', Signature=' + hex(signature);
      return request;
    });
  }

  function parsed(response, text) {
    var type = response.headers.get('content-type') || '';
    if (/json/.test(type) && text) {
      try {
        return JSON.parse(text);
      } catch (error) {
        return text;
      }
    }
    return text;
  }

  function send(request) {
    return fetch(request.url, {method: request.method, headers: request.headers, body: request.body})
      .then(function (response) {
        return response.text().then(function (text) {
          var headers = {};
          response.headers.forEach(function (value, name) { headers[name] = value; });
          var result = {status: response.status, headers: headers, data: parsed(response, text)};
          if (response.ok) {
            return result;
          }
          var error = new Error('Request failed with status code ' + response.status);
          error.response = result;
          throw error;
        });
      });
  }

  /* Calls one method. shape: {verb, path, query, headers, iam}; query and headers are names of parameters. */
  function call(config, shape, params, body, additionalParams) {
    params = params || {};
    additionalParams = additionalParams || {};
    var path = shape.path.replace(/\{([^}]+?)(\+?)\}/g, function (whole, name, greedy) {
      if (params[name] === undefined || params[name] === null) {
        throw new Error('Missing required path parameter: ' + name);
      }
      var text = String(params[name]);
      return greedy ? text.split('/').map(encode).join('/') : encode(text);
    });
    var queryParams = Object.assign({}, additionalParams.queryParams);
    shape.query.forEach(function (name) {
      if (params[name] !== undefined) { queryParams[name] = params[name]; }
    });
    var headers = {Accept: config.defaultAcceptType};
    shape.headers.forEach(function (name) {
      if (params[name] !== undefined) { headers[name] = String(params[name]); }
    });
    Object.assign(headers, additionalParams.headers);
    var request = {method: shape.verb, headers: headers};
    if (body !== undefined && body !== null && body !== '' && shape.verb !== 'GET' && shape.verb !== 'HEAD') {
      var named = Object.keys(headers).some(function (name) { return name.toLowerCase() === 'content-type'; });
      if (!named) { headers['Content-Type'] = config.defaultContentType; }
      var plain = typeof body === 'string' || body instanceof Uint8Array || body instanceof ArrayBuffer;
      request.body = plain ? body : JSON.stringify(body);
    }
    if (config.apiKey) { headers['x-api-key'] = config.apiKey; }
    var query = queryString(queryParams);
    request.url = config.invokeUrl.replace(/\/+$/, '') + path + (query ? '?' + query : '');
    var ready = shape.iam && config.accessKey ? sign(request, config) : Promise.resolve(request);
    return ready.then(send);
  }

  function newClient(given) {
    given = given || {};
    var config = {
      accessKey: given.accessKey || '',
      secretKey: given.secretKey || '',
      sessionToken: given.sessionToken || '',
      region: given.region || DEFAULT_REGION,
      apiKey: given.apiKey || '',
      defaultContentType: given.defaultContentType || 'application/json',
      defaultAcceptType: given.defaultAcceptType || 'application/json',
      invokeUrl: given.invokeUrl || DEFAULT_INVOKE_URL
    };
    if (Boolean(config.accessKey) !== Boolean(config.secretKey)) {
      throw new Error('accessKey and secretKey must be given together');
    }
    var apigClient = {};
@METHODS@
    return apigClient;
  }

  return {newClient: newClient};
}));
