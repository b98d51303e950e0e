using System.Net;
using System.Text.Json.Nodes;

namespace Tenon.Sandbox.Tests.Kubernetes;

public sealed class ServiceTests(TestCluster cluster) : IClassFixture<TestCluster>
{
    private const int Limit = 30_000;

    private async Task<string> ServicesAsync() => $"/api/v1/namespaces/{await cluster.NamespaceAsync()}/services";

    private Task<Answer> MakeAsync(string path, string name, string spec) => cluster.Admin.PostAsync(path, new JsonObject
    {
        ["apiVersion"] = "v1", ["kind"] = "Service", ["metadata"] = new JsonObject { ["name"] = name }, ["spec"] = JsonNode.Parse(spec),
    }.ToJsonString());

    [Fact(Timeout = Limit)]
    public async Task A_service_gets_an_address_of_the_range_and_keeps_it()
    {
        string path = await ServicesAsync();

        Answer made = await MakeAsync(path, "a", """{"ports":[{"port":80}]}""");
        Answer replaced = await cluster.Admin.SendAsync("PUT", $"{path}/a",
            """{"apiVersion":"v1","kind":"Service","metadata":{"name":"a"},"spec":{"ports":[{"port":81}]}}""");

        made.Status.ShouldBe(201, made.Body.ToJsonString());
        IPNetwork.Parse("10.254.0.0/16").Contains(IPAddress.Parse(made.Text("spec", "clusterIP")!)).ShouldBeTrue();
        made.Text("spec", "clusterIPs", "0").ShouldBe(made.Text("spec", "clusterIP"));
        made.Text("spec", "ipFamilies", "0").ShouldBe("IPv4");
        made.Text("spec", "ipFamilyPolicy").ShouldBe("SingleStack");
        made.Text("status").ShouldBe("""{"loadBalancer":{}}""");
        replaced.Status.ShouldBe(200, replaced.Body.ToJsonString());
        replaced.Text("spec", "clusterIP").ShouldBe(made.Text("spec", "clusterIP"));
    }

    [Fact(Timeout = Limit)]
    public async Task A_wanted_address_is_given_once_and_again_when_it_is_free()
    {
        string path = await ServicesAsync();
        const string spec = """{"clusterIP":"10.254.77.7","ports":[{"port":80}]}""";

        Answer first = await MakeAsync(path, "a", spec);
        Answer second = await MakeAsync(path, "b", spec);
        await cluster.Admin.DeleteAsync($"{path}/a");
        Answer third = await MakeAsync(path, "b", spec);
        Answer outside = await MakeAsync(path, "c", """{"clusterIP":"192.168.1.1","ports":[{"port":80}]}""");

        first.Status.ShouldBe(201);
        second.Status.ShouldBe(422);
        second.Text("message").ShouldBe(
            "Service \"b\" is invalid: spec.clusterIPs: Invalid value: []string{\"10.254.77.7\"}: failed to allocate IP 10.254.77.7: provided IP is already allocated");
        third.Status.ShouldBe(201);
        outside.Text("message")!.ShouldEndWith("the provided IP (192.168.1.1) is not in the valid range. The range of valid IPs is 10.254.0.0/16");
    }

    [Fact(Timeout = Limit)]
    public async Task The_address_may_not_change()
    {
        string path = await ServicesAsync();
        await MakeAsync(path, "a", """{"ports":[{"port":80}]}""");

        Answer changed = await cluster.Admin.PatchAsync($"{path}/a", """{"spec":{"clusterIP":"10.254.9.9","clusterIPs":["10.254.9.9"]}}""");

        changed.Status.ShouldBe(422);
        changed.Text("message")!.ShouldContain("spec.clusterIPs[0]: Invalid value: []string{\"10.254.9.9\"}: may not change once set");
    }

    [Fact(Timeout = Limit)]
    public async Task Headless_and_external_services_have_no_address()
    {
        string path = await ServicesAsync();

        Answer headless = await MakeAsync(path, "h", """{"clusterIP":"None","selector":{"a":"b"},"ports":[{"port":80}]}""");
        Answer external = await MakeAsync(path, "e", """{"type":"ExternalName","externalName":"example.com"}""");

        headless.Text("spec", "clusterIP").ShouldBe("None");
        headless.Text("spec", "clusterIPs").ShouldBe("""["None"]""");
        external.Status.ShouldBe(201, external.Body.ToJsonString());
        external.Text("spec", "clusterIP").ShouldBeNull();
        external.Text("spec", "ipFamilies").ShouldBeNull();
    }

