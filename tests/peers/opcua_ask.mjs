// A foreign OPC UA client that does what it is asked, one JSON line each, and answers with one.
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
const require = createRequire(import.meta.url);
const opcua = require("node-opcua-client");
const { OPCUACertificateManager } = require("node-opcua-certificate-manager");
const { NumericRange } = require("node-opcua-numeric-range");
const history = require("node-opcua-service-history");
const task = JSON.parse(process.argv[2]);
const say = (what, content) => process.stdout.write(JSON.stringify({ what, ...content }) + "\n");

const manager = new OPCUACertificateManager({ rootFolder: task.folder, automaticallyAcceptUnknownCertificate: true });
await manager.initialize();
const client = opcua.OPCUAClient.create({
  applicationName: "peer", clientCertificateManager: manager,
  securityMode: opcua.MessageSecurityMode.SignAndEncrypt, securityPolicy: opcua.SecurityPolicy.Basic256Sha256,
  connectionStrategy: { maxRetry: 0, initialDelay: 100, maxDelay: 200 }, requestedSessionTimeout: 600000,
});
const user = { type: opcua.UserTokenType.UserName, userName: task.user, password: task.password };
let session;
const subscriptions = [];

function plain(value) {
  if (value === null || value === undefined) return null;
  if (value instanceof Date) return value.toISOString();
  if (Buffer.isBuffer(value)) return value.toString("hex");
  if (Array.isArray(value) || ArrayBuffer.isView(value)) return Array.from(value, plain);
  if (value instanceof opcua.NodeId) return value.toString();
  if (value instanceof opcua.LocalizedText) return value.text;
  if (value instanceof opcua.QualifiedName) return { index: value.namespaceIndex, name: value.name };
  return typeof value === "object" && value.toJSON ? value.toJSON() : value;
}
const read = (data) => ({
  value: plain(data.value?.value), type: opcua.DataType[data.value?.dataType ?? 0], status: data.statusCode.name,
  bits: data.statusCode.value, source: plain(data.sourceTimestamp),
});

const asked = {
  async read(session, { node, attribute = "Value", range }) {
    const wanted = { nodeId: node, attributeId: opcua.AttributeIds[attribute] };
    return read(await session.read(range === undefined ? wanted : { ...wanted, indexRange: new NumericRange(range) }));
  },
  async call(session, { object, method, given = [] }) {
    const result = await session.call({
      objectId: object, methodId: method,
      inputArguments: given.map(([type, value]) => new opcua.Variant({ dataType: opcua.DataType[type], value })),
    });
    return {
      status: result.statusCode.name, inputs: (result.inputArgumentResults ?? []).map((one) => one.name),
      out: (result.outputArguments ?? []).map((one) => plain(one.value)),
    };
  },
  async args(session, { method }) {
    const found = await session.getArgumentDefinition(method);
    const row = (one) => [one.name, opcua.DataType[one.dataType.value] ?? one.dataType.toString(), plain(one.description)];
    return { inputs: found.inputArguments.map(row), outputs: found.outputArguments.map(row) };
  },
  async history(session, { node, start, end, most = 0, bounds = false, modified = false, kind = "raw", point, release, range }) {
    const times = { startTime: start ? new Date(start) : undefined, endTime: end ? new Date(end) : undefined };
    const details = {
      raw: () => new history.ReadRawModifiedDetails({ ...times, isReadModified: modified, numValuesPerNode: most, returnBounds: bounds }),
      atTime: () => new history.ReadAtTimeDetails({ reqTimes: [new Date(start)], useSimpleBounds: true }),
      processed: () => new history.ReadProcessedDetails({ ...times, processingInterval: 1000, aggregateType: ["i=2342"], aggregateConfiguration: {} }),
    }[kind]();
    const wanted = { nodeId: node, continuationPoint: point ? Buffer.from(point, "hex") : undefined };
    if (range !== undefined) wanted.indexRange = new NumericRange(range);
    const response = await session.historyRead(new history.HistoryReadRequest({
      historyReadDetails: details, timestampsToReturn: opcua.TimestampsToReturn.Both,
      releaseContinuationPoints: Boolean(release), nodesToRead: [wanted],
    }));
    const [result] = response.results;
    const found = (result.historyData?.dataValues ?? []).map(read);
    return { status: result.statusCode.name, found, point: plain(result.continuationPoint) };
  },
  async watch(session, { nodes, most = 0, interval = 100, queue = 10, range }) {
    const subscription = await session.createSubscription2({
      requestedPublishingInterval: interval, requestedLifetimeCount: 1000, requestedMaxKeepAliveCount: 10,
      maxNotificationsPerPublish: most, publishingEnabled: true, priority: 1,
    });
    const number = subscriptions.push(subscription) - 1;
    subscription.on("raw_notification", (message) => {
      const sizes = message.notificationData.map((data) => (data.monitoredItems ?? data.events ?? []).length);
      say("message", { number, sizes });
    });
    const items = await subscription.monitorItems(
      nodes.map((nodeId) => ({
        nodeId, attributeId: opcua.AttributeIds.Value,
        ...(range === undefined ? {} : { indexRange: new NumericRange(range) }),
      })),
      { samplingInterval: interval, discardOldest: true, queueSize: queue }, opcua.TimestampsToReturn.Both,
    );
    items.on("changed", (item, data) => say("change", { number, node: item.itemToMonitor.nodeId.toString(), ...read(data) }));
    return { number, statuses: items.monitoredItems.map((one) => one.statusCode.name) };
  },
  async modify(session, { number, most }) {
    const subscription = subscriptions[number];
    await session.modifySubscription({
      subscriptionId: subscription.subscriptionId, requestedPublishingInterval: 100, requestedLifetimeCount: 1000,
      requestedMaxKeepAliveCount: 10, maxNotificationsPerPublish: most, priority: 1,
    });
    return {};
  },
  async publishing(_, { number, on }) {
    await subscriptions[number].setPublishingMode(on);
    return {};
  },
  async alarms(session) {
    const list = await opcua.installAlarmMonitoring(session);
    list.on("alarmChanged", ({ conditionId, eventId, fields }) => say("alarm", {
      condition: conditionId.toString(), event: eventId.toString("hex"), name: fields.conditionName.value,
      active: fields.activeState.id.value, acked: fields.ackedState.id.value, retain: fields.retain.value,
      severity: fields.severity.value, message: plain(fields.message.value), comment: plain(fields.comment.value),
      user: fields.clientUserId.value, source: fields.sourceName.value, enabled: fields.enabledState.id.value,
      time: plain(fields.time.value), kind: fields.conditionClassName.value.text,
    }));
    return {};
  },
  async acknowledge(session, { condition, event, comment }) {
    const status = await session.acknowledgeCondition(condition, Buffer.from(event, "hex"), comment);
    return { status: status.name };
  },
  async path(session, { start, path }) {
    const result = await session.translateBrowsePath(opcua.makeBrowsePath(start, path));
    return { status: result.statusCode.name, node: result.targets?.[0]?.targetId.toString() ?? null };
  },
};

try {
  await client.connect(task.url);
  session = await client.createSession(user);
  const names = await session.readNamespaceArray();
  say("ready", { namespaces: names });
  for await (const line of createInterface({ input: process.stdin })) {
    const { ask, ...rest } = JSON.parse(line);
    try {
      say("answer", await asked[ask](session, rest));
    } catch (error) {
      say("answer", { error: String(error.message) });
    }
  }
  await session.close();
} catch (error) {
  say("refused", { error: String(error.message) });
}
await client.disconnect();
await manager.dispose();
process.exit(0);
