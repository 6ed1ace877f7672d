// A foreign Sparkplug edge node with one device (sparkplug-client). Told by JSON lines; answers each with a JSON line.
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
const require = createRequire(process.argv[3] + "/");
const { newClient } = require("sparkplug-client");
const task = JSON.parse(process.argv[2]);
const say = (content) => process.stdout.write(JSON.stringify(content) + "\n");

const items = new Map(task.items.map((one) => [one.name, one]));
const WHOLE = ["Int64", "UInt64", "DateTime"]; // written as texts: they do not fit a number of JavaScript
const valueOf = ({ type, text }) =>
  type === "Boolean" ? text === "true" : type === "String" ? text : WHOLE.includes(type) ? text : Number(text);
// sparkplug-payload gives signed numbers of 64 bits as unsigned ones
const textOf = ({ type, value }) =>
  type === "Int64" ? String(BigInt.asIntN(64, BigInt(String(value)))) : Object.is(value, -0) ? "-0" : String(value);
const metric = (one, named) => ({
  ...(named ? { name: one.name } : {}), alias: one.alias, type: one.type, value: valueOf(one), timestamp: Date.now(),
  ...(one.properties ? { properties: one.properties } : {}),
});
let deaf = false;
let rebirths = 0;
const written = [];
const waiting = [];
const client = newClient({
  serverUrl: task.url, username: "", password: "", groupId: task.group, edgeNode: task.node,
  clientId: `peer-${process.pid}`, version: "spBv1.0", publishDeath: true, keepalive: 60,
});
const birth = () => {
  client.publishNodeBirth({ timestamp: Date.now(), metrics: [
    { name: "Node Control/Rebirth", type: "Boolean", value: false }, { name: "Uptime", type: "Int32", value: 7 }] });
  client.publishDeviceBirth(task.device, { timestamp: Date.now(), metrics: [...items.values()].map((one) => metric(one, true)) });
};
const data = (metrics) => client.publishDeviceData(task.device, { timestamp: Date.now(), metrics }, task.packed ? { compress: true } : {});
client.on("ncmd", (payload) => { if (payload.metrics[0].name === "Node Control/Rebirth") { rebirths += 1; if (!deaf) birth(); } });
client.on("dcmd", (_, payload) => {
  for (const one of payload.metrics) {
    items.get(one.name).text = textOf(one);
    data([metric(items.get(one.name), false)]);
    const said = { name: one.name, text: textOf(one) };
    const first = waiting.shift();
    if (first) first(said); else written.push(said);
  }
});
const doing = {
  set: ({ name, text }) => { items.get(name).text = text; data([metric(items.get(name), false)]); },
  show: ({ metrics }) => data(metrics),
  written: () => (written.length ? written.shift() : new Promise((resolve) => waiting.push(resolve))),
  lose: ({ count }) => { client.seq += count; },
  deaf: ({ on }) => { deaf = on; },
  death: () => client.publishDeviceDeath(task.device, { timestamp: Date.now(), metrics: [] }),
  rebirths: () => rebirths,
  birth,
};
await new Promise((resolve) => { client.on("birth", () => { birth(); resolve(); }); });
say({ ready: true });
for await (const line of createInterface({ input: process.stdin })) {
  const { what, ...rest } = JSON.parse(line);
  say({ ok: true, value: (await doing[what](rest)) ?? null });
}
process.exit(0);
