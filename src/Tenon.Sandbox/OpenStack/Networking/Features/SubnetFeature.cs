using System.Collections.Immutable;
using Tenon.Sandbox.OpenStack.Http;
using Tenon.Sandbox.OpenStack.Identity;
using Tenon.Sandbox.OpenStack.Networking.Addressing;
using Tenon.Sandbox.OpenStack.Networking.Attributes;
using Tenon.Sandbox.OpenStack.Networking.Resources;

namespace Tenon.Sandbox.OpenStack.Networking.Features;

/// <summary>Subnets.</summary>
internal sealed class SubnetFeature(NetworkState state)
{
    private const int MostNameServers = 5;
    private const int MostHostRoutes = 20;

    public void Map(RouteTable routes) => new ResourceApi<Subnet>
    {
        Type = NetworkTypes.Subnets,
        Path = "subnets",
        Table = state.Subnets,
        State = state,
        NotFound = Faults.SubnetNotFound,
        Sees = NetworkState.Sees,
        Owns = (token, subnet) => token.MaySee(subnet.ProjectId) || token.Owns(subnet.Network.ProjectId),
        Create = Create,
        Update = Update,
        Delete = Delete,
    }.Map(routes);

    /// <summary>Deletes a subnet whose addresses nobody holds; addresses that configure themselves go with it.</summary>
    public void Delete(Subnet subnet)
    {
        bool Holds(Port port) => port.FixedIps.Any(a => a.Subnet == subnet);
        if (subnet.Network.Ports.Any(p => Holds(p) && p.DeviceOwner != NeutronOwners.Distributed && (!subnet.AutoAddress || p.DeviceOwner.StartsWith("network:", StringComparison.Ordinal))))
        {
            throw Faults.Conflict(
                "SubnetInUse", $"Unable to complete operation on subnet {subnet.Id}: One or more ports have an IP allocation from this subnet.");
        }

        foreach (Port port in subnet.Network.Ports.Where(Holds))
            port.FixedIps = [.. port.FixedIps.Where(a => a.Subnet != subnet)];
        subnet.Network.Subnets.Remove(subnet);
        state.Subnets.Remove(subnet.Id);
    }

    /// <summary>The pools of a subnet that names none: all its hosts but the gateway.</summary>
    internal static ImmutableArray<IpRange> DefaultPools(Prefix cidr, Ip? gateway)
    {
        bool small = cidr.Version == 4 ? cidr.Length >= 31 : cidr.Length >= 127;
        Ip first = small ? cidr.First : cidr.First + 1;
        Ip last = small || cidr.Version == 6 ? cidr.Last : cidr.Last - 1;
        if (gateway is not { } gate || gate < first || gate > last) return [new IpRange(first, last)];
        var pools = ImmutableArray.CreateBuilder<IpRange>();
        if (gate > first) pools.Add(new IpRange(first, gate - 1));
        if (gate < last) pools.Add(new IpRange(gate + 1, last));
        return pools.ToImmutable();
    }

    private static void CheckPools(ImmutableArray<IpRange> pools, Prefix cidr, Ip? gateway)
    {
        Ip first = cidr.First + (cidr.Version == 4 && cidr.Length >= 31 ? UInt128.Zero : UInt128.One);
        Ip last = cidr.Version == 4 && cidr.Length < 31 ? cidr.Last - 1 : cidr.Last;
        foreach (IpRange pool in pools)
        {
            if (pool.Start.Version != cidr.Version || pool.End.Version != cidr.Version || pool.End < pool.Start)
            {
                throw Faults.Invalid(
                    "InvalidAllocationPool", $"The allocation pool {{'start': '{pool.Start}', 'end': '{pool.End}'}} is not valid.");
            }

            if (pool.Start < first || pool.End > last)
                throw Faults.Invalid("OutOfBoundsAllocationPool", $"The allocation pool {pool} spans beyond the subnet cidr {cidr}.");
        }

        for (int i = 0; i < pools.Length; i++)
        {
            for (int j = i + 1; j < pools.Length; j++)
            {
                if (!pools[i].Overlaps(pools[j])) continue;
                throw Faults.Conflict(
                    "OverlappingAllocationPools", $"Found overlapping allocation pools: {pools[i]} {pools[j]} for subnet {cidr}.");
            }
        }

        CheckGateway(pools, gateway);
    }

