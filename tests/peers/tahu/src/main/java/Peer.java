import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.Date;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.eclipse.tahu.host.HostApplication;
import org.eclipse.tahu.host.api.HostApplicationEventHandler;
import org.eclipse.tahu.message.SparkplugBPayloadDecoder;
import org.eclipse.tahu.message.model.Message;
import org.eclipse.tahu.message.model.MessageType;
import org.eclipse.tahu.message.model.Metric;
import org.eclipse.tahu.message.model.MetricDataType;
import org.eclipse.tahu.message.model.SparkplugBPayload.SparkplugBPayloadBuilder;
import org.eclipse.tahu.message.model.Topic;
import org.eclipse.tahu.model.MqttServerDefinition;
import org.eclipse.tahu.mqtt.MqttClientId;
import org.eclipse.tahu.mqtt.MqttServerName;
import org.eclipse.tahu.mqtt.MqttServerUrl;
import org.eclipse.tahu.mqtt.RandomStartupDelay;

/** A host application made with Eclipse Tahu: reads what to do as JSON lines, says what it sees as JSON lines. */
public final class Peer {
  private static final String NAMESPACE = "spBv1.0";
  private static final Gson GSON = new GsonBuilder().serializeNulls().serializeSpecialFloatingPointValues().create();

  private final Map<String, String> names = new ConcurrentHashMap<>();
  private final HostApplication host;

  private Peer(String url, String id) throws Exception {
    var server =
        new MqttServerDefinition(
            new MqttServerName("broker"), new MqttClientId(id, false), new MqttServerUrl(url), null, null, 30, null);
    var delay = new RandomStartupDelay("0-1");
    var heard =
        (HostApplicationEventHandler)
            Proxy.newProxyInstance(
                Peer.class.getClassLoader(),
                new Class<?>[] {HostApplicationEventHandler.class},
                (proxy, event, values) -> {
                  if (event.getName().equals("onConnect")) say("online", new LinkedHashMap<>());
                  if (event.getName().equals("onMessage")) tell((Message) values[1]);
                  return null;
                });
    host = new HostApplication(heard, id, List.of(NAMESPACE + "/#"), List.of(server), delay, new SparkplugBPayloadDecoder(), true);
  }

  private static synchronized void say(String what, Map<String, Object> content) {
    content.put("what", what);
    System.out.println(GSON.toJson(content));
  }

  private void tell(Message message) {
    Topic topic = message.getTopic();
    String place = topic.getGroupId() + "/" + topic.getEdgeNodeId() + "/";
    List<Map<String, Object>> metrics = new ArrayList<>();
    for (Metric metric : message.getPayload().getMetrics()) {
      if (metric.hasName() && metric.hasAlias()) names.put(place + metric.getAlias(), metric.getName());
      Map<String, Object> one = new LinkedHashMap<>();
      one.put("name", metric.hasName() ? metric.getName() : names.get(place + metric.getAlias()));
      one.put("type", metric.getDataType() == null ? null : metric.getDataType().toString());
      one.put("value", metric.getValue() instanceof Number || metric.getValue() instanceof Boolean ? metric.getValue() : metric.getValue() == null ? null : metric.getValue().toString());
      one.put("historical", Boolean.TRUE.equals(metric.isHistorical()));
      metrics.add(one);
    }
    Map<String, Object> said = new LinkedHashMap<>();
    said.put("group", topic.getGroupId());
    said.put("node", topic.getEdgeNodeId());
    said.put("device", topic.getDeviceId());
    said.put("seq", message.getPayload().getSeq());
    said.put("metrics", metrics);
    say(topic.getType().name(), said);
  }

  private void command(JsonObject task) throws Exception {
    var payload = new SparkplugBPayloadBuilder().setTimestamp(new Date());
    for (JsonElement element : task.getAsJsonArray("metrics")) {
      JsonObject one = element.getAsJsonObject();
      MetricDataType type = MetricDataType.Boolean;
      payload.addMetric(new Metric.MetricBuilder(one.get("name").getAsString(), type, one.get("value").getAsBoolean()).createMetric());
    }
    String group = task.get("group").getAsString(), node = task.get("node").getAsString();
    Topic topic =
        task.has("device")
            ? new Topic(NAMESPACE, group, node, task.get("device").getAsString(), MessageType.DCMD)
            : new Topic(NAMESPACE, group, node, MessageType.NCMD);
    host.publishCommand(topic, payload.createPayload());
  }

  public static void main(String[] arguments) throws Exception {
    Peer peer = new Peer(arguments[0].replace("mqtt://", "tcp://"), arguments[1]);
    say("ready", new LinkedHashMap<>());
    var lines = new java.io.BufferedReader(new java.io.InputStreamReader(System.in));
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      JsonObject task = JsonParser.parseString(line).getAsJsonObject();
      switch (task.get("do").getAsString()) {
        case "online" -> peer.host.start(true);
        case "offline" -> peer.host.setOnlineState(false);
        default -> peer.command(task);
      }
    }
    System.exit(0);
  }
}
