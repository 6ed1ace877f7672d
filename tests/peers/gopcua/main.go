// A foreign OPC UA client: reads its task as JSON from the command line, says what it sees as JSON lines.
package main

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"math/big"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/gopcua/opcua"
	"github.com/gopcua/opcua/id"
	"github.com/gopcua/opcua/ua"
)

const application = "urn:futurefactory.example:gopcua"

type task struct{ URL, Namespace, Object, Variable, User, Password, Security string }

type said map[string]any

func say(what string, content said) {
	content["what"] = what
	line, err := json.Marshal(content)
	if err != nil {
		panic(err)
	}
	fmt.Println(string(line))
}

// identity makes a key and a certificate that names this application.
func identity() (*rsa.PrivateKey, []byte, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, nil, err
	}
	name, err := url.Parse(application)
	if err != nil {
		return nil, nil, err
	}
	certificate := x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "peer"}, URIs: []*url.URL{name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		KeyUsage:    x509.KeyUsageDigitalSignature | x509.KeyUsageContentCommitment | x509.KeyUsageKeyEncipherment | x509.KeyUsageDataEncipherment,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, &certificate, &certificate, &key.PublicKey, key)
	return key, der, err
}

// connected is a client with a session; the endpoint is the one that the server offers for what is asked.
func connected(ctx context.Context, asked task) (*opcua.Client, error) {
	endpoints, err := opcua.GetEndpoints(ctx, asked.URL)
	if err != nil {
		return nil, err
	}
	policy, mode := ua.SecurityPolicyURIBasic256Sha256, ua.MessageSecurityModeSignAndEncrypt
	if asked.Security == "none" {
		policy, mode = ua.SecurityPolicyURINone, ua.MessageSecurityModeNone
	}
	endpoint, err := opcua.SelectEndpoint(endpoints, policy, mode)
	if err != nil || endpoint == nil {
		return nil, fmt.Errorf("no endpoint: %v", err)
	}
	key, certificate, err := identity()
	if err != nil {
		return nil, err
	}
	kind, login := ua.UserTokenTypeAnonymous, opcua.AuthAnonymous()
	if asked.User != "" {
		kind, login = ua.UserTokenTypeUserName, opcua.AuthUsername(asked.User, asked.Password)
	}
	client, err := opcua.NewClient(asked.URL, login, opcua.PrivateKey(key), opcua.Certificate(certificate),
		opcua.ApplicationURI(application), opcua.SecurityFromEndpoint(endpoint, kind), opcua.AutoReconnect(false))
	if err != nil {
		return nil, err
	}
	return client, client.Connect(ctx)
}

func browse(ctx context.Context, node *opcua.Node, depth int, found map[string]bool) error {
	if depth == 0 {
		return nil
	}
	below, err := node.ReferencedNodes(ctx, id.HierarchicalReferences, ua.BrowseDirectionForward, ua.NodeClassAll, true)
	if err != nil {
		return err
	}
	for _, one := range below {
		name := one.ID.StringID()
		if one.ID.Namespace() == 0 || found[name] {
			continue
		}
		found[name] = true
		if err := browse(ctx, one, depth-1, found); err != nil {
			return err
		}
	}
	return nil
}

// number is a value as JSON has it: none for what is no number.
func number(value any) any {
	if real, ok := value.(float64); ok && (math.IsNaN(real) || math.IsInf(real, 0)) {
		return nil
	}
	return value
}

// status is the name of a code as the specification has it.
func status(code ua.StatusCode) string {
	if code == ua.StatusOK {
		return "Good"
	}
	return strings.TrimPrefix(ua.StatusCodes[code].Name, "Status")
}

func property(ctx context.Context, node *opcua.Node) (any, error) {
	value, err := node.Value(ctx)
	if err != nil || value == nil {
		return nil, err
	}
	if object, ok := value.Value().(*ua.ExtensionObject); ok {
		return object.Value, nil
	}
	return value.Value(), nil
}

