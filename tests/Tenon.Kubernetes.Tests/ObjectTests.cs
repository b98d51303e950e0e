using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Tenon.Kubernetes.Client;
using Tenon.Kubernetes.Objects;

namespace Tenon.Kubernetes.Tests;

public sealed class ObjectTests
{
    private static string Json<T>(T item) => Encoding.UTF8.GetString(KubernetesJson.Serialize(item));

    private static T Parse<T>(string json) => KubernetesJson.Deserialize<T>(Encoding.UTF8.GetBytes(json));

    [Fact]
    public void A_whole_service_survives_reading_and_writing()
    {
        const string Text = """
            {"apiVersion":"v1","kind":"Service","metadata":{"name":"web","namespace":"default","uid":"u","resourceVersion":"5","generation":2,
              "creationTimestamp":"2026-01-01T10:00:00Z","labels":{"a":"b"},"annotations":{"loadbalancer.openstack.org/class":"gold"},
              "finalizers":["service.kubernetes.io/load-balancer-cleanup"],
              "ownerReferences":[{"apiVersion":"v1","kind":"X","name":"y","uid":"z","controller":true}]},
             "spec":{"type":"LoadBalancer","ports":[{"name":"http","protocol":"TCP","appProtocol":"http","port":80,"targetPort":"web","nodePort":30080},
               {"name":"dns","protocol":"UDP","port":53,"targetPort":5353}],"selector":{"app":"web"},"clusterIP":"10.0.0.1","clusterIPs":["10.0.0.1"],
               "externalIPs":["192.0.2.1"],"ipFamilies":["IPv4"],"ipFamilyPolicy":"SingleStack","loadBalancerIP":"192.0.2.9",
               "loadBalancerSourceRanges":["198.51.100.0/24"],"loadBalancerClass":"x/y","allocateLoadBalancerNodePorts":false,
               "externalTrafficPolicy":"Local","internalTrafficPolicy":"Cluster","trafficDistribution":"PreferClose","healthCheckNodePort":31000,
               "sessionAffinity":"ClientIP","sessionAffinityConfig":{"clientIP":{"timeoutSeconds":0}},"publishNotReadyAddresses":true},
             "status":{"loadBalancer":{"ingress":[{"ip":"192.0.2.9","hostname":"h","ipMode":"VIP","ports":[{"port":80,"protocol":"TCP","error":"e"}]}]},
               "conditions":[{"type":"T","status":"True","reason":"R","message":"M","lastTransitionTime":"2026-01-01T10:00:00Z","observedGeneration":2}]}}
            """;
        Service service = Parse<Service>(Text);
        service.Spec.Ports[0].TargetPort!.Value.Text.ShouldBe("web");
        service.Spec.Ports[1].TargetPort!.Value.Number.ShouldBe(5353);
        JsonNode.DeepEquals(JsonNode.Parse(Json(service)), JsonNode.Parse(Text)).ShouldBeTrue(Json(service));
    }

    [Fact]
    public void A_node_survives_and_what_is_not_modelled_is_dropped()
    {
        Node node = Parse<Node>("""
            {"metadata":{"name":"node-1","managedFields":[{"manager":"kubelet"}]},
             "spec":{"providerID":"openstack:///x","podCIDR":"10.1.0.0/24","podCIDRs":["10.1.0.0/24"],"unschedulable":true,
                     "taints":[{"key":"k","effect":"NoSchedule","timeAdded":"2026-01-01T10:00:00Z"}]},
             "status":{"addresses":[{"type":"InternalIP","address":"10.0.0.5"}],"allocatable":{"cpu":"3900m","memory":"2Gi"},
                       "nodeInfo":{"machineID":"m","systemUUID":"s","kubeletVersion":"v1.32.0"},
                       "conditions":[{"type":"Ready","status":"True","lastHeartbeatTime":"2026-01-01T10:00:00Z"}],
                       "images":[{"names":["a","b"],"sizeBytes":5}]}}
            """);
        node.Spec.ProviderId.ShouldBe("openstack:///x");
        node.Spec.PodCidrs.ShouldBe(["10.1.0.0/24"]);
        node.Status.Allocatable["cpu"].Value.ShouldBe(3.9m);
        node.Status.Allocatable["memory"].Value.ShouldBe(2147483648m);
        node.Status.NodeInfo!.SystemUuid.ShouldBe("s");
        string json = Json(node);
        json.ShouldNotContain("images");
        json.ShouldNotContain("managedFields");
        json.ShouldContain("\"providerID\"");
        json.ShouldContain("\"podCIDRs\"");
        json.ShouldContain("\"machineID\"");
    }

