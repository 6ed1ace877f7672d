import static org.eclipse.milo.opcua.stack.core.types.builtin.unsigned.Unsigned.uint;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.security.KeyPair;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.eclipse.milo.opcua.sdk.client.OpcUaClient;
import org.eclipse.milo.opcua.sdk.client.api.identity.AnonymousProvider;
import org.eclipse.milo.opcua.sdk.client.api.identity.UsernameProvider;
import org.eclipse.milo.opcua.stack.core.AttributeId;
import org.eclipse.milo.opcua.stack.core.Identifiers;
import org.eclipse.milo.opcua.stack.core.StatusCodes;
import org.eclipse.milo.opcua.stack.core.security.SecurityPolicy;
import org.eclipse.milo.opcua.stack.core.types.builtin.DataValue;
import org.eclipse.milo.opcua.stack.core.types.builtin.ExtensionObject;
import org.eclipse.milo.opcua.stack.core.types.builtin.NodeId;
import org.eclipse.milo.opcua.stack.core.types.builtin.QualifiedName;
import org.eclipse.milo.opcua.stack.core.types.builtin.StatusCode;
import org.eclipse.milo.opcua.stack.core.types.builtin.Variant;
import org.eclipse.milo.opcua.stack.core.types.enumerated.BrowseDirection;
import org.eclipse.milo.opcua.stack.core.types.enumerated.MonitoringMode;
import org.eclipse.milo.opcua.stack.core.types.enumerated.TimestampsToReturn;
import org.eclipse.milo.opcua.stack.core.types.structured.BrowseDescription;
import org.eclipse.milo.opcua.stack.core.types.structured.CallMethodRequest;
import org.eclipse.milo.opcua.stack.core.types.structured.EUInformation;
import org.eclipse.milo.opcua.stack.core.types.structured.MonitoredItemCreateRequest;
import org.eclipse.milo.opcua.stack.core.types.structured.MonitoringParameters;
import org.eclipse.milo.opcua.stack.core.types.structured.Range;
import org.eclipse.milo.opcua.stack.core.types.structured.ReadValueId;
import org.eclipse.milo.opcua.stack.core.util.SelfSignedCertificateBuilder;
import org.eclipse.milo.opcua.stack.core.util.SelfSignedCertificateGenerator;

/** A foreign OPC UA client: reads its task as JSON from the command line, says what it sees as JSON lines. */
public final class Peer {
  private static final String APPLICATION = "urn:futurefactory.example:milo";
  private static final Gson GSON = new GsonBuilder().serializeNulls().create();
  private static final DateTimeFormatter TIME = new DateTimeFormatterBuilder().appendInstant(3).toFormatter();

  private final OpcUaClient client;
  private final JsonObject task;

  private Peer(JsonObject task) throws Exception {
    this.task = task;
    boolean open = text("security").equals("none");
    String policy = (open ? SecurityPolicy.None : SecurityPolicy.Basic256Sha256).getUri();
    KeyPair keys = SelfSignedCertificateGenerator.generateRsaKeyPair(2048);
    var certificate = new SelfSignedCertificateBuilder(keys).setCommonName("peer").setApplicationUri(APPLICATION).build();
    client =
        OpcUaClient.create(
            text("url"),
            offered -> offered.stream().filter(one -> one.getSecurityPolicyUri().equals(policy)).findFirst(),
            config ->
                config
                    .setApplicationUri(APPLICATION)
                    .setKeyPair(keys)
                    .setCertificate(certificate)
                    .setCertificateChain(new java.security.cert.X509Certificate[] {certificate})
                    .setRequestTimeout(uint(60_000))
                    .setIdentityProvider(
                        text("user").isEmpty()
                            ? new AnonymousProvider()
                            : new UsernameProvider(text("user"), text("password")))
                    .build());
  }

  private String text(String key) {
    return task.has(key) ? task.get(key).getAsString() : "";
  }

