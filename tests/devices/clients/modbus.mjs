// A foreign Modbus TCP client (modbus-serial): reads spans of registers that JSON names, says them as JSON.
import { createRequire } from "node:module";
const require = createRequire(process.argv[3] + "/");
const Modbus = require("modbus-serial");
const task = JSON.parse(process.argv[2]);

const client = new Modbus();
await client.connectTCP("127.0.0.1", { port: task.port });
client.setTimeout(60000);
const said = [];
for (const [unit, table, start, length] of task.spans) {
  client.setID(unit);
  const read = table === "input" ? client.readInputRegisters(start, length) : client.readHoldingRegisters(start, length);
  said.push(await read.then((answer) => answer.data, (error) => ({ code: error.modbusCode })));
}
const written = await client.writeRegister(0, 1).then(() => ({ code: 0 }), (error) => ({ code: error.modbusCode }));
client.close(() => process.stdout.write(JSON.stringify({ said, written }) + "\n"));
