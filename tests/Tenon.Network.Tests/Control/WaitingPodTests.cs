using System.Text.Json.Nodes;
using Tenon.Kubernetes.Client;
using Tenon.Kubernetes.Objects;
using Tenon.Network.Contracts;
using Tenon.Sandbox.Measures;

namespace Tenon.Network.Tests.Control;

/// <summary>No pod waits without a word, and what can be done about it by an operator is enough.</summary>
[Trait("tier", "slow")]
public sealed class WaitingPodTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact(Timeout = 120_000)]
    public async Task A_pod_whose_name_a_dead_node_keeps_is_told_and_gets_its_port_when_the_node_is_out_of_service()
    {
        await using NetworkHarness world = await NetworkHarness.CreateAsync(Ct);
        await world.StartAsync();
        await world.AddPodAsync("a");
        await world.UntilPluggedAsync(1);
        world.Agents.Dead.Add("node-1");
        await world.DeletePodAsync("a");
        await world.AddPodAsync("a", "node-2");
        await TellAsync(world, "a", "FormerPodPlugged: PodPort default/a is still that of an earlier pod");
        var taint = new JsonObject { ["key"] = "node.kubernetes.io/out-of-service", ["value"] = "nodeshutdown", ["effect"] = "NoExecute" };
        await world.Kubernetes.PatchAsync<Node>(new("", "node-1"), Patch.Merge(new JsonObject { ["spec"] = new JsonObject { ["taints"] = new JsonArray(taint) } }), Ct);
        await world.UntilAsync(() => world.Agents.PodPorts.Get(new("default", "a")) is { Spec.Node: "node-2", IsPlugged: true }, () => "the pod on the other node to be plugged");
    }

    [Fact(Timeout = 120_000)]
    public async Task A_PodPort_that_somebody_deletes_is_renewed_and_the_pod_told()
    {
        await using NetworkHarness world = await NetworkHarness.CreateAsync(Ct);
        await world.StartAsync();
        await world.AddPodAsync("a");
        await world.UntilPluggedAsync(1);
        string before = world.Agents.PodPorts.Get(new("default", "a"))!.Metadata.Uid;
        await world.Kubernetes.DeleteAsync<PodPort>(new("default", "a"), Ct);
        await world.UntilAsync(() => world.Agents.PodPorts.Get(new("default", "a")) is { IsPlugged: true, Metadata: { IsBeingDeleted: false } now } && now.Uid != before, () => "a new PodPort");
        await TellAsync(world, "a", "PodPortDeleted: somebody deleted the pod's PodPort");
    }

    [Fact(Timeout = 120_000)]
    public async Task A_PodPort_that_may_not_be_written_is_said_at_the_pod()
    {
        await using NetworkHarness world = await NetworkHarness.CreateAsync(Ct);
        await world.StartAsync();
        world.Sandbox.Faults.Add(new FaultRule { Id = "rbac", Service = "kubernetes", Method = "POST", Path = "/podports", Status = 403 });
        await world.AddPodAsync("a");
        await TellAsync(world, "a", "PodPortRefused: the API server refuses the pod's PodPort");
        world.Sandbox.Faults.Remove("rbac").ShouldBeTrue();
        await world.UntilPluggedAsync(1);
    }

    [Fact(Timeout = 120_000)]
    public async Task A_pod_of_a_network_of_several_ranges_gets_an_address_of_the_one_that_is_known_or_is_told()
    {
        await using NetworkHarness world = await NetworkHarness.CreateAsync(Ct);
        string network = Make(world, "networks", "network", new JsonObject { ["name"] = "both", ["shared"] = true });
        string project = (string)world.List("network", "/v2.0/networks?name=both", "networks")[0]!["project_id"]!;
        foreach (string range in (string[])["10.97.0.0/28", "10.97.1.0/28"]) Make(world, "subnets", "subnet", new JsonObject { ["network_id"] = network, ["cidr"] = range, ["ip_version"] = 4 });
        await world.Kubernetes.CreateAsync(new VirtualNetwork { Metadata = new ObjectMeta { Namespace = "default", Name = "both" }, Spec = new VirtualNetworkSpec { NetworkRef = "both" } }, Ct);
        await world.StartAsync();
        await world.AddPodAsync("a", label: "both");
        await world.UntilPluggedAsync(1);
        string known = (await world.Kubernetes.GetAsync<VirtualNetwork>(new("default", "both"), Ct))!.Status!.Subnets.ShouldHaveSingleItem().Id;

        // Somebody takes all the rest of it.
        int status;
        do
        {
            var port = new JsonObject { ["network_id"] = network, ["project_id"] = project, ["fixed_ips"] = new JsonArray(new JsonObject { ["subnet_id"] = known }) };
            status = world.Sandbox.OpenStack.Send("network", "POST", "/v2.0/ports", new JsonObject { ["port"] = port }).Status;
        }
        while (status == 201);
        await world.AddPodAsync("b", label: "both");
        await TellAsync(world, "b", "QuotaExceeded: the cloud has no more ports or addresses");
        await world.AddPodAsync("c", "node-2");
        await world.UntilPluggedAsync(2);
    }

    private static string Make(NetworkHarness world, string path, string kind, JsonObject what)
        => (string)world.Sandbox.OpenStack.Send("network", "POST", $"/v2.0/{path}", new JsonObject { [kind] = what }).Value[kind]!["id"]!;

    private static Task TellAsync(NetworkHarness world, string pod, string what)
        => world.UntilAsync(async () => (await world.EventsAsync(pod)).Any(e => e.StartsWith(what, StringComparison.Ordinal)), () => $"the event {what}");
}
