// A subscriber of others' code (MQTT.js): says every message of the unified namespace as a JSON line.
const mqtt = require("mqtt");
const [url, version] = process.argv.slice(2);
const client = mqtt.connect(url, { clientId: "foreign-subscriber", protocolVersion: Number(version) });
const say = (line) => process.stdout.write(JSON.stringify(line) + "\n");
client.on("message", (topic, payload, packet) => {
  const { contentType, userProperties } = packet.properties ?? {};
  say({ topic, body: JSON.parse(payload.toString("utf8")), retain: packet.retain, qos: packet.qos, contentType, userProperties });
});
client.on("connect", () => client.subscribe(["uns/v1/#", "ff/v1/availability/#"], { qos: 1 }, () => say({ topic: "subscribed" })));
process.stdin.on("end", () => client.end(true, () => process.exit(0))).resume();