    private static void CheckGateway(ImmutableArray<IpRange> pools, Ip? gateway)
    {
        foreach (IpRange pool in pools)
        {
            if (gateway is { } gate && gate.Version == pool.Start.Version && pool.Contains(gate))
                throw Faults.Conflict("GatewayConflictWithAllocationPools", $"Gateway ip {gate} conflicts with allocation pool {pool}.");
        }
    }

    private static void CheckModes(int version, string? ra, string? address, Prefix cidr, bool dhcp)
    {
        if (dhcp && cidr.Length >= (version == 4 ? 31 : 127))
            throw Faults.InvalidInput("Subnet has a prefix length that is incompatible with DHCP service enabled");
        if (dhcp && cidr.Length == 0) throw Faults.InvalidInput($"First IP '{cidr.First}' of network is not supported if enable_dhcp is True.");
        if (version == 4)
        {
            if (ra is not null) throw Faults.InvalidInput("ipv6_ra_mode is not valid when ip_version is 4");
            if (address is not null) throw Faults.InvalidInput("ipv6_address_mode is not valid when ip_version is 4");
            return;
        }

        if (!dhcp && (ra is not null || address is not null))
            throw Faults.InvalidInput("ipv6_ra_mode or ipv6_address_mode cannot be set when enable_dhcp is set to False");
        if (ra is not null && address is not null && ra != address)
        {
            throw Faults.InvalidInput(
                $"ipv6_ra_mode set to '{ra}' with ipv6_address_mode set to '{address}' is not valid. If both attributes are set, they must be the same value");
        }

        if ((ra ?? address) is "slaac" or "dhcpv6-stateless" && cidr.Length != 64)
        {
            throw Faults.InvalidInput(
                $"Invalid CIDR {cidr} for IPv6 address mode. OpenStack uses the EUI-64 address format, which requires the prefix to be /64");
        }
    }

    private Subnet Create(Input input, string project, TokenInfo token)
    {
        Network network = state.NetworkFor(token, input.Get<string>("network_id")!);
        if (!token.MaySee(network.ProjectId))
            throw new ApiFault(403, $"Tenant {token.ProjectId} not allowed to create subnet on this network", "HTTPForbidden");
        state.Quotas.Check(project, "subnet", () => state.Subnets.Count(s => s.ProjectId == project));
        int version = input.Get<int>("ip_version");
        SubnetPool? pool = FindPool(input, version, token);
        Prefix cidr = pool is null ? GivenCidr(input, version) : SubnetPoolFeature.Allocate(state, pool, input, version);
        CheckAffinity(network, pool, version);
        string? ra = input.Get<string>("ipv6_ra_mode"), address = input.Get<string>("ipv6_address_mode");
        bool dhcp = input.Or("enable_dhcp", true);
        CheckModes(version, ra, address, cidr, dhcp);
        Ip? gateway = GatewayOf(input, cidr);
        if (gateway is { } gate && cidr.Version == 4 && cidr.Length < 31 && (gate == cidr.First || gate == cidr.Last))
            throw Faults.InvalidInput("Gateway is not valid on subnet");
        ImmutableArray<IpRange> pools = input["allocation_pools"] is ImmutableArray<IpRange> { Length: > 0 } given ? given : DefaultPools(cidr, gateway);
        CheckPools(pools, cidr, gateway);
        CheckServices(input, version);
        CheckOwnPort(network, input, dhcp);
        if (network.Subnets.Any(s => s.Cidr.Overlaps(cidr)))
            throw Faults.InvalidInput($"Requested subnet with cidr: {cidr} for network: {network.Id} overlaps with another subnet");
        var subnet = new Subnet
        {
            Id = Text.NewUuid(),
            ProjectId = project,
            Network = network,
            Name = input.Or("name", ""),
            Description = input.Or("description", ""),
            Cidr = cidr,
            Gateway = gateway,
            Pools = pools,
            Dhcp = dhcp,
            NameServers = input.Or("dns_nameservers", ImmutableArray<string>.Empty),
            HostRoutes = input.Or("host_routes", ImmutableArray<Route>.Empty),
            ServiceTypes = input.Or("service_types", ImmutableArray<string>.Empty),
            RaMode = ra,
            AddressMode = address,
            Pool = pool,
            CreatedAt = state.Now,
        };
        subnet.Born(state.Now, 0);
        state.Subnets.Add(subnet.Id, subnet);
        network.Subnets.Add(subnet);
        network.Touch(state.Now);
        AddressExistingPorts(subnet);
        ServeDhcp(subnet, dhcp);
        return subnet;
    }