    [Fact(Timeout = Limit)]
    public async Task Node_ports_are_given_kept_and_taken_back()
    {
        string path = await ServicesAsync();

        Answer made = await MakeAsync(path, "a", """{"type":"LoadBalancer","ports":[{"name":"a","port":80},{"name":"b","port":81}]}""");
        Answer more = await cluster.Admin.PatchAsync($"{path}/a",
            """{"spec":{"ports":[{"name":"a","port":80},{"name":"b","port":81},{"name":"c","port":82}]}}""");
        Answer plain = await cluster.Admin.PatchAsync($"{path}/a", """{"spec":{"type":"ClusterIP"}}""");

        int port = made.At("spec", "ports", "0", "nodePort")!.GetValue<int>();
        port.ShouldBeInRange(30000, 32767);
        more.Text("spec", "ports", "0", "nodePort").ShouldBe(port.ToString());
        more.At("spec", "ports", "2", "nodePort")!.GetValue<int>().ShouldBeInRange(30000, 32767);
        plain.Status.ShouldBe(200, plain.Body.ToJsonString());
        plain.Text("spec", "ports", "0", "nodePort").ShouldBeNull();
        plain.Text("spec", "allocateLoadBalancerNodePorts").ShouldBeNull();
        plain.Text("spec", "externalTrafficPolicy").ShouldBeNull();
    }

    [Fact(Timeout = Limit)]
    public async Task A_wanted_node_port_is_given_once()
    {
        string path = await ServicesAsync();

        Answer first = await MakeAsync(path, "a", """{"type":"NodePort","ports":[{"port":80,"nodePort":31555}]}""");
        Answer second = await MakeAsync(path, "b", """{"type":"NodePort","ports":[{"port":80,"nodePort":31555}]}""");
        Answer low = await MakeAsync(path, "c", """{"type":"NodePort","ports":[{"port":80,"nodePort":80}]}""");
        Answer both = await MakeAsync(path, "d",
            """{"type":"NodePort","ports":[{"name":"t","port":53,"nodePort":31556},{"name":"u","port":53,"nodePort":31556,"protocol":"UDP"}]}""");

        first.Status.ShouldBe(201);
        second.Text("message").ShouldBe("Service \"b\" is invalid: spec.ports[0].nodePort: Invalid value: 31555: provided port is already allocated");
        low.Text("message").ShouldBe(
            "Service \"c\" is invalid: spec.ports[0].nodePort: Invalid value: 80: provided port is not in the valid range. The range of valid ports is 30000-32767");
        both.Status.ShouldBe(201, both.Body.ToJsonString());
    }

    [Fact(Timeout = Limit)]
    public async Task Local_traffic_needs_a_port_for_health_checks()
    {
        string path = await ServicesAsync();

        Answer local = await MakeAsync(path, "a", """{"type":"LoadBalancer","externalTrafficPolicy":"Local","ports":[{"port":80}]}""");
        Answer kept = await cluster.Admin.PatchAsync($"{path}/a", """{"metadata":{"labels":{"x":"y"}}}""");
        Answer everywhere = await cluster.Admin.PatchAsync($"{path}/a", """{"spec":{"externalTrafficPolicy":"Cluster"}}""");

        int port = local.At("spec", "healthCheckNodePort")!.GetValue<int>();
        port.ShouldBeInRange(30000, 32767);
        kept.Text("spec", "healthCheckNodePort").ShouldBe(port.ToString());
        everywhere.Status.ShouldBe(200, everywhere.Body.ToJsonString());
        everywhere.Text("spec", "healthCheckNodePort").ShouldBeNull();
    }

    [Fact(Timeout = Limit)]
    public async Task Node_ports_may_be_left_out()
    {
        Answer made = await MakeAsync(await ServicesAsync(), "a", """{"type":"LoadBalancer","allocateLoadBalancerNodePorts":false,"ports":[{"port":80}]}""");

        made.Status.ShouldBe(201);
        made.Text("spec", "ports", "0", "nodePort").ShouldBeNull();
    }