    [Fact]
    public void Nothing_set_is_nothing_written()
    {
        Json(new ConfigMap()).ShouldBe("""{"apiVersion":"v1","kind":"ConfigMap","metadata":{}}""");
        Parse<Service>("{}").Spec.Ports.ShouldBeEmpty();
        Parse<Service>("""{"spec":{"ports":null,"selector":null}}""").Spec.Selector.ShouldBeEmpty();
    }

    [Fact]
    public void A_lease_keeps_six_decimals_and_an_empty_holder()
    {
        var when = new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);
        string json = Json(new Lease { Spec = new() { HolderIdentity = "", RenewTime = when, LeaseTransitions = 0 } });
        json.ShouldContain("\"renewTime\":\"2026-01-02T03:04:05.000000Z\"");
        json.ShouldContain("\"holderIdentity\":\"\"");
        json.ShouldContain("\"leaseTransitions\":0");
        Parse<Lease>(json).Spec.RenewTime.ShouldBe(when);
    }

    [Fact]
    public void A_secret_is_readable_by_key_and_never_printed()
    {
        KubernetesSecret secret = Parse<KubernetesSecret>("""{"metadata":{"name":"s","namespace":"n"},"type":"Opaque","data":{"password":"aHVudGVyMg=="}}""");
        secret.Text("password")!.Reveal().ShouldBe("hunter2");
        secret.Text("nothing").ShouldBeNull();
        secret.ToString().ShouldBe("Secret n/s [password]");
        Json(secret).ShouldContain("aHVudGVyMg==");
    }

    [Theory]
    [InlineData("0", 0)]
    [InlineData("1.5", 1.5)]
    [InlineData("500m", 0.5)]
    [InlineData("1e3", 1000)]
    [InlineData("2k", 2000)]
    [InlineData("3Mi", 3145728)]
    [InlineData("1E", 1e18)]
    public void Quantities_are_numbers(string text, double value) => new Quantity(text).Value.ShouldBe((decimal)value);

    [Theory]
    [InlineData("")]
    [InlineData("many")]
    [InlineData("5x")]
    public void A_malformed_quantity_says_so(string text) => Should.Throw<FormatException>(() => new Quantity(text).Value);

    [Fact]
    public void A_patch_between_two_states_mentions_only_what_differs()
    {
        var before = new Service
        {
            Metadata = new() { Name = "s", Namespace = "n", ResourceVersion = "7", Finalizers = ["a"], Annotations = new Dictionary<string, string> { ["x"] = "1", ["y"] = "2" } },
            Spec = new() { Type = "LoadBalancer" },
        };
        Service after = before with
        {
            Metadata = before.Metadata with { Finalizers = [], Annotations = new Dictionary<string, string> { ["x"] = "1", ["z"] = "3" } },
        };
        Patch.Between(before, before).ShouldBeNull();
        Patch patch = Patch.Between(before, after, ifUnchanged: true)!;
        JsonNode.DeepEquals(
            JsonNode.Parse(patch.Body.Span),
            JsonNode.Parse("""{"metadata":{"finalizers":null,"annotations":{"y":null,"z":"3"},"resourceVersion":"7"}}""")).ShouldBeTrue();
    }

    [Fact]
    public void Selectors_match_labels()
    {
        var labels = new Dictionary<string, string> { ["app"] = "web", ["tier"] = "front" };
        new LabelSelector().Matches(labels).ShouldBeTrue();
        LabelSelector With(string op, params string[] values) => new() { MatchExpressions = [new() { Key = "tier", Operator = op, Values = values }] };
        With("In", "front", "back").Matches(labels).ShouldBeTrue();
        With("NotIn", "front").Matches(labels).ShouldBeFalse();
        With("Exists").Matches(labels).ShouldBeTrue();
        With("DoesNotExist").Matches(labels).ShouldBeFalse();
        With("Surprise").Matches(labels).ShouldBeFalse();
        new LabelSelector { MatchLabels = new Dictionary<string, string> { ["app"] = "db" } }.Matches(labels).ShouldBeFalse();
    }

    public sealed record WidgetSpec
    {
        public int Size { get; init; }
    }

    public sealed record WidgetStatus
    {
        public string? Phase { get; init; }
    }

    public sealed record Widget() : CustomResource<WidgetSpec, WidgetStatus>(Resource), IReplaceable
    {
        public static ResourceType Resource { get; } = new("example.org", "v1", "Widget", "widgets", Namespaced: true);
    }

    [Fact]
    public void A_custom_resource_needs_only_its_own_record()
    {
        string json = Json(new Widget { Metadata = new() { Name = "w", Namespace = "n" }, Spec = new() { Size = 3 } });
        JsonNode.DeepEquals(JsonNode.Parse(json), JsonNode.Parse(
            """{"apiVersion":"example.org/v1","kind":"Widget","metadata":{"name":"w","namespace":"n"},"spec":{"size":3}}""")).ShouldBeTrue(json);
        Parse<Widget>(json).Spec.Size.ShouldBe(3);
        ObjectReference.To(Parse<Widget>(json)).ShouldBe(
            new ObjectReference { ApiVersion = "example.org/v1", Kind = "Widget", Namespace = "n", Name = "w" });
    }

    [Fact]
    public void Applying_claims_only_what_is_set()
    {
        var service = new Service { Metadata = new() { Name = "s", Namespace = "n" }, Status = new() { LoadBalancer = new() } };
        Encoding.UTF8.GetString(Patch.Apply(service).Body.Span)
            .ShouldBe("""{"apiVersion":"v1","kind":"Service","metadata":{"name":"s","namespace":"n"}}""");
    }

    [Fact]
    public void Five_hundred_nodes_and_a_thousand_services_are_small_in_memory()
    {
        string image = string.Join(',', Enumerable.Range(0, 50).Select(i => $$"""{"names":["registry.example/image-{{i}}@sha256:{{new string('a', 64)}}"],"sizeBytes":{{i}}}"""));
        string managed = "[{\"manager\":\"kubelet\",\"fieldsV1\":{\"f:a\":\"" + new string('x', 2000) + "\"}}]";
        string labels = string.Join(',', Enumerable.Range(0, 15).Select(i => $"\"label.example/{i}\":\"value-{i}\""));
        byte[] node = Encoding.UTF8.GetBytes("{\"metadata\":{\"name\":\"node\",\"labels\":{" + labels + "},\"managedFields\":" + managed
            + "},\"spec\":{\"providerID\":\"openstack:///0f3c\"},\"status\":{\"addresses\":[{\"type\":\"InternalIP\",\"address\":\"10.0.0.1\"}],"
            + "\"capacity\":{\"cpu\":\"4\",\"memory\":\"8Gi\",\"pods\":\"110\"},\"images\":[" + image + "]}}");
        byte[] service = Encoding.UTF8.GetBytes("{\"metadata\":{\"name\":\"web\",\"namespace\":\"default\",\"annotations\":{" + labels + "},\"managedFields\":" + managed
            + "},\"spec\":{\"type\":\"LoadBalancer\",\"ports\":[{\"port\":80,\"nodePort\":30000},{\"port\":443,\"nodePort\":30001}]}}");
        KubernetesJson.Deserialize<Node>(node);
        KubernetesJson.Deserialize<Service>(service);
        long before = GC.GetTotalMemory(forceFullCollection: true);
        Node[] nodes = [.. Enumerable.Range(0, 500).Select(_ => KubernetesJson.Deserialize<Node>(node))];
        Service[] services = [.. Enumerable.Range(0, 1000).Select(_ => KubernetesJson.Deserialize<Service>(service))];
        long used = GC.GetTotalMemory(forceFullCollection: true) - before;
        GC.KeepAlive(nodes);
        GC.KeepAlive(services);
        used.ShouldBeLessThan(16 * 1024 * 1024);
    }

    [Fact]
    public void Broken_json_is_a_json_failure() => Should.Throw<JsonException>(() => Parse<Node>("""{"spec":{"taints":5}}"""));
}
