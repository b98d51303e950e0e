using Tenon.Core;
using Tenon.Kubernetes.Objects;
using Tenon.LoadBalancing;
using Tenon.Network.Contracts;
using Tenon.Network.Policies;

namespace Tenon.Network.Services;

/// <summary>Where the load balancers of Services go.</summary>
/// <param name="Cluster">The cluster's name.</param>
/// <param name="Provider">The Octavia provider; <see langword="null"/> is the cloud's default.</param>
/// <param name="Subnets">The subnets of the service network.</param>
/// <param name="FloatingNetworkId">The external network of floating IPs; <see langword="null"/> gives none.</param>
public sealed record VipSurroundings(string Cluster, string? Provider, EquatableArray<VirtualSubnet> Subnets, string? FloatingNetworkId)
{
    /// <summary>The external networks that there are, for people.</summary>
    public EquatableArray<string> ExternalNetworks { get; init; }

    /// <summary>Whether the provider takes allowed CIDRs.</summary>
    public bool AllowedCidrs { get; init; }

    /// <summary>The ranges behind the service network's router: pods, nodes, machines. They reach a virtual IP whatever the source ranges.</summary>
    public EquatableArray<string> Inside { get; init; }

    /// <summary>Whether pods see the clients' addresses.</summary>
    public bool KeepsClientAddress => Provider == OctaviaProviders.Ovn;
}

/// <summary>The load balancers that stand for a Service's virtual IPs, one an address: Octavia lets only the first of a load balancer be chosen. Pure.</summary>
public static class ServiceVips
{
    private const string Prefix = "kube_vip_";
    private const int Limit = 255;
    private static readonly bool[] s_families = [false, true];

    /// <summary>Whether a Service has virtual IPs that are ours to serve.</summary>
    public static bool IsWanted(Service service)
    {
        ArgumentNullException.ThrowIfNull(service);
        return !service.Metadata.IsBeingDeleted && service.Spec.Type != "ExternalName" && !PolicySources.VirtualIpsOf(service).IsEmpty
            && !service.Metadata.Labels.ContainsKey("service.kubernetes.io/service-proxy-name");
    }

    /// <summary>The names and marks of a Service's load balancers, enough to find and to remove them: one a family.</summary>
    public static EquatableArray<DesiredLoadBalancer> Identities(string cluster, Service service) => [.. s_families.Select(v6 => Kept(cluster, service, v6))];

    /// <summary>The names and marks of load balancers that a Service may have had and has no virtual IP for any more: those of families that it gave up.</summary>
    public static IEnumerable<DesiredLoadBalancer> Unneeded(string cluster, Service service)
    {
        HashSet<bool> needed = [.. PolicySources.VirtualIpsOf(service).Select(AddressRanges.IsV6)];
        return s_families.Where(v6 => !needed.Contains(v6)).Select(v6 => Kept(cluster, service, v6));
    }

    /// <summary>The load balancers that a Service should have.</summary>
    /// <param name="service">The Service.</param>
    /// <param name="slices">Its endpoints.</param>
    /// <param name="around">Where they go.</param>
    /// <param name="subnetOf">The subnet of an endpoint; <see langword="null"/> where the cloud shows none.</param>
    /// <param name="exposure">Who reaches it from outside.</param>
    /// <returns>The load balancers; and why there is none for an address, for an event.</returns>
    public static (EquatableArray<DesiredLoadBalancer> LoadBalancers, string? Problem) Of(
        Service service, IReadOnlyCollection<EndpointSlice> slices, VipSurroundings around, Func<Endpoint, bool, string?> subnetOf, VipExposure exposure)
    {
        ArgumentNullException.ThrowIfNull(exposure);
        ArgumentNullException.ThrowIfNull(service);
        ArgumentNullException.ThrowIfNull(around);
        var made = new List<DesiredLoadBalancer>();
        string? problem = null;
        foreach (string address in PolicySources.VirtualIpsOf(service))
        {
            bool v6 = AddressRanges.IsV6(address);
            if (around.Subnets.FirstOrDefault(s => AddressRanges.Parse(s.Cidr).Contains(System.Net.IPAddress.Parse(address))) is not { } subnet)
            {
                problem = $"the virtual IP {address} is in no range of the service network ({string.Join(", ", around.Subnets.Select(s => s.Cidr))}): give --service-cidr as the API server has it";
                continue;
            }

            EndpointSlice[] ofFamily = OfFamily(slices, v6);
            DesiredLoadBalancer identity = Identity(around.Cluster, service.Metadata.Key, v6);
            bool ovn = around.KeepsClientAddress;
            // OVN's driver refuses a member without a subnet, and asks no further of one with.
            string? SubnetFor(Endpoint endpoint) => subnetOf(endpoint, v6) ?? (ovn ? subnet.Id : null);
            made.Add(identity with
            {
                Provider = around.Provider,
                Vip = new VipPlacement { SubnetId = subnet.Id, Address = address, IsFixed = true },
                Listeners = [.. service.Spec.Ports.Select((port, index) => Listener(service, ofFamily, identity.Name, port, index, ovn, SubnetFor) with { AllowedCidrs = Sources(exposure, around, v6) })],
                FloatingIp = exposure.IsPublic && !v6 ? identity.FloatingIp! with { NetworkId = exposure.FloatingNetworkId, Address = exposure.FloatingAddress } : null,
                KeepFloatingIp = exposure.KeepFloatingIp,
                Build = ovn ? BuildMode.PopulatedWithoutMonitors : BuildMode.Populated,
            });
        }

        return (made.ToEquatableArray(), problem);
    }

