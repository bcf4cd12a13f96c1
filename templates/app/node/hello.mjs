// Answers HTTP requests on AWS Lambda: JSON to programs, a page to browsers.
import { readFileSync } from "node:fs";

import { text } from "./greeting.mjs";
import { render } from "./page.mjs";

let stamp;

export async function handler(event) {
  stamp ??= readStamp();
  return respond(event.headers?.accept ?? "", stamp, new Date());
}

// readStamp reads what the build has written: which commit this is, and which pipeline execution made it.
function readStamp() {
  return JSON.parse(readFileSync(new URL("stamp.json", import.meta.url), "utf8"));
}

export function respond(accept, { commit, execution, built }, now) {
  if (accept.includes("text/html")) {
    return answer("text/html; charset=utf-8", render(text, commit, built));
  }
  const time = now.toISOString().replace(/\.\d+Z$/, "Z");
  return answer("application/json", JSON.stringify({ greeting: text, commit, execution, built, time }));
}

function answer(contentType, body) {
  return { statusCode: 200, headers: { "Content-Type": contentType, "Cache-Control": "no-store" }, body };
}
