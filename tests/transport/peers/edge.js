// An edge node made with sparkplug-client: births when asked, then two data messages; prints what happens.
const sparkplug = require("sparkplug-client");
const client = sparkplug.newClient({
  serverUrl: process.argv[2], username: "", password: "", groupId: "Peer Group", edgeNode: "Node-1",
  clientId: "foreign-edge", version: "spBv1.0", publishDeath: true,
});
let births = 0;
const data = (value, count) => ({
  timestamp: Date.now(),
  metrics: [
    { name: "Level/Tank", type: "Double", value, timestamp: 1748851200000 + count },
    { name: "Offset", type: "Int32", value: -7, timestamp: 1748851200000 + count },
    { name: "Running", type: "Boolean", value: true, timestamp: 1748851200000 + count },
  ],
});
client.on("birth", () => {
  births += 1;
  console.log(`birth ${births}`);
  client.publishNodeBirth({ timestamp: Date.now(), metrics: [{ name: "Node Control/Rebirth", type: "Boolean", value: false }] });
  client.publishDeviceBirth("Tank 1", data(1.5, 0));
  client.publishDeviceData("Tank 1", data(2.5, births));
});
client.on("ncmd", (payload) => console.log(`ncmd ${payload.metrics[0].name}`));
process.stdin.on("data", (line) => {
  const text = line.toString();
  if (text.startsWith("skip")) { client.seq += 5; client.publishDeviceData("Tank 1", data(3.5, 50)); }
});
process.stdin.on("end", () => { client.stop(); setTimeout(() => process.exit(0), 200); });
