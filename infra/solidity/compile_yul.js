// Compiles src/RecoverSigners.yul with the pinned solc from npm; prints the creation bytecode in hex.
"use strict";
const fs = require("node:fs");
const path = require("node:path");
const solc = require("solc");

const name = "RecoverSigners.yul";
const sources = { [name]: { content: fs.readFileSync(path.join(__dirname, "src", name), "utf8") } };
const settings = {
  optimizer: { enabled: true, details: { yul: true } },
  evmVersion: "cancun",
  outputSelection: { "*": { "*": ["evm.bytecode.object"] } },
};
const output = JSON.parse(solc.compile(JSON.stringify({ language: "Yul", sources, settings })));
for (const complaint of output.errors ?? []) process.stderr.write(complaint.formattedMessage);
process.stdout.write(output.contracts[name].RecoverSigners.evm.bytecode.object);
