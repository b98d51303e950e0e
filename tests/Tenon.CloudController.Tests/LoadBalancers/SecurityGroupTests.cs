using System.Text.Json.Nodes;
using Tenon.CloudController.LoadBalancers;
using Tenon.Kubernetes.Objects;
using Tenon.Sandbox.Measures;
using static Tenon.CloudController.Tests.LoadBalancers.ServiceExamples;
using Outcome = Tenon.Core.Outcome;

namespace Tenon.CloudController.Tests.LoadBalancers;

/// <summary>The security group of a Service on the nodes' ports: managed on request, or as a stand-in for allowed CIDRs.</summary>
public sealed class SecurityGroupTests
{
    private const string Group = "lb-sg-0e7c8f0a-1111-4222-8333-444455556666-default-web";

    private static LoadBalancerOptions Managed { get; } = new() { ManageSecurityGroups = true };

    [Fact(Timeout = 60_000)]
    public async Task Node_ports_are_opened_to_the_members_subnet_and_follow_the_service()
    {
        await using CloudHarness harness = await CloudHarness.StartAsync(Managed);
        await harness.PutAsync(Service(spec: """{"ports": [{"name": "a", "port": 80, "nodePort": 30080}, {"name": "b", "port": 53, "protocol": "UDP", "nodePort": 30053}], "externalTrafficPolicy": "Local", "healthCheckNodePort": 32000}"""));

        ((string)harness.ServiceGroups.Single()!["name"]!).ShouldBe(Group);
        ((string)harness.ServiceGroups.Single()!["description"]!).ShouldBe("Security Group for default/web Service LoadBalancer in cluster kubernetes");
        harness.LetIn.ShouldBe(["ingress IPv4 tcp 30080 10.0.0.0/16", "ingress IPv4 tcp 32000 10.0.0.0/16", "ingress IPv4 udp 30053 10.0.0.0/16"]);
        await harness.PutAsync(Service(spec: """{"ports": [{"name": "a", "port": 80, "nodePort": 31111}, {"name": "c", "port": 81, "protocol": "SCTP", "nodePort": 30081}]}"""));
        harness.LetIn.ShouldBe(["ingress IPv4 sctp 30081 10.0.0.0/16", "ingress IPv4 tcp 31111 10.0.0.0/16"]);
        await harness.DeleteAsync("web");

        harness.ServiceGroups.ShouldBeEmpty();
        harness.GroupsOf(1).ShouldBeEmpty();
    }

    [Fact(Timeout = 60_000)]
    public async Task The_ports_of_nodes_that_join_get_it_and_those_of_nodes_that_leave_lose_it()
    {
        await using CloudHarness harness = await CloudHarness.StartAsync(Managed);
        await harness.PutAsync(Service());
        harness.GroupsOf(1).ShouldBe([Group]);

        harness.AddNode(3);
        await harness.SettleAsync("web");
        harness.GroupsOf(3).ShouldBe([Group]);

        Node leaving = harness.Cluster.Nodes[0];
        harness.Cluster.Nodes[0] = leaving with { Metadata = leaving.Metadata with { Labels = new Dictionary<string, string> { [NodeMembers.ExclusionLabel] = "" } } };
        await harness.SettleAsync("web");
        harness.GroupsOf(1).ShouldBeEmpty();
        harness.Pools.Single()!["members"]!.AsArray().Count.ShouldBe(2);

        harness.Cluster.Nodes.RemoveAll(n => n.Metadata.Name == "node-2");
        harness.Sandbox.OpenStack.Send("network", "DELETE", $"/v2.0/ports/{PortOf(harness, 2)}").Expect();
        (await harness.SettleAsync("web")).ShouldBe(Outcome.Done);
        harness.Pools.Single()!["members"]!.AsArray().Count.ShouldBe(1);
        await harness.DeleteAsync("web");
        harness.GroupsOf(3).ShouldBeEmpty();
    }

    [Fact(Timeout = 60_000)]
    public async Task Groups_that_others_put_on_a_port_stay_and_a_port_without_port_security_is_left_alone()
    {
        await using CloudHarness harness = await CloudHarness.StartAsync(Managed);
        string other = (string)harness.Post("network", "/v2.0/security-groups", "security_group", new() { ["name"] = "other" })["id"]!;
        SetPort(harness, 1, new() { ["security_groups"] = new JsonArray(other) });
        SetPort(harness, 2, new() { ["security_groups"] = new JsonArray(), ["port_security_enabled"] = false });

        await harness.PutAsync(Service());
        Groups(1).Length.ShouldBe(2);
        Groups(2).ShouldBeEmpty();
        await harness.DeleteAsync("web");

        Groups(1).ShouldBe([other]);

        string[] Groups(int node) => [.. harness.List("network", "/v2.0/ports", "ports").Single(p => (string)p!["name"]! == $"node-{node}")!["security_groups"]!.AsArray().Select(g => (string)g!)];
    }

