using System.Text.Json.Nodes;
using Tenon.Kubernetes.Client;
using Tenon.Kubernetes.Objects;

namespace Tenon.Network.Tests.Control;

/// <summary>One object that is not as it should be keeps nobody else from getting a port.</summary>
[Trait("tier", "slow")]
public sealed class OddObjectTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact(Timeout = 120_000)]
    public async Task Two_nodes_that_say_they_are_one_machine_keep_no_pod_from_its_port()
    {
        await using NetworkHarness world = await NetworkHarness.CreateAsync(Ct);
        string? machine = (await world.Kubernetes.GetAsync<Node>(new("", "node-1"), Ct))!.Spec.ProviderId;
        await world.Kubernetes.CreateAsync(new Node { Metadata = new ObjectMeta { Name = "twin" }, Spec = new NodeSpec { ProviderId = machine } }, Ct);
        await world.StartAsync();
        await world.AddPodAsync("a");
        await world.AddPodAsync("b", "node-2");
        await world.UntilPluggedAsync(2);
        await world.UntilAsync(async () => (await world.EventsAsync("twin")).Any(e => e.Contains("is that of node node-1 too", StringComparison.Ordinal)), () => "the event of the twin");
    }

    [Fact(Timeout = 120_000)]
    public async Task What_is_no_address_keeps_no_pod_from_its_port()
    {
        await using NetworkHarness world = await NetworkHarness.CreateAsync(Ct);
        var address = new JsonObject { ["type"] = "InternalIP", ["address"] = "worker.example" };
        await world.Kubernetes.PatchAsync<Node>(new("", "node-2"), Patch.Merge(new JsonObject { ["status"] = new JsonObject { ["addresses"] = new JsonArray(address) } }), Ct, new WriteOptions { Subresource = "status" });
        await world.Kubernetes.CreateAsync(new Service
        {
            Metadata = new ObjectMeta { Namespace = "default", Name = "outside" },
            Spec = new ServiceSpec { Ports = [new ServicePort { Port = 443, Protocol = "TCP" }] },
        }, Ct);
        await world.Kubernetes.CreateAsync(new EndpointSlice
        {
            Metadata = new ObjectMeta { Namespace = "default", Name = "outside", Labels = new Dictionary<string, string> { [EndpointSlice.ServiceNameLabel] = "outside" } },
            AddressType = "FQDN",
            Endpoints = [new Endpoint { Addresses = ["db.example.com"] }],
            Ports = [new EndpointPort { Port = 443, Protocol = "TCP" }],
        }, Ct);
        await world.Kubernetes.CreateAsync(new NetworkPolicy
        {
            Metadata = new ObjectMeta { Namespace = "default", Name = "isolating" },
            Spec = new NetworkPolicySpec { PolicyTypes = ["Egress"], Egress = [new() { To = [new() { IpBlock = new() { Cidr = "192.0.2.0/24" } }] }] },
        }, Ct);
        await world.StartAsync();
        await world.AddPodAsync("a");
        await world.UntilPluggedAsync(1);
        await world.UntilAsync(async () => (await world.EventsAsync("node-2")).Any(e => e.StartsWith("AddressUnreadable", StringComparison.Ordinal)), () => "the event of the node");
    }
}