func tell(ctx context.Context, client *opcua.Client, asked task) error {
	at := func(name string) *opcua.Node {
		return client.Node(ua.MustParseNodeID(fmt.Sprintf("ns=%s;s=%s", asked.Namespace, name)))
	}
	tree := map[string]bool{}
	if err := browse(ctx, client.Node(ua.NewNumericNodeID(0, id.ObjectsFolder)), 7, tree); err != nil {
		return err
	}
	names := []string{}
	for name := range tree {
		names = append(names, name)
	}
	say("tree", said{"nodes": names})
	read, err := client.Read(ctx, &ua.ReadRequest{
		NodesToRead:        []*ua.ReadValueID{{NodeID: at(asked.Variable).ID, AttributeID: ua.AttributeIDValue}},
		TimestampsToReturn: ua.TimestampsToReturnBoth,
	})
	if err != nil {
		return err
	}
	value := read.Results[0]
	content := said{
		"value": number(value.Value.Value()), "type": strings.TrimPrefix(value.Value.Type().String(), "TypeID"),
		"status": status(value.Status), "source": value.SourceTimestamp.UTC().Format("2006-01-02T15:04:05.000Z"),
	}
	unit, err := property(ctx, at(asked.Variable+".EngineeringUnits"))
	if err != nil {
		return err
	}
	if known, ok := unit.(*ua.EUInformation); ok {
		content["unit"], content["unitId"] = known.DisplayName.Text, known.UnitID
	}
	if span, err := property(ctx, at(asked.Variable+".EURange")); err == nil {
		if known, ok := span.(*ua.Range); ok {
			content["low"], content["high"] = known.Low, known.High
		}
	}
	say("value", content)
	called, err := client.Call(ctx, &ua.CallMethodRequest{ObjectID: at(asked.Object).ID, MethodID: at(asked.Object + ".Start").ID})
	if err != nil {
		return err
	}
	say("called", said{"status": status(called.StatusCode)})
	return nil
}

func watch(ctx context.Context, client *opcua.Client, asked task) error {
	changes := make(chan *opcua.PublishNotificationData, 100)
	subscription, err := client.Subscribe(ctx, &opcua.SubscriptionParameters{Interval: 50 * time.Millisecond}, changes)
	if err != nil {
		return err
	}
	defer subscription.Cancel(context.Background())
	node := ua.MustParseNodeID(fmt.Sprintf("ns=%s;s=%s", asked.Namespace, asked.Variable))
	made, err := subscription.Monitor(ctx, ua.TimestampsToReturnBoth, opcua.NewMonitoredItemCreateRequestWithDefaults(node, ua.AttributeIDValue, 1))
	if err != nil {
		return err
	}
	if code := made.Results[0].StatusCode; code != ua.StatusOK {
		return code
	}
	for {
		select {
		case <-ctx.Done():
			return nil
		case change := <-changes:
			if change.Error != nil {
				return change.Error
			}
			notified, ok := change.Value.(*ua.DataChangeNotification)
			if !ok {
				continue
			}
			for _, item := range notified.MonitoredItems {
				content := said{"value": nil, "status": status(item.Value.Status)}
				if item.Value.Value != nil {
					content["value"] = number(item.Value.Value.Value())
				}
				say("change", content)
			}
		}
	}
}

func main() {
	var asked task
	if err := json.Unmarshal([]byte(os.Args[1]), &asked); err != nil {
		panic(err)
	}
	ctx, end := context.WithCancel(context.Background())
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		end()
	}()
	client, err := connected(ctx, asked)
	if err == nil {
		defer client.Close(context.Background())
		err = tell(ctx, client, asked)
	}
	if err == nil {
		err = watch(ctx, client, asked)
	}
	if err != nil && ctx.Err() == nil {
		say("refused", said{"error": err.Error()})
	}
}
