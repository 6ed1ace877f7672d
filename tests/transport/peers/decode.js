// Reads base64 payloads, one a line, and prints what sparkplug-payload makes of each as JSON.
const payload = require("sparkplug-payload").get("spBv1.0");
const plain = (key, value) =>
  value && value.constructor && value.constructor.name === "Long" ? value.toString() : value;
const lines = require("fs").readFileSync(0, "utf8").split("\n").filter(Boolean);
for (const line of lines) {
  console.log(JSON.stringify(payload.decodePayload(Buffer.from(line, "base64")), plain));
}