    [Fact(Timeout = Limit)]
    public async Task A_dry_run_takes_nothing()
    {
        string path = await ServicesAsync();
        const string spec = """{"type":"NodePort","clusterIP":"10.254.66.6","ports":[{"port":80,"nodePort":31777}]}""";

        Answer dry = await MakeAsync(path + "?dryRun=All", "a", spec);
        Answer real = await MakeAsync(path, "b", spec);

        dry.Status.ShouldBe(201);
        real.Status.ShouldBe(201, real.Body.ToJsonString());
    }

    [Fact(Timeout = Limit)]
    public async Task The_load_balancers_address_is_status()
    {
        string path = await ServicesAsync();
        await MakeAsync(path, "a", """{"type":"LoadBalancer","ports":[{"port":80}]}""");

        Answer status = await cluster.Admin.PatchAsync($"{path}/a/status", """{"status":{"loadBalancer":{"ingress":[{"ip":"203.0.113.5"}]}}}""");
        Answer table = await cluster.Admin.GetAsync(path, "application/json;as=Table;v=v1;g=meta.k8s.io,application/json");

        status.Status.ShouldBe(200, status.Body.ToJsonString());
        status.Text("status", "loadBalancer", "ingress", "0", "ip").ShouldBe("203.0.113.5");
        string[] headings = [.. table.At("columnDefinitions")!.AsArray().Select(c => c!["name"]!.GetValue<string>())];
        headings.ShouldBe(["Name", "Type", "Cluster-IP", "External-IP", "Port(s)", "Age", "Selector"]);
        table.Text("rows", "0", "cells", "3").ShouldBe("203.0.113.5");
    }

    [Fact(Timeout = Limit)]
    public async Task The_api_server_has_a_service()
    {
        Answer service = await cluster.Admin.GetAsync("/api/v1/namespaces/default/services/kubernetes");

        service.Text("spec", "clusterIP").ShouldBe("10.254.0.1");
        (await cluster.Admin.GetAsync("/apis/discovery.k8s.io/v1/namespaces/default/endpointslices/kubernetes")).Status.ShouldBe(200);
    }
}

public sealed class DualStackServiceTests
{
    [Fact(Timeout = 30_000)]
    public async Task Families_follow_policy_addresses_and_each_other()
    {
        await using SandboxHost host = await SandboxHost.StartAsync(
            new SandboxOptions { SeedWorld = false, Controllers = "none", DualStack = true }, TestContext.Current.CancellationToken);

        JsonObject both = Make(host, "both", """{"ipFamilyPolicy":"RequireDualStack","ports":[{"port":80}]}""");
        JsonObject six = Make(host, "six", """{"ipFamilies":["IPv6"],"ports":[{"port":80}]}""");
        JsonObject preferred = Make(host, "preferred", """{"ipFamilyPolicy":"PreferDualStack","ipFamilies":["IPv6"],"ports":[{"port":80}]}""");
        JsonObject single = Make(host, "single", """{"ports":[{"port":80}]}""");

        Families(both).ShouldBe("IPv4,IPv6");
        both["spec"]!["clusterIPs"]!.AsArray().Count.ShouldBe(2);
        IPAddress.Parse(both["spec"]!["clusterIPs"]![1]!.GetValue<string>()).AddressFamily.ShouldBe(System.Net.Sockets.AddressFamily.InterNetworkV6);
        Families(six).ShouldBe("IPv6");
        Families(preferred).ShouldBe("IPv6,IPv4");
        Families(single).ShouldBe("IPv4");
    }

    private static string Families(JsonObject service) => string.Join(',', service["spec"]!["ipFamilies"]!.AsArray().Select(f => f!.GetValue<string>()));

    private static JsonObject Make(SandboxHost host, string name, string spec) => host.Kubernetes.Objects.Create(new JsonObject
    {
        ["apiVersion"] = "v1", ["kind"] = "Service", ["metadata"] = new JsonObject { ["name"] = name, ["namespace"] = "default" }, ["spec"] = JsonNode.Parse(spec),
    }).Document;
}
