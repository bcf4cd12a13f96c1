import assert from "node:assert/strict";
import { test } from "node:test";

import { text } from "./greeting.mjs";
import { respond } from "./hello.mjs";
import { render } from "./page.mjs";

const stamp = { commit: "0123456789abcdef", execution: "execution-1", built: "2026-01-02T03:04:05Z" };
const now = new Date("2026-01-02T03:05:00.678Z");

test("the text greets somebody", () => {
  assert.ok(text.trim().length >= 3, `the greeting is ${JSON.stringify(text)}`);
});

test("the page shows the greeting and the commit", () => {
  const page = render('Good <morning> & "welcome"', stamp.commit, stamp.built);
  for (const want of ["Good &lt;morning&gt; &amp; &quot;welcome&quot;", "<code>0123456</code>", stamp.built]) {
    assert.ok(page.includes(want), `the page does not show ${want}:\n${page}`);
  }
  assert.ok(!page.includes("<morning>") && !page.includes("{{"), page);
});

test("programs get JSON", () => {
  const answer = respond("*/*", stamp, now);
  assert.equal(answer.headers["Content-Type"], "application/json");
  assert.deepEqual(JSON.parse(answer.body), { greeting: text, time: "2026-01-02T03:05:00Z", ...stamp });
});

test("browsers get the page", () => {
  const answer = respond("text/html,*/*;q=0.8", stamp, now);
  assert.equal(answer.headers["Content-Type"], "text/html; charset=utf-8");
  assert.equal(answer.body, render(text, stamp.commit, stamp.built));
});
