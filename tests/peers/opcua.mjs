// A foreign OPC UA client: reads its task as JSON from the command line, says what it sees as JSON lines.
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
const require = createRequire(import.meta.url);
const opcua = require("node-opcua-client");
const { OPCUACertificateManager } = require("node-opcua-certificate-manager");
const task = JSON.parse(process.argv[2]);
const say = (what, content) => process.stdout.write(JSON.stringify({ what, ...content }) + "\n");

const secure = task.security !== "none";
const manager = new OPCUACertificateManager({ rootFolder: task.folder, automaticallyAcceptUnknownCertificate: true });
await manager.initialize();
const client = opcua.OPCUAClient.create({
  applicationName: "peer",
  clientCertificateManager: manager,
  securityMode: secure ? opcua.MessageSecurityMode.SignAndEncrypt : opcua.MessageSecurityMode.None,
  securityPolicy: secure ? opcua.SecurityPolicy.Basic256Sha256 : opcua.SecurityPolicy.None,
  endpointMustExist: secure,
  connectionStrategy: { maxRetry: 0, initialDelay: 100, maxDelay: 200 },
});
const user = task.user ? { type: opcua.UserTokenType.UserName, userName: task.user, password: task.password } : undefined;

async function browse(session, nodeId, depth) {
  if (depth === 0) return [];
  const result = await session.browse({
    nodeId, referenceTypeId: "HierarchicalReferences", includeSubtypes: true, browseDirection: 0, resultMask: 63,
  });
  const found = [];
  for (const reference of result.references ?? []) {
    if (reference.nodeId.namespace === 0 || found.includes(reference.nodeId.value)) continue;
    found.push(reference.nodeId.value, ...(await browse(session, reference.nodeId, depth - 1)));
  }
  return [...new Set(found)];
}

async function tell(session) {
  const id = (name) => `ns=${task.namespace};s=${name}`;
  say("tree", { nodes: await browse(session, "ObjectsFolder", 7) });
  const value = await session.read({ nodeId: id(task.variable), attributeId: opcua.AttributeIds.Value });
  const unit = await session.read({ nodeId: id(`${task.variable}.EngineeringUnits`), attributeId: opcua.AttributeIds.Value });
  const range = await session.read({ nodeId: id(`${task.variable}.EURange`), attributeId: opcua.AttributeIds.Value });
  say("value", {
    value: value.value.value, type: opcua.DataType[value.value.dataType], status: value.statusCode.name,
    source: value.sourceTimestamp.toISOString(), unit: unit.value.value.displayName.text, unitId: unit.value.value.unitId,
    low: range.value.value?.low, high: range.value.value?.high,
  });
  const called = await session.call({ objectId: id(task.object), methodId: id(`${task.object}.Start`), inputArguments: [] });
  say("called", { status: called.statusCode.name });
}

async function watch(session) {
  const subscription = await session.createSubscription2({
    requestedPublishingInterval: 50, requestedLifetimeCount: 1000, requestedMaxKeepAliveCount: 10,
    maxNotificationsPerPublish: 0, publishingEnabled: true, priority: 1,
  });
  const item = await subscription.monitor(
    { nodeId: `ns=${task.namespace};s=${task.variable}`, attributeId: opcua.AttributeIds.Value },
    { samplingInterval: 50, discardOldest: true, queueSize: 10 }, opcua.TimestampsToReturn.Both,
  );
  item.on("changed", (data) => say("change", { value: data.value.value, status: data.statusCode.name }));
  await new Promise((done) => createInterface({ input: process.stdin }).on("close", done));
  await subscription.terminate();
}

try {
  await client.connect(task.url);
  const session = await client.createSession(user);
  await tell(session);
  await watch(session);
  await session.close();
} catch (error) {
  say("refused", { error: String(error.message) });
}
await client.disconnect();
await manager.dispose();
process.exit(0);
