using System.Runtime.CompilerServices;
using Tenon.Core;
using Tenon.Kubernetes.Objects;
using Tenon.OpenStack;
using Tenon.OpenStack.KeyManager;
using Tenon.OpenStack.LoadBalancing;
using Tenon.OpenStack.Networking;

namespace Tenon.CloudController.Tests.LoadBalancers;

/// <summary>
/// The cloud in which every case of <c>cases/</c> plays; <c>$NAME</c> in a case stands for the ID of what has the name. Network <c>nodes</c> has the subnets <c>nodes-4</c>
/// (10.0.0.0/24) and <c>nodes-6</c> (fd00::/64), network <c>other</c> the subnet <c>other-4</c>; the external networks are <c>public</c>, the
/// default one (subnets <c>public-a</c> tagged red, <c>public-b</c> tagged blue and gold), and <c>dmz</c> (<c>dmz-a</c>). Nodes <c>node-1</c>
/// (env=production) and <c>node-2</c> (env=test) have an address of each family.
/// </summary>
internal sealed class CaseCloud(string version, IReadOnlyList<string> providers) : INetworkReader, IPortReader, ILoadBalancerCapabilities, IKeyManagerReader
{
    private static readonly string[] Names = ["nodes", "other", "public", "dmz", "nodes-4", "nodes-6", "other-4", "public-a", "public-b", "dmz-a"];

    private static readonly Network[] Networks =
    [
        Network("nodes", "nodes-4", "nodes-6"),
        Network("other", "other-4"),
        Network("public", "public-a", "public-b") with { External = true, IsDefault = true },
        Network("dmz", "dmz-a") with { External = true },
    ];

    private static readonly Subnet[] Subnets =
    [
        Subnet("nodes-4", "nodes", "10.0.0.0/24"),
        Subnet("nodes-6", "nodes", "fd00::/64") with { IpVersion = 6 },
        Subnet("other-4", "other", "10.1.0.0/24"),
        Subnet("public-a", "public", "203.0.113.0/25") with { Tags = ["red"] },
        Subnet("public-b", "public", "203.0.113.128/25") with { Tags = ["blue", "gold"] },
        Subnet("dmz-a", "dmz", "198.51.100.0/24"),
    ];

    public static IReadOnlyList<Node> Nodes { get; } = [Node(1, "production"), Node(2, "test")];

    public static EquatableArray<string> NodePorts => ["port-1", "port-2"];

    /// <summary>Puts IDs where a case has <c>$NAME</c>.</summary>
    public static string WithIds(string text) => Names.OrderByDescending(n => n.Length).Aggregate(text, (t, n) => t.Replace($"${n}", Id(n), StringComparison.Ordinal));

    /// <summary>Puts names where a result has IDs.</summary>
    public static string WithNames(string text) => Names.Aggregate(text, (t, n) => t.Replace(Id(n), n, StringComparison.Ordinal));

    public Task<LoadBalancerFeatures> GetFeaturesAsync(CancellationToken cancellationToken)
    {
        int[] parts = [.. version.Split('.').Select(int.Parse)];
        return Task.FromResult(new LoadBalancerFeatures(new ApiVersion(parts[0], parts[1])));
    }

    public Task<EquatableArray<Provider>> ListProvidersAsync(CancellationToken cancellationToken)
        => Task.FromResult<EquatableArray<Provider>>([.. providers.Select(p => new Provider(p, ""))]);

    public Task<Network?> GetNetworkAsync(string networkId, CancellationToken cancellationToken) => Task.FromResult(Array.Find(Networks, n => n.Id == networkId));

    public Task<Subnet?> GetSubnetAsync(string subnetId, CancellationToken cancellationToken) => Task.FromResult(Array.Find(Subnets, s => s.Id == subnetId));

    public IAsyncEnumerable<Network> ListNetworksAsync(NetworkQuery query, CancellationToken cancellationToken)
        => Each(Networks.Where(n => query.External is null || n.External == query.External), cancellationToken);

    public IAsyncEnumerable<Subnet> ListSubnetsAsync(SubnetQuery query, CancellationToken cancellationToken)
        => Each(Subnets.Where(s => query.NetworkIds.IsEmpty || query.NetworkIds.Contains(s.NetworkId)), cancellationToken);

    public IAsyncEnumerable<Port> ListPortsAsync(PortQuery query, CancellationToken cancellationToken) => Each(
        Enumerable.Range(1, Nodes.Count).Where(i => query.DeviceIds.Contains($"server-{i}")).Select(i => new Port
        {
            Id = $"port-{i}", DeviceId = $"server-{i}", FixedIps = [new FixedIp(Id("nodes-4"), $"10.0.0.{i}"), new FixedIp(Id("nodes-6"), $"fd00::{i}")],
        }), cancellationToken);

    public Task<bool> ExistsAsync(string reference, CancellationToken cancellationToken) => Task.FromResult(!reference.EndsWith("/missing", StringComparison.Ordinal));

    public IAsyncEnumerable<SubnetPool> ListSubnetPoolsAsync(CancellationToken cancellationToken) => Each<SubnetPool>([], cancellationToken);

    public IAsyncEnumerable<Router> ListRoutersAsync(RouterQuery query, CancellationToken cancellationToken) => Each<Router>([], cancellationToken);

    public Task<Router?> GetRouterAsync(string routerId, CancellationToken cancellationToken) => Task.FromResult<Router?>(null);

    public Task<Port?> GetPortAsync(string portId, CancellationToken cancellationToken) => Task.FromResult<Port?>(null);

    public Task<EquatableArray<LoadBalancerFlavor>> ListFlavorsAsync(CancellationToken cancellationToken) => Task.FromResult<EquatableArray<LoadBalancerFlavor>>([]);

    public Task<EquatableArray<LoadBalancerZone>> ListZonesAsync(CancellationToken cancellationToken) => Task.FromResult<EquatableArray<LoadBalancerZone>>([]);

    public Task<LoadBalancerQuota> GetQuotaAsync(string projectId, CancellationToken cancellationToken) => throw new NotSupportedException("No case asks for quotas.");

    private static async IAsyncEnumerable<T> Each<T>(IEnumerable<T> items, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await Task.CompletedTask;
        foreach (T item in items)
        {
            cancellationToken.ThrowIfCancellationRequested();
            yield return item;
        }
    }

    private static string Id(string name) => $"5e000000-0000-4000-8000-{Array.IndexOf(Names, name):d12}";

    private static Network Network(string name, params string[] subnets) => new() { Id = Id(name), Name = name, SubnetIds = [.. subnets.Select(Id)] };

    private static Subnet Subnet(string name, string network, string cidr) => new() { Id = Id(name), Name = name, NetworkId = Id(network), Cidr = cidr };

    private static Node Node(int number, string env) => new()
    {
        Metadata = new ObjectMeta { Name = $"node-{number}", Labels = new Dictionary<string, string> { ["env"] = env } },
        Spec = new NodeSpec { ProviderId = $"openstack:///server-{number}" },
        Status = new NodeStatus { Addresses = [new("InternalIP", $"10.0.0.{number}"), new("InternalIP", $"fd00::{number}")] },
    };
}
