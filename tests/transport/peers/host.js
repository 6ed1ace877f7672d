// A host application of others' code (MQTT.js, sparkplug-payload): STATE with its will, births, data, commands.
// Reads what to do as JSON lines, says what it sees as JSON lines.
const mqtt = require("mqtt");
const sparkplug = require("sparkplug-payload").get("spBv1.0");
const [url, id] = process.argv.slice(2);
const topic = `spBv1.0/STATE/${id}`;
const plain = (_, value) => (value && value.constructor && value.constructor.name === "Long" ? value.toNumber() : value);
const say = (what, content) => process.stdout.write(JSON.stringify({ what, ...content }, plain) + "\n");
let client;
const names = {};

function online() {
  const timestamp = Date.now();
  const state = (on) => JSON.stringify({ online: on, timestamp });
  client = mqtt.connect(url, { clientId: id, protocolVersion: 5, will: { topic, payload: state(false), qos: 1, retain: true } });
  client.on("message", take);
  client.on("connect", async () => {
    await client.subscribeAsync([topic, "spBv1.0/#"], { qos: 1 });
    await client.publishAsync(topic, state(true), { qos: 1, retain: true });
    say("online", {});
  });
}

function take(name, bytes) {
  const [, group, word, node, device] = name.split("/");
  if (!["NBIRTH", "DBIRTH", "NDATA", "DDATA", "NDEATH", "DDEATH"].includes(word)) return;
  const payload = sparkplug.decodePayload(bytes);
  const metrics = (payload.metrics ?? []).map((metric) => {
    if (metric.name && metric.alias !== undefined) names[`${group}/${node}/${metric.alias}`] = metric.name;
    const name = metric.name || names[`${group}/${node}/${metric.alias}`];
    return { name, type: metric.type, value: metric.value, historical: Boolean(metric.isHistorical) };
  });
  say(word, { group, node, device, seq: payload.seq, metrics });
}

function command({ group, node, device, metrics }) {
  const word = device ? "DCMD" : "NCMD";
  const to = ["spBv1.0", group, word, node, ...(device ? [device] : [])].join("/");
  client.publish(to, Buffer.from(sparkplug.encodePayload({ timestamp: Date.now(), metrics })), { qos: 0 });
}

require("node:readline").createInterface({ input: process.stdin }).on("line", (line) => {
  const task = JSON.parse(line);
  if (task.do === "online") online();
  if (task.do === "command") command(task);
  if (task.do === "offline") client.publish(topic, JSON.stringify({ online: false, timestamp: Date.now() }), { qos: 1, retain: true });
}).on("close", () => { if (client) client.end(); process.exit(0); });
say("ready", {});