    /// <summary>The network's own port has an address on each subnet with DHCP.</summary>
    private void ServeDhcp(Subnet subnet, bool dhcp)
    {
        Port? own = subnet.Network.Ports.FirstOrDefault(p => p.DeviceOwner == NeutronOwners.Distributed);
        if (own is null || own.FixedIps.Any(a => a.Subnet == subnet) == dhcp) return;
        IEnumerable<FixedIpRequest> others = own.FixedIps.Where(a => a.Subnet != subnet).Select(a => new FixedIpRequest(a.Subnet.Id, a.Address));
        PortAllocator.Readdress(own, [.. others, .. dhcp ? new[] { new FixedIpRequest(subnet.Id, null) } : []]);
        own.Touch(state.Now);
    }

    /// <summary>Where the addresses of a subnet are for certain owners, the network's own port must be one of them.</summary>
    private static void CheckOwnPort(Network network, Input input, bool dhcp)
    {
        ImmutableArray<string> types = input.Or("service_types", ImmutableArray<string>.Empty);
        if (!dhcp || types.IsEmpty || types.Contains(NeutronOwners.Distributed)) return;
        throw Faults.Conflict(
            "IpAddressGenerationFailureNoMatchingSubnet",
            $"No valid service subnet for the given device owner, network {network.Id}, service type {NeutronOwners.Distributed}.");
    }

    private static void CheckServices(Input input, int version)
    {
        ImmutableArray<string> servers = input.Or("dns_nameservers", ImmutableArray<string>.Empty);
        if (servers.Length > MostNameServers)
        {
            throw Faults.Invalid(
                "DNSNameServersExhausted",
                $"Unable to complete operation for new subnet. The number of DNS nameservers exceeds the limit {MostNameServers}.");
        }

        ImmutableArray<Route> routes = input.Or("host_routes", ImmutableArray<Route>.Empty);
        if (routes.Length > MostHostRoutes)
        {
            throw Faults.Invalid(
                "HostRoutesExhausted", $"Unable to complete operation for new subnet. The number of host routes exceeds the limit {MostHostRoutes}.");
        }

        foreach (string server in servers)
        {
            if (Ip.TryParse(server, out Ip address) && address.Version != version)
                throw Faults.InvalidInput($"dns_nameserver '{server}' does not match the ip_version '{version}'");
        }

        foreach (Route route in routes)
        {
            if (route.NextHop.Version != version) throw Faults.InvalidInput($"nexthop '{route.NextHop}' does not match the ip_version '{version}'");
        }

        foreach (string type in input.Or("service_types", ImmutableArray<string>.Empty))
        {
            if (!type.StartsWith("network:", StringComparison.Ordinal) && !type.StartsWith("compute:", StringComparison.Ordinal))
                throw Faults.Invalid("InvalidSubnetServiceType", $"Subnet service type {type} does not correspond to a valid device owner.");
        }
    }

