// A foreign OPC UA server (node-opcua). Told by JSON lines what to do; answers each with a JSON line.
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
const require = createRequire(process.argv[3] + "/");
const { OPCUAServer } = require("node-opcua-server");
const { DataType, VariantArrayType } = require("node-opcua-variant");
const { makeEUInformation } = require("node-opcua-data-access");
const { StatusCodes } = require("node-opcua-status-code");
const { OPCUACertificateManager } = require("node-opcua-certificate-manager");
const { MessageSecurityMode, SecurityPolicy } = require("node-opcua-secure-channel");
const task = JSON.parse(process.argv[2]);
const say = (content) => process.stdout.write(JSON.stringify(content) + "\n");

const manager = new OPCUACertificateManager({
  rootFolder: `${task.folder}/pki`, automaticallyAcceptUnknownCertificate: task.accept ?? true,
});
await manager.initialize();
const server = new OPCUAServer({
  port: task.port, hostname: "127.0.0.1", resourcePath: "/machine", serverCertificateManager: manager,
  buildInfo: { productName: "machine" }, allowAnonymous: task.anonymous ?? true,
  securityPolicies: (task.policies ?? ["None", "Basic256Sha256"]).map((name) => SecurityPolicy[name]),
  securityModes: task.secureOnly
    ? [MessageSecurityMode.SignAndEncrypt]
    : [MessageSecurityMode.None, MessageSecurityMode.Sign, MessageSecurityMode.SignAndEncrypt],
  userManager: { isValidUser: (name, password) => name === "line3" && password === "öffne dich" },
  serverCapabilities: { operationLimits: { maxNodesPerRead: 50, maxMonitoredItemsPerCall: 50 } },
});
await server.initialize();
const space = server.engine.addressSpace;
const own = space.registerNamespace("http://maker.example/UA");
let machine;
const nodes = {};

const big = (value, type) => {
  // 64 bits go as two halves
  if (type !== "Int64" && type !== "UInt64") return value;
  const whole = BigInt.asUintN(64, BigInt(value));
  return [Number(whole >> 32n), Number(whole & 0xffffffffn)];
};
const numbers = { NaN, Infinity, "-Infinity": -Infinity, "-0": -0 };
const real = (value, type) => (typeof value === "string" && type !== "String" && value in numbers ? numbers[value] : big(value, type));

const folders = {};
function add({ name, type, value, unit, writable = true }) {
  // a unit makes it an AnalogUnit; dots in the name are folders
  machine ??= own.addObject({ organizedBy: space.rootFolder.objects, browseName: "Machine", nodeId: "s=Machine" });
  const [last, ...around] = name.split(".").reverse();
  const place = around.reverse().reduce((parent, folder) =>
    (folders[folder] ??= own.addObject({ componentOf: parent, browseName: folder, nodeId: `s=${folder}` })), machine);
  const analog = unit === undefined ? undefined
    : { engineeringUnits: makeEUInformation(unit, unit, unit), engineeringUnitsRange: { low: -1e9, high: 1e9 } };
  nodes[name] = own[analog ? "addAnalogDataItem" : "addVariable"]({
    ...analog,
    componentOf: place, browseName: last, nodeId: `s=${name}`, dataType: type, minimumSamplingInterval: 10,
    accessLevel: writable ? "CurrentRead | CurrentWrite" : "CurrentRead",
    userAccessLevel: writable ? "CurrentRead | CurrentWrite" : "CurrentRead",
  });
  set({ name, type, value });
}

function set({ name, type, value, status = "Good", at }) {
  const source = at ? new Date(at) : new Date();
  nodes[name].type = type;
  nodes[name].setValueFromSource({ dataType: DataType[type], arrayType: VariantArrayType.Scalar, value: real(value, type) }, StatusCodes[status], source);
}

const doing = {
  add, set,
  read: ({ name }) => {
    const value = nodes[name].readValue().value.value;
    if (Array.isArray(value) || ArrayBuffer.isView(value)) {
      const whole = (BigInt(value[0]) << 32n) | BigInt(value[1]);
      return { value: String(nodes[name].type === "Int64" ? BigInt.asIntN(64, whole) : BigInt.asUintN(64, whole)) };
    }
    if (typeof value === "number" && (!Number.isFinite(value) || Object.is(value, -0))) return { value: Object.is(value, -0) ? "-0" : String(value) };
    return { value };
  },
  remove: ({ name }) => { space.deleteNode(nodes[name]); delete nodes[name]; },
  sessions: () => ({ value: server.engine.currentSessionCount }),
};
for (const one of task.variables) add(one);
await server.start();
say({ ready: true });
for await (const line of createInterface({ input: process.stdin })) {
  const { what, ...rest } = JSON.parse(line);
  try {
    say({ ok: true, ...(doing[what](rest) ?? {}) });
  } catch (error) {
    say({ ok: false, error: String(error?.stack ?? error) });
  }
}
await server.shutdown(0);
process.exit(0);