  private NodeId node(String name) {
    return new NodeId(Integer.parseInt(text("namespace")), name);
  }

  private static synchronized void say(String what, Map<String, Object> content) {
    content.put("what", what);
    System.out.println(GSON.toJson(content));
  }

  private static Map<String, Object> map(Object... pairs) {
    Map<String, Object> made = new LinkedHashMap<>();
    for (int at = 0; at < pairs.length; at += 2) made.put((String) pairs[at], pairs[at + 1]);
    return made;
  }

  private static String name(StatusCode code) {
    return StatusCodes.lookup(code.getValue()).map(found -> found[0].replace("_", "")).orElse(code.toString());
  }

  /** A value as JSON has it: none for what is no number. */
  private static Object plain(DataValue value) {
    Object found = value.getValue().getValue();
    return found instanceof Double real && !Double.isFinite(real) ? null : found;
  }

  private void browse(NodeId from, int depth, Set<String> found) throws Exception {
    if (depth == 0) return;
    var wanted =
        new BrowseDescription(from, BrowseDirection.Forward, Identifiers.HierarchicalReferences, true, uint(0), uint(63));
    for (var reference : client.browse(wanted).get().getReferences()) {
      NodeId below = reference.getNodeId().toNodeId(client.getNamespaceTable()).orElseThrow();
      if (below.getNamespaceIndex().intValue() == 0 || !found.add(below.getIdentifier().toString())) continue;
      browse(below, depth - 1, found);
    }
  }

  private DataValue read(String name) throws Exception {
    return client.readValue(0, TimestampsToReturn.Both, node(name)).get();
  }

  private Object structure(String name) throws Exception {
    Object value = read(name).getValue().getValue();
    return value instanceof ExtensionObject object ? object.decode(client.getStaticSerializationContext()) : null;
  }

  private void tell() throws Exception {
    Set<String> tree = new TreeSet<>();
    browse(Identifiers.ObjectsFolder, 7, tree);
    say("tree", map("nodes", tree));
    String variable = text("variable");
    DataValue value = read(variable);
    Map<String, Object> said =
        map(
            "value", plain(value),
            "type", value.getValue().getValue().getClass().getSimpleName(),
            "status", name(value.getStatusCode()),
            "source", TIME.format(value.getSourceTime().getJavaInstant()));
    if (structure(variable + ".EngineeringUnits") instanceof EUInformation unit) {
      said.put("unit", unit.getDisplayName().getText());
      said.put("unitId", unit.getUnitId());
    }
    if (structure(variable + ".EURange") instanceof Range range) {
      said.put("low", range.getLow());
      said.put("high", range.getHigh());
    }
    say("value", said);
    String object = text("object");
    var call = new CallMethodRequest(node(object), node(object + ".Start"), new Variant[0]);
    say("called", map("status", name(client.call(call).get().getStatusCode())));
  }

  private void watch() throws Exception {
    var subscription = client.getSubscriptionManager().createSubscription(50.0).get();
    var wanted = new ReadValueId(node(text("variable")), AttributeId.Value.uid(), null, QualifiedName.NULL_VALUE);
    var how = new MonitoringParameters(subscription.nextClientHandle(), 50.0, null, uint(10), true);
    subscription
        .createMonitoredItems(
            TimestampsToReturn.Both,
            List.of(new MonitoredItemCreateRequest(wanted, MonitoringMode.Reporting, how)),
            (item, number) ->
                item.setValueConsumer(
                    value -> say("change", map("value", plain(value), "status", name(value.getStatusCode())))))
        .get();
    while (System.in.read() >= 0) {}
  }

  public static void main(String[] arguments) throws Exception {
    try {
      Peer peer = new Peer(JsonParser.parseString(arguments[0]).getAsJsonObject());
      peer.client.connect().get();
      peer.tell();
      peer.watch();
      peer.client.disconnect().get();
    } catch (Exception error) {
      say("refused", map("error", String.valueOf(error.getMessage())));
    }
    System.exit(0);
  }
}