    /// <summary>Interfaces configure themselves on a subnet that comes later, too.</summary>
    private static void AddressExistingPorts(Subnet subnet)
    {
        if (!subnet.AutoAddress) return;
        foreach (Port port in subnet.Network.Ports.Where(p => !p.DeviceOwner.StartsWith("network:router_", StringComparison.Ordinal)))
        {
            Ip address = Mac.Eui64(subnet.Cidr, port.Mac);
            if (subnet.Ledger.Take(address)) port.FixedIps = port.FixedIps.Add(new FixedIp(subnet, address));
        }
    }

    private static Ip? GatewayOf(Input input, Prefix cidr)
    {
        if (input.Has("gateway_ip")) return input["gateway_ip"] as Ip?;
        // An IPv6 gateway is the subnet router anycast address unless another is named.
        return cidr.Version == 6 ? cidr.First : cidr.Length >= 31 ? cidr.First : cidr.First + 1;
    }

    private static Prefix GivenCidr(Input input, int version)
    {
        if (input.Get<string>("cidr") is not { } text)
            throw Faults.BadRequest("subnets", "a subnetpool must be specified in the absence of a cidr");
        if (!Prefix.TryParse(text, out Prefix cidr)) throw Faults.InvalidInput($"{text} is not in a CIDR format");
        if (cidr.Version != version) throw Faults.InvalidInput($"cidr '{cidr}' does not match the ip_version '{version}'");
        return cidr;
    }

    private static void CheckAffinity(Network network, SubnetPool? pool, int version)
    {
        if (network.Subnets.Any(s => s.Cidr.Version == version && s.Pool != pool))
        {
            throw Faults.Invalid(
                "NetworkSubnetPoolAffinityError", "Subnets hosted on the same network must be allocated from the same subnet pool.");
        }
    }

    private SubnetPool? FindPool(Input input, int version, TokenInfo token)
    {
        if (input.Get<string>("subnetpool_id") is { } id)
        {
            return state.SubnetPools.TryGet(id, out SubnetPool? pool) && (pool.Shared || token.MaySee(pool.ProjectId))
                ? pool
                : throw Faults.NotFoundPool(id);
        }

        if (!input.Or("use_default_subnetpool", false)) return null;
        return state.SubnetPools.FirstOrDefault(p => p.IsDefault && p.Version == version)
               ?? throw Faults.BadRequest("subnets", $"No default subnetpool found for IPv{version}");
    }

    private void Update(Subnet subnet, Input input, TokenInfo token)
    {
        Ip? gateway = input.Has("gateway_ip") ? input["gateway_ip"] as Ip? : subnet.Gateway;
        if (gateway != subnet.Gateway && subnet.Gateway is { } old
            && subnet.Network.Ports.FirstOrDefault(p => p.DeviceOwner == NeutronOwners.RouterInterface && p.FixedIps.Any(a => a.Address == old)) is { } user)
        {
            throw Faults.Conflict("GatewayIpInUse", $"Current gateway ip {old} already in use by port {user.Id}. Unable to update.");
        }

        ImmutableArray<IpRange> pools = input["allocation_pools"] is ImmutableArray<IpRange> given ? given : subnet.Pools;
        if (input.Has("allocation_pools")) CheckPools(pools, subnet.Cidr, gateway);
        else CheckGateway(pools, gateway);
        CheckServices(input, subnet.Cidr.Version);
        input.When<bool>("enable_dhcp", dhcp => ServeDhcp(subnet, dhcp));
        subnet.Gateway = gateway;
        subnet.Pools = pools;
        input.When<string>("name", name => subnet.Name = name);
        input.When<string>("description", text => subnet.Description = text);
        input.When<bool>("enable_dhcp", dhcp => subnet.Dhcp = dhcp);
        input.When<ImmutableArray<string>>("dns_nameservers", servers => subnet.NameServers = servers);
        input.When<ImmutableArray<Route>>("host_routes", routes => subnet.HostRoutes = routes);
        input.When<ImmutableArray<string>>("service_types", types => subnet.ServiceTypes = types);
    }
}
