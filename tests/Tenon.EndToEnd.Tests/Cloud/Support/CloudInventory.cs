using System.Text.Json.Nodes;
using Tenon.Conformance.Tests.Support;

namespace Tenon.EndToEnd.Tests.Cloud.Support;

/// <summary>One thing that a project owns.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Id">Its ID; a key pair's is its name.</param>
/// <param name="Document">All that the cloud says of it.</param>
internal sealed record CloudThing(CloudKind Kind, string Id, JsonObject Document)
{
    /// <summary>A field as text, empty where it is absent.</summary>
    public string this[string field] => Document[field]?.ToString() ?? "";

    /// <inheritdoc/>
    public override string ToString() => $"{Kind.Name} {Id} \"{this["name"]}\" {this["description"]} {this["device_owner"]}".TrimEnd();
}

/// <summary>A kind of thing, and the list that has all of a project's.</summary>
/// <param name="Name">In words.</param>
/// <param name="Service">The service type.</param>
/// <param name="Path">The list.</param>
/// <param name="Key">The name of the list in the answer.</param>
internal sealed record CloudKind(string Name, string Service, string Path, string Key)
{
    public static readonly CloudKind FloatingIp = Network("floating IP", "floatingips");
    public static readonly CloudKind LoadBalancer = Balancing("load balancer", "loadbalancers");
    public static readonly CloudKind Listener = Balancing("listener", "listeners");
    public static readonly CloudKind Pool = Balancing("pool", "pools");
    public static readonly CloudKind HealthMonitor = Balancing("health monitor", "healthmonitors");
    public static readonly CloudKind Member = new("member", "load-balancer", "", "members");
    public static readonly CloudKind Server = new("server", "compute", "/servers", "servers");
    public static readonly CloudKind ServerGroup = new("server group", "compute", "/os-server-groups", "server_groups");
    public static readonly CloudKind KeyPair = new("key pair", "compute", "/os-keypairs", "keypairs");
    public static readonly CloudKind Volume = new("volume", "block-storage", "/volumes", "volumes");
    public static readonly CloudKind Snapshot = new("snapshot", "block-storage", "/snapshots", "snapshots");
    public static readonly CloudKind Trunk = Network("trunk", "trunks");
    public static readonly CloudKind Router = Network("router", "routers");
    public static readonly CloudKind Port = Network("port", "ports");
    public static readonly CloudKind Subnet = Network("subnet", "subnets");
    public static readonly CloudKind NetworkItself = Network("network", "networks");
    public static readonly CloudKind SecurityGroup = Network("security group", "security-groups");

    /// <summary>Every kind that has a list of its own, in an order in which they can be deleted.</summary>
    public static readonly CloudKind[] All =
    [
        FloatingIp, LoadBalancer, Listener, Pool, HealthMonitor, Snapshot, Server, ServerGroup, KeyPair, Volume, Trunk, Router, Port, Subnet, NetworkItself, SecurityGroup,
    ];

    private static CloudKind Network(string name, string list) => new(name, "network", $"/v2.0/{list}", list.Replace('-', '_'));

    private static CloudKind Balancing(string name, string list) => new(name, "load-balancer", $"/v2/lbaas/{list}", list);
}

/// <summary>Lists everything that a project owns, of whatever kind and by whomever it was made.</summary>
internal static class CloudInventory
{
    /// <summary>Everything but the security group that every project has.</summary>
    public static async Task<List<CloudThing>> ListAsync(Wire member)
    {
        var found = new List<CloudThing>();
        IReadOnlyList<CloudThing>[] lists = await Task.WhenAll(CloudKind.All.Where(k => member.Offers(k.Service)).Select(k => ListAsync(member, k)));
        foreach (CloudThing thing in lists.SelectMany(l => l))
        {
            if (thing.Kind == CloudKind.SecurityGroup && thing["name"] == "default") continue;
            found.Add(thing);
            if (thing.Kind != CloudKind.Pool) continue;
            Answer members = await member.GetAsync("load-balancer", $"{CloudKind.Pool.Path}/{thing.Id}/members");
            if (members.Status == 200) found.AddRange(members.List("members").Select(m => new CloudThing(CloudKind.Member, m["id"]!.ToString(), m)));
        }

        return found;
    }

    /// <summary>All of one kind.</summary>
    public static async Task<IReadOnlyList<CloudThing>> ListAsync(Wire member, CloudKind kind)
    {
        // The networking API shows shared and external networks too; the others keep to the token's project.
        string path = kind.Service == "network" ? $"{kind.Path}?project_id={member.ProjectId}" : kind.Path;
        return [.. (await member.GetAsync(kind.Service, path)).ShouldBe(200).List(kind.Key).Select(o => Thing(kind, o))];
    }

    private static CloudThing Thing(CloudKind kind, JsonObject document)
    {
        JsonObject inner = document["keypair"] as JsonObject ?? document;
        return new(kind, (inner["id"] ?? inner["name"])!.ToString(), inner);
    }
}
