// Compiles src/*.sol with the pinned solc from npm; prints {contract: {abi, bytecode}} as JSON.
"use strict";
const fs = require("node:fs");
const path = require("node:path");
const solc = require("solc");

const folder = path.join(__dirname, "src");
const sources = Object.fromEntries(
  fs.readdirSync(folder).filter((name) => name.endsWith(".sol")).map((name) => [name, { content: fs.readFileSync(path.join(folder, name), "utf8") }]),
);
const wanted = { "*": { "*": ["abi", "evm.bytecode.object"] } };
const settings = { viaIR: true, optimizer: { enabled: true, runs: 200 }, evmVersion: "cancun", outputSelection: wanted };
const output = JSON.parse(solc.compile(JSON.stringify({ language: "Solidity", sources, settings })));

const complaints = output.errors ?? [];
for (const complaint of complaints) process.stderr.write(complaint.formattedMessage);
if (complaints.length > 0) process.exit(1);

const artifacts = {};
for (const contracts of Object.values(output.contracts)) {
  for (const [name, contract] of Object.entries(contracts)) {
    if (contract.evm.bytecode.object) artifacts[name] = { abi: contract.abi, bytecode: "0x" + contract.evm.bytecode.object };
  }
}
process.stdout.write(JSON.stringify(artifacts, null, 1));