    [Fact(Timeout = 60_000)]
    public async Task On_ovn_ranges_are_kept_by_a_group_that_follows_them_and_goes_with_them()
    {
        await using CloudHarness harness = await CloudHarness.StartAsync(provider: "ovn");
        await harness.PutAsync(Service());
        harness.ServiceGroups.ShouldBeEmpty();

        await harness.PutAsync(Service(spec: """{"loadBalancerSourceRanges": ["198.51.100.0/24", "203.0.113.0/25"]}"""));
        harness.LetIn.ShouldBe(["ingress IPv4 tcp 30080 198.51.100.0/24", "ingress IPv4 tcp 30080 203.0.113.0/25"]);
        harness.GroupsOf(2).ShouldBe([Group]);
        await harness.PutAsync(Service(spec: """{"loadBalancerSourceRanges": ["203.0.113.0/25", "2001:db8::/32"]}"""));
        harness.LetIn.ShouldBe(["ingress IPv4 tcp 30080 203.0.113.0/25"]);
        harness.Cluster.Events.ShouldContain(e => e.Reason == ServiceEvents.SourceRangesIgnored && e.Message.Contains("other IP family", StringComparison.Ordinal));
        await harness.PutAsync(Service(spec: """{"loadBalancerSourceRanges": ["2001:db8::/32"]}"""));
        harness.LetIn.ShouldBe(["ingress IPv4 tcp 30080 127.0.0.1/32"]);
        await harness.PutAsync(Service());

        harness.ServiceGroups.ShouldBeEmpty();
        harness.GroupsOf(2).ShouldBeEmpty();
    }

    [Fact(Timeout = 60_000)]
    public async Task On_ovn_a_managed_group_opens_to_the_ranges_or_to_everybody()
    {
        await using CloudHarness harness = await CloudHarness.StartAsync(Managed, provider: "ovn");
        await harness.PutAsync(Service());
        harness.LetIn.ShouldBe(["ingress IPv4 tcp 30080 0.0.0.0/0"]);

        await harness.PutAsync(Service(spec: """{"loadBalancerSourceRanges": ["198.51.100.0/24"]}"""));

        harness.LetIn.ShouldBe(["ingress IPv4 tcp 30080 198.51.100.0/24"]);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_provider_that_refuses_allowed_cidrs_is_found_out_once_and_groups_take_their_place()
    {
        await using CloudHarness harness = await CloudHarness.StartAsync();
        harness.Sandbox.Faults.Add(Refusal("POST", "/loadbalancers"));
        await harness.PutAsync(Service(spec: """{"loadBalancerSourceRanges": ["198.51.100.0/24"]}"""));
        harness.Listeners.Single()!["allowed_cidrs"].ShouldBeNull();
        harness.LetIn.ShouldBe(["ingress IPv4 tcp 30080 198.51.100.0/24"]);

        await harness.PutAsync(Service(spec: """{"loadBalancerSourceRanges": ["203.0.113.0/24"]}"""));
        harness.LetIn.ShouldBe(["ingress IPv4 tcp 30080 203.0.113.0/24"]);
        harness.Sandbox.Calls.Clear();
        await harness.PutAsync(Service(name: "second"));
        harness.Calls(writes: true).Select(c => c.Status).ShouldBe([201, 201]);
        harness.Cluster.Events.ShouldNotContain(e => e.Reason == ServiceEvents.SyncFailed);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_provider_that_refuses_them_on_an_update_is_found_out_as_well()
    {
        await using CloudHarness harness = await CloudHarness.StartAsync();
        await harness.PutAsync(Service());
        harness.Sandbox.Faults.Add(Refusal("PUT", "/listeners/"));

        (await harness.PutAsync(Service(spec: """{"loadBalancerSourceRanges": ["198.51.100.0/24"]}"""))).ShouldBe(Outcome.Done);

        harness.LetIn.ShouldBe(["ingress IPv4 tcp 30080 198.51.100.0/24"]);
        await harness.DeleteAsync("web");
        harness.ServiceGroups.ShouldBeEmpty();
    }

    [Fact(Timeout = 60_000)]
    public async Task A_group_that_is_not_asked_for_any_more_goes_after_a_restart()
    {
        await using CloudHarness harness = await CloudHarness.StartAsync();
        string id = (string)harness.Post("network", "/v2.0/security-groups", "security_group", new() { ["name"] = Group, ["description"] = "Security Group for default/web Service LoadBalancer in cluster kubernetes" })["id"]!;
        SetPort(harness, 1, new() { ["security_groups"] = new JsonArray(id) });

        await harness.PutAsync(Service());

        harness.ServiceGroups.ShouldBeEmpty();
        harness.GroupsOf(1).ShouldBeEmpty();
    }

    private static FaultRule Refusal(string method, string path) => new()
    {
        Service = "load-balancer", Method = method, Path = path, Times = 1, Status = 501,
        Body = """{"faultcode": "Server", "faultstring": "Provider 'x' does not support a requested option: this provider does not support allowed_cidrs option", "debuginfo": null}""",
    };

    private static void SetPort(CloudHarness harness, int node, JsonObject changes)
        => harness.Sandbox.OpenStack.Send("network", "PUT", $"/v2.0/ports/{PortOf(harness, node)}", new JsonObject { ["port"] = changes }).Expect();

    private static string PortOf(CloudHarness harness, int node)
        => (string)harness.List("network", "/v2.0/ports", "ports").Single(p => (string)p!["name"]! == $"node-{node}")!["id"]!;
}
