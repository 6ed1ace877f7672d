// A foreign Modbus TCP server (modbus-serial). Told by JSON lines what to do; answers each with a JSON line.
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
const require = createRequire(process.argv[3] + "/");
const { ServerTCP } = require("modbus-serial");
const task = JSON.parse(process.argv[2]);
const say = (content) => process.stdout.write(JSON.stringify(content) + "\n");

const tables = { coil: {}, discrete: {}, holding: {}, input: {} };
let requests = 0;
const refuse = (code) => { const error = new Error("refused"); error.modbusErrorCode = code; throw error; };
const get = (table) => (address, unit) => {
  if (unit === 9) refuse(11);
  if (!(address in tables[table])) refuse(2);
  return tables[table][address];
};
const many = (table) => (address, length, unit) => {
  requests += 1;
  return Array.from({ length }, (_, at) => get(table)(address + at, unit));
};
const put = (table) => (address, value, unit) => {
  get(table)(address, unit);
  if (task.guarded.includes(address)) refuse(4);
  tables[table][address] = value;
};
const server = new ServerTCP(
  {
    getCoil: get("coil"), getDiscreteInput: get("discrete"),
    getMultipleInputRegisters: many("input"), getMultipleHoldingRegisters: many("holding"),
    getInputRegister: get("input"), getHoldingRegister: get("holding"),
    setCoil: put("coil"), setRegister: put("holding"),
  },
  { host: "127.0.0.1", port: task.port, unitID: 255 },
);
const doing = {
  set: ({ table, address, words }) => words.forEach((word, at) => { tables[table][address + at] = word; }),
  get: ({ table, address, length }) => ({ value: Array.from({ length }, (_, at) => tables[table][address + at]) }),
  requests: () => { const value = requests; requests = 0; return { value }; },
};
for (const one of task.first) doing.set(one);
await new Promise((resolve) => server.on("initialized", resolve));
say({ ready: true });
for await (const line of createInterface({ input: process.stdin })) {
  const { what, ...rest } = JSON.parse(line);
  say({ ok: true, ...(doing[what](rest) ?? {}) });
}
process.exit(0);
