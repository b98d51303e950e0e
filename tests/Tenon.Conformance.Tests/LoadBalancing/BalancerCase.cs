using System.Text.Json;
using System.Text.Json.Nodes;
using Tenon.Conformance.Tests.Support;

namespace Tenon.Conformance.Tests.LoadBalancing;

/// <summary>One case on one side: calls to Octavia, each once the load balancer rests, and deletion of what was made.</summary>
public sealed class BalancerCase : IAsyncDisposable
{
    /// <summary>The service type.</summary>
    public const string Service = "load-balancer";

    /// <summary>The provider that both sides have.</summary>
    public const string Ovn = "ovn";

    /// <summary>An ID that nothing has.</summary>
    public const string Nobody = "00000000-0000-4000-8000-000000000001";

    private readonly BalancerWorld.Shared _shared;

    internal BalancerCase(CloudSide cloud, Scratch scratch, BalancerWorld.Shared shared, string provider)
        => (Cloud, Scratch, _shared, Provider) = (cloud, scratch, shared, provider);

    /// <summary>The side.</summary>
    public CloudSide Cloud { get; }

    /// <summary>What the case made.</summary>
    public Scratch Scratch { get; }

    /// <summary>The provider of load balancers of this case.</summary>
    public string Provider { get; }

    /// <summary>The only algorithm of OVN, else the usual one.</summary>
    public string Algorithm => Provider == Ovn ? "SOURCE_IP_PORT" : "ROUND_ROBIN";

    /// <summary>A network with one subnet.</summary>
    public string NetworkId => _shared.NetworkId;

    /// <summary>The subnet, 10.71.0.0/24.</summary>
    public string SubnetId => _shared.SubnetId;

    /// <summary>GET below <c>/v2/lbaas</c>.</summary>
    public Task<Answer> GetAsync(string path) => Cloud.Member.GetAsync(Service, Path(path));

    /// <summary>POST.</summary>
    public Task<Answer> PostAsync(string path, object body) => Cloud.Member.PostAsync(Service, Path(path), body);

    /// <summary>PUT.</summary>
    public Task<Answer> PutAsync(string path, object? body) => Cloud.Member.PutAsync(Service, Path(path), body);

    /// <summary>DELETE.</summary>
    public Task<Answer> DeleteAsync(string path) => Cloud.Member.DeleteAsync(Service, Path(path));

    /// <summary>Asks to make a load balancer in the shared subnet; nothing is demanded of the answer. What was made is deleted.</summary>
    public async Task<Answer> TryBalancerAsync(object more)
    {
        Answer answer = await PostAsync("loadbalancers", new JsonObject
        {
            ["loadbalancer"] = Merge(new { name = Scratch.Name, vip_subnet_id = SubnetId, provider = Provider }, more),
        });
        if (answer.Status == 201) Forget($"loadbalancers/{answer["loadbalancer/id"]}?cascade=true");
        return answer;
    }

    /// <summary>Makes a load balancer and waits until it is ACTIVE.</summary>
    /// <returns>The answer to the create.</returns>
    public async Task<Answer> MakeBalancerAsync(object? more = null)
    {
        Answer made = await TryBalancerAsync(more ?? new { });
        made.ShouldBe(201);
        await ActiveAsync(made["loadbalancer/id"]!);
        return made;
    }

    /// <summary>The load balancer that the cases of the class share; it is ACTIVE.</summary>
    public async Task<string> SharedBalancerAsync()
    {
        if (!_shared.Balancers.TryGetValue(Provider, out string? id))
        {
            Answer made = await PostAsync("loadbalancers", new { loadbalancer = new { name = _shared.Scratch.Name, vip_subnet_id = SubnetId, provider = Provider } });
            made.ShouldBe(201);
            _shared.Balancers[Provider] = id = made["loadbalancer/id"]!;
            _shared.Scratch.Forget(Service, Path($"loadbalancers/{id}?cascade=true"));
        }

        await ActiveAsync(id);
        return id;
    }

    /// <summary>Makes a listener, pool or monitor of a load balancer and waits until that is ACTIVE again.</summary>
    /// <param name="balancer">The load balancer.</param>
    /// <param name="path">The collection, such as <c>listeners</c> or <c>pools/ID/members</c>.</param>
    /// <param name="one">The name of one in the body.</param>
    /// <param name="body">The fields.</param>
    /// <returns>The answer to the create.</returns>
    public async Task<Answer> MakeAsync(string balancer, string path, string one, object body)
    {
        Answer made = await ChangeAsync(balancer, () => PostAsync(path, new JsonObject { [one] = Merge(body, new { }) }));
        made.ShouldBe(201);
        Forget($"{path}/{made[$"{one}/id"]}");
        return made;
    }

    /// <summary>
    /// Has a thing deleted with the case, and waited for until it is gone: ovn splits the deletion of a pool into requests of which each leaves the load
    /// balancer ACTIVE, and what is left of them would end the next case's waits too early.
    /// </summary>
    /// <param name="path">The thing below <c>/v2/lbaas</c>, with the query that its deletion needs.</param>
    public void Forget(string path) => Scratch.Undo(path, async () =>
    {
        Answer deleted = await DeleteAsync(path);
        if (deleted.Status == 204) await GoneAsync(path.Split('?')[0]);
        return deleted;
    });