    /// <summary>Where a port of a virtual IP leads: the members that its pool should have.</summary>
    /// <param name="service">The Service.</param>
    /// <param name="slices">Its endpoints.</param>
    /// <param name="port">Its port.</param>
    /// <param name="v6">Of which family.</param>
    public static IEnumerable<PoolMember> MembersOf(Service service, IEnumerable<EndpointSlice> slices, ServicePort port, bool v6)
    {
        ArgumentNullException.ThrowIfNull(service);
        ArgumentNullException.ThrowIfNull(port);
        return Members(service, OfFamily(slices, v6), port, _ => null);
    }

    /// <summary>Who may connect; <see langword="null"/> where the provider cannot tell, or nothing is to be told.</summary>
    private static EquatableArray<string>? Sources(VipExposure exposure, VipSurroundings around, bool v6)
    {
        if (!around.AllowedCidrs || !exposure.IsExternal) return null;
        return exposure.SourceRanges.IsEmpty
            ? [v6 ? "::/0" : "0.0.0.0/0"]
            : [.. exposure.SourceRanges.Concat(around.Inside).Where(r => AddressRanges.IsV6(r) == v6).Distinct().Order(StringComparer.Ordinal)];
    }

    private static DesiredLoadBalancer Kept(string cluster, Service service, bool v6) => Identity(cluster, service.Metadata.Key, v6) with
    {
        KeepFloatingIp = service.Metadata.Annotations.GetValueOrDefault(ServiceExposure.KeepFloatingIpAnnotation) == "true",
    };

    private static DesiredLoadBalancer Identity(string cluster, NamespacedName service, bool v6)
    {
        string name = BoundedName.Fit($"{Prefix}{cluster}_{service.Namespace}_{service.Name}{(v6 ? "_v6" : "")}", Limit);
        string floating = $"Floating IP for Kubernetes virtual IP of {service} from cluster ";
        return new DesiredLoadBalancer
        {
            Name = name,
            OwnerTag = name,
            OwnerTagPrefix = Prefix,
            Description = BoundedName.Fit($"Kubernetes Service {service} from cluster {cluster}", Limit),
            OwnFloatingIpPrefix = floating,
            FloatingIp = v6 ? null : new DesiredFloatingIp { Description = BoundedName.Fit(floating + cluster, Limit) }, // IPv6 has none
        };
    }

    private static DesiredListener Listener(Service service, EndpointSlice[] slices, string name, ServicePort port, int index, bool ovn, Func<Endpoint, string?> subnetOf) => new()
    {
        Name = BoundedName.Fit($"listener_{index}_{name}", Limit),
        Protocol = port.Protocol,
        Port = port.Port,
        Pool = new DesiredPool
        {
            Name = BoundedName.Fit($"pool_{index}_{name}", Limit),
            Protocol = port.Protocol,
            Algorithm = ovn ? "SOURCE_IP_PORT" : "ROUND_ROBIN",
            SourceIpPersistence = service.Spec.SessionAffinity == "ClientIP",
            Members = MemberSet.Of(Members(service, slices, port, subnetOf)),
        },
    };

    private static EndpointSlice[] OfFamily(IEnumerable<EndpointSlice> slices, bool v6) => [.. slices.Where(s => s.AddressType == (v6 ? "IPv6" : "IPv4"))];

    /// <summary>Endpoints that are ready; where none is, those that still serve while they end. Others are drained: no new connection goes to them.</summary>
    private static IEnumerable<PoolMember> Members(Service service, EndpointSlice[] slices, ServicePort port, Func<Endpoint, string?> subnetOf)
    {
        (Endpoint Endpoint, int Port)[] all =
        [
            .. from slice in slices
               from target in slice.Ports
               where (target.Name ?? "") == (port.Name ?? "") && (target.Protocol ?? "TCP") == port.Protocol && target.Port is not null
               from endpoint in slice.Endpoints
               where endpoint.Addresses.Count > 0
               select (endpoint, target.Port!.Value),
        ];
        var serving = all.Where(e => service.Spec.PublishNotReadyAddresses || e.Endpoint.Conditions.Ready != false).ToArray();
        if (serving.Length == 0) serving = [.. all.Where(e => e.Endpoint.Conditions is { Serving: not false, Terminating: true })];
        return serving.DistinctBy(e => (e.Endpoint.Addresses[0], e.Port)).OrderBy(e => e.Endpoint.Addresses[0], StringComparer.Ordinal)
            .Select(e => new PoolMember(new MemberTarget(e.Endpoint.TargetRef?.Name ?? e.Endpoint.Addresses[0], e.Endpoint.Addresses[0], subnetOf(e.Endpoint)), e.Port));
    }
}
