// Makes the greeting a web page that reloads itself.
import { readFileSync } from "node:fs";

const page = readFileSync(new URL("page.html", import.meta.url), "utf8");
const entities = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

// render returns the page. What is filled in is shown as it is written, and is never HTML.
export function render(text, commit, built) {
  const values = { Text: text, Commit: commit.slice(0, 7), Built: built };
  return page.replace(/\{\{\.(\w+)}}/g, (_, field) => values[field].replace(/[&<>"']/g, (c) => entities[c]));
}