    /// <summary>Makes a TCP listener.</summary>
    public async Task<string> MakeListenerAsync(string balancer, int port, object? more = null)
        => (await MakeAsync(balancer, "listeners", "listener", Merge(new { loadbalancer_id = balancer, protocol = "TCP", protocol_port = port, name = Scratch.Name }, more ?? new { })))["listener/id"]!;

    /// <summary>Makes a TCP pool that belongs to the load balancer alone, or to a listener that <paramref name="more"/> names.</summary>
    public async Task<string> MakePoolAsync(string balancer, object? more = null)
        => (await MakeAsync(balancer, "pools", "pool", Merge(new { loadbalancer_id = balancer, protocol = "TCP", lb_algorithm = Algorithm, name = Scratch.Name }, more ?? new { })))["pool/id"]!;

    /// <summary>Makes a Neutron port in the shared subnet, for a member to live at.</summary>
    /// <returns>Its address.</returns>
    public async Task<string> MakeMemberPortAsync()
    {
        Answer port = await Scratch.MakeAsync(
            "network", "/v2.0/ports", new { port = new { name = Scratch.Name, network_id = NetworkId, fixed_ips = new[] { new { subnet_id = SubnetId } } } });
        return port["port/fixed_ips/0/ip_address"]!;
    }

    /// <summary>A change once the load balancer rests, and the wait until it rests again.</summary>
    public async Task<Answer> ChangeAsync(string balancer, Func<Task<Answer>> change)
    {
        await ActiveAsync(balancer);
        Answer answer = await change();
        await ActiveAsync(balancer);
        return answer;
    }

    /// <summary>
    /// Waits until a load balancer is ACTIVE and none of its parts is being made, changed or deleted: ovn splits trees and batches into requests of which each
    /// leaves the load balancer ACTIVE. A listener that is being updated and a monitor do not count: ovn forgets both at times, which cases show.
    /// </summary>
    /// <returns>The load balancer.</returns>
    public Task<Answer> ActiveAsync(string balancer)
        => Scratch.UntilAsync(() => UnfinishedAsync(balancer), a => a["loadbalancer/provisioning_status"] == "ACTIVE", "ACTIVE with all its parts");

    /// <summary>Waits until a path answers 404.</summary>
    public Task<Answer> GoneAsync(string path) => Scratch.UntilAsync(() => GetAsync(path), a => a.Status == 404, "gone");

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => Scratch.DisposeAsync();

    /// <summary>One object with the fields of both; the second decides.</summary>
    public static JsonObject Merge(object fields, object more)
    {
        JsonObject all = Node(fields);
        foreach ((string name, JsonNode? value) in Node(more)) all[name] = value?.DeepClone();
        return all;
    }

    /// <summary>The load balancer, or the parts of an ACTIVE one that are not finished.</summary>
    private async Task<Answer> UnfinishedAsync(string balancer)
    {
        Answer whole = await GetAsync($"loadbalancers/{balancer}");
        if (whole["loadbalancer/provisioning_status"] != "ACTIVE") return whole;
        if (whole.List("loadbalancer/listeners").Count > 0)
        {
            Answer listeners = await GetAsync($"listeners?loadbalancer_id={balancer}");
            if (listeners.Status != 200 || listeners.List("listeners").Any(l => Provisioning(l) is "PENDING_CREATE" or "PENDING_DELETE")) return listeners;
        }

        if (whole.List("loadbalancer/pools").Count == 0) return whole;
        Answer pools = await GetAsync($"pools?loadbalancer_id={balancer}");
        if (pools.Status != 200 || pools.List("pools").Any(Pending)) return pools;
        foreach (JsonObject pool in pools.List("pools").Where(p => p["members"]!.AsArray().Count > 0))
        {
            Answer members = await GetAsync($"pools/{pool["id"]}/members");
            if (members.Status != 200 || members.List("members").Any(Pending)) return members;
        }

        return whole;
    }

    private static string Provisioning(JsonObject part) => part["provisioning_status"]!.ToString();

    private static bool Pending(JsonObject part) => Provisioning(part).StartsWith("PENDING_", StringComparison.Ordinal);

    private static JsonObject Node(object fields) => (JsonObject)(fields as JsonObject ?? JsonSerializer.SerializeToNode(fields)!).DeepClone();

    private static string Path(string path) => $"/v2/lbaas/{path}";
}

/// <summary>What Octavia's errors are asked for.</summary>
internal static class OctaviaAnswers
{
    /// <summary>Demands an error in Octavia's own form.</summary>
    public static Answer ShouldFault(this Answer answer, int status, string message)
    {
        answer.ShouldBe(status);
        answer["faultcode"].ShouldBe(status < 500 ? "Client" : "Server");
        answer["faultstring"].ShouldBe(message);
        return answer;
    }
}
