// Runs a Node.js handler: speaks the Lambda Runtime API for it.
import http from "node:http";
import fs from "node:fs";
import path from "node:path";
import util from "node:util";
import { pathToFileURL } from "node:url";

const [host, ...prefix] = process.env.AWS_LAMBDA_RUNTIME_API.split("/");
const [hostname, port] = host.split(":");
const base = ["", ...prefix, "2018-06-01", "runtime", ""].join("/");
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });

function ask(method, name, body) {
  return new Promise((resolve, reject) => {
    const headers = body === undefined ? {} : { "Content-Type": "application/json", "Content-Length": Buffer.byteLength(body) };
    const request = http.request({ hostname, port, agent, method, path: base + name, headers }, (answer) => {
      const parts = [];
      answer.on("data", (part) => parts.push(part));
      answer.on("end", () => resolve({ headers: answer.headers, body: Buffer.concat(parts).toString() }));
      answer.on("error", reject);
    });
    request.on("error", reject);
    request.end(body);
  });
}

let current = "";
for (const [method, level] of [["log", "INFO"], ["info", "INFO"], ["warn", "WARN"], ["error", "ERROR"], ["debug", "DEBUG"], ["trace", "TRACE"]]) {
  console[method] = (...values) => {
    const text = util.format(...values).replaceAll("\n", "\r");
    fs.writeSync(1, `${new Date().toISOString()}\t${current || "undefined"}\t${level}\t${text}\n`);
  };
}

function failure(error) {
  if (!(error instanceof Error)) {
    return { errorType: typeof error, errorMessage: String(error), trace: [] };
  }
  return { errorType: error.name, errorMessage: error.message, trace: (error.stack || "").split("\n") };
}

function fault(errorType, errorMessage) {
  return Object.assign(new Error(errorMessage), { name: errorType });
}

async function load(name) {
  const dir = path.dirname(name);
  const dot = path.basename(name).indexOf(".");
  if (dot < 1) throw fault("Runtime.MalformedHandlerName", "Bad handler");
  const module = path.join(dir, path.basename(name).slice(0, dot));
  const members = path.basename(name).slice(dot + 1).split(".");
  const file = ["", ".js", ".mjs", ".cjs"].map((end) => path.resolve(process.env.LAMBDA_TASK_ROOT, module + end))
    .find((candidate) => fs.existsSync(candidate) && fs.statSync(candidate).isFile());
  if (!file) throw fault("Runtime.ImportModuleError", `Error: Cannot find module '${path.basename(module)}'`);
  let loaded;
  try {
    loaded = await import(pathToFileURL(file).href);
  } catch (error) {
    if (error instanceof SyntaxError) throw fault("Runtime.UserCodeSyntaxError", `SyntaxError: ${error.message}`);
    if (error.code === "ERR_MODULE_NOT_FOUND" || error.code === "MODULE_NOT_FOUND") throw fault("Runtime.ImportModuleError", `Error: ${error.message}`);
    throw error;
  }
  const find = (from) => members.reduce((value, member) => value?.[member], from);
  const handler = find(loaded) ?? find(loaded.default);
  if (typeof handler !== "function") throw fault("Runtime.HandlerNotFound", `${name} is undefined or not exported`);
  return handler;
}

function call(handler, event, context) {
  return new Promise((resolve, reject) => {
    const callback = (error, value) => (error ? reject(error) : resolve(value));
    context.done = callback;
    context.succeed = resolve;
    context.fail = reject;
    try {
      const result = handler(event, context, callback);
      if (typeof result?.then === "function") result.then(resolve, reject);
      else if (handler.length < 3) resolve(result);
    } catch (error) {
      reject(error);
    }
  });
}

function contextOf(headers) {
  const deadline = Number(headers["lambda-runtime-deadline-ms"]);
  return {
    awsRequestId: headers["lambda-runtime-aws-request-id"],
    invokedFunctionArn: headers["lambda-runtime-invoked-function-arn"],
    functionName: process.env.AWS_LAMBDA_FUNCTION_NAME,
    functionVersion: process.env.AWS_LAMBDA_FUNCTION_VERSION,
    memoryLimitInMB: process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: process.env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: process.env.AWS_LAMBDA_LOG_STREAM_NAME,
    clientContext: headers["lambda-runtime-client-context"] ? JSON.parse(headers["lambda-runtime-client-context"]) : undefined,
    callbackWaitsForEmptyEventLoop: true,
    getRemainingTimeInMillis: () => Math.max(0, deadline - Date.now()),
  };
}

async function main() {
  let handler;
  try {
    handler = await load(process.env._HANDLER);
  } catch (error) {
    console.error("Uncaught Exception", JSON.stringify(failure(error)));
    await ask("POST", "init/error", JSON.stringify(failure(error)));
    process.exit(1);
  }
  for (const kind of ["uncaughtException", "unhandledRejection"]) {
    process.on(kind, async (error) => {
      const name = kind === "uncaughtException" ? error?.name ?? "Error" : "Runtime.UnhandledPromiseRejection";
      const body = JSON.stringify({ ...failure(error), errorType: name });
      console.error(kind, body);
      if (current) await ask("POST", `invocation/${current}/error`, body);
      process.exit(128);
    });
  }
  for (;;) {
    const { headers, body } = await ask("GET", "invocation/next");
    const context = contextOf(headers);
    current = context.awsRequestId;
    process.env._X_AMZN_TRACE_ID = headers["lambda-runtime-trace-id"] ?? "";
    try {
      const value = await call(handler, JSON.parse(body), context);
      await ask("POST", `invocation/${current}/response`, JSON.stringify(value === undefined ? null : value));
    } catch (error) {
      console.error("Invoke Error", JSON.stringify(failure(error)));
      await ask("POST", `invocation/${current}/error`, JSON.stringify(failure(error)));
    }
  }
}

main().catch((error) => {
  fs.writeSync(2, `${error.stack}\n`);
  process.exit(1);
});
