using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Tenon.Sandbox.OpenStack.Http;
using Tenon.Sandbox.OpenStack.Networking.Addressing;
using Tenon.Sandbox.OpenStack.Networking.Resources;

namespace Tenon.Sandbox.OpenStack.Networking.Features;

/// <summary>A port to make, whoever asks: a client, a router, a floating IP, Nova, Octavia.</summary>
internal sealed record PortSpec(Network Network, string ProjectId)
{
    public string Name { get; init; } = "";

    public string Description { get; init; } = "";

    public string DeviceId { get; init; } = "";

    public string DeviceOwner { get; init; } = "";

    /// <summary>Null: any; empty: none but what configures itself.</summary>
    public ImmutableArray<FixedIpRequest>? FixedIps { get; init; }

    public string? Mac { get; init; }

    /// <summary>Null: the project's default group.</summary>
    public ImmutableArray<string>? SecurityGroups { get; init; }

    public ImmutableArray<AddressPair> AddressPairs { get; init; } = [];

    public bool? PortSecurity { get; init; }

    public bool AdminStateUp { get; init; } = true;

    public string VnicType { get; init; } = "normal";

    public string HostId { get; init; } = "";

    public JsonObject? Profile { get; init; }

    public JsonArray? DhcpOptions { get; init; }

    /// <summary>Whether the project's limit holds; the ports of floating IPs and gateways belong to nobody.</summary>
    public bool CheckQuota { get; init; } = true;
}

/// <summary>Makes and unmakes ports: addresses, groups, binding.</summary>
internal sealed class PortAllocator(NetworkState state)
{
    /// <summary>Makes a port; nothing has changed where it throws.</summary>
    public Port Create(PortSpec spec)
    {
        if (spec.CheckQuota) state.Quotas.Check(spec.ProjectId, "port", () => state.Ports.Count(p => p.ProjectId == spec.ProjectId));
        Network network = spec.Network;
        // Ports of Neutron's own services are trusted: no groups, no filtering.
        bool trusted = spec.DeviceOwner.StartsWith("network:", StringComparison.Ordinal);
        bool security = spec.PortSecurity ?? (!trusted && network.PortSecurityEnabled);
        if (spec.AddressPairs.Length > 0 && !security) throw AddressPairsNeedSecurity();
        ImmutableArray<string> groups = spec.SecurityGroups ?? [];
        if (groups.Length > 0 && !security) throw GroupsNeedSecurity();
        foreach (string id in groups)
        {
            if (!state.Groups.TryGet(id, out SecurityGroup? group) || group.ProjectId != spec.ProjectId) throw Faults.GroupNotFound(id);
        }

        string mac = spec.Mac ?? state.NewMac(network);
        if (network.Macs.Contains(mac))
        {
            throw Faults.Conflict(
                "MacAddressInUse", $"Unable to complete operation for network {network.Id}. The mac address {mac} is in use.");
        }

        ImmutableArray<FixedIp> addresses = Allocate(network, spec.FixedIps, mac, spec.DeviceOwner);
        if (spec.SecurityGroups is null && security) groups = [state.DefaultGroup(spec.ProjectId).Id];
        var port = new Port
        {
            Id = Text.NewUuid(),
            ProjectId = spec.ProjectId,
            Name = spec.Name,
            Description = spec.Description,
            Network = network,
            Mac = mac,
            AdminStateUp = spec.AdminStateUp,
            DeviceId = spec.DeviceId,
            DeviceOwner = spec.DeviceOwner,
            FixedIps = addresses,
            SecurityGroups = groups,
            AddressPairs = [.. spec.AddressPairs.Select(p => p.Mac.Length == 0 ? p with { Mac = mac } : p)],
            PortSecurityEnabled = security,
            VnicType = spec.VnicType,
            Profile = spec.Profile ?? [],
            DhcpOptions = spec.DhcpOptions ?? [],
            CreatedAt = state.Now,
        };
        port.Born(state.Now, 1);
        state.Add(port);
        Bind(port, spec.HostId);
        return port;
    }

    /// <summary>Binds a port to a host, or unbinds it; a bound one with a device comes up after the port's delay.</summary>
    public void Bind(Port port, string host)
    {
        port.HostId = host;
        if (host.Length == 0)
        {
            port.VifType = "unbound";
            port.VifDetails = [];
            if (port.DeviceOwner != NeutronOwners.RouterInterface) port.Status = "DOWN";
            return;
        }

        if (!state.Hosts.Contains(host))
        {
            port.VifType = "binding_failed";
            port.VifDetails = [];
            return;
        }

        port.VifType = "ovs";
        port.VifDetails = new JsonObject
        {
            ["port_filter"] = true,
            ["connectivity"] = "l2",
            ["bound_drivers"] = new JsonObject { ["0"] = "ovn" },
        };
        BringUp(port, state.Context.Delays.Port);
    }

    /// <summary>Makes a port ACTIVE after a while, if it is still there and may be.</summary>
    public void BringUp(Port port, TimeSpan delay)
    {
        if (port.Status == "ACTIVE") return;
        state.Context.Transitions.After(delay, () =>
        {
            if (state.Ports.Contains(port.Id) && port.AdminStateUp && (port.HostId.Length > 0 || port.DeviceOwner.StartsWith("network:", StringComparison.Ordinal)))
                port.Status = "ACTIVE";
        });
    }

    /// <summary>Gives a port other addresses; those that stay keep their place.</summary>
    public static void Readdress(Port port, ImmutableArray<FixedIpRequest> wanted)
    {
        ImmutableArray<FixedIp> old = port.FixedIps;
        foreach (FixedIp address in old) address.Subnet.Ledger.Release(address.Address);
        // Asking for a subnet of which the port has an address keeps that address.
        var kept = new List<FixedIp>();
        ImmutableArray<FixedIpRequest> resolved =
        [
            .. wanted.Select(request =>
            {
                if (request.Address is not null || request.SubnetId is null) return request;
                FixedIp had = old.FirstOrDefault(a => a.Subnet.Id == request.SubnetId && !a.Subnet.AutoAddress && !kept.Contains(a)
                                                      && !wanted.Any(w => w.Address == a.Address));
                if (had.Subnet is null) return request;
                kept.Add(had);
                return request with { Address = had.Address };
            }),
        ];
        try
        {
            port.FixedIps = Allocate(port.Network, resolved, port.Mac, port.DeviceOwner);
        }
        catch (ApiFault)
        {
            foreach (FixedIp address in old) address.Subnet.Ledger.Take(address.Address);
            throw;
        }

        // A floating IP stays, though its fixed address is gone.
    }

    /// <summary>Removes a port and what hangs on it.</summary>
    public void Remove(Port port)
    {
        foreach (FloatingIp floating in port.FloatingIps.ToList()) FloatingIps.Release(state, floating);
        state.Remove(port);
    }

    public static ApiFault GroupsNeedSecurity() => Faults.Invalid(
        "PortSecurityAndIPRequiredForSecurityGroups",
        "Port security must be enabled and port must have an IP address in order to use security groups.");

    public static ApiFault AddressPairsNeedSecurity() => Faults.Conflict(
        "AddressPairAndPortSecurityRequired", "Port Security must be enabled in order to have allowed address pairs on a port.");

    private static ImmutableArray<FixedIp> Allocate(
        Network network, ImmutableArray<FixedIpRequest>? wanted, string mac, string deviceOwner)
    {
        var taken = ImmutableArray.CreateBuilder<FixedIp>();
        try
        {
            if (wanted is { } requests)
            {
                foreach (FixedIpRequest request in requests) taken.Add(One(network, request, mac));
            }
            else
            {
                Any(network, deviceOwner, taken);
            }

            bool router = deviceOwner.StartsWith("network:router_", StringComparison.Ordinal);
            foreach (Subnet subnet in network.Subnets.Where(s => s.AutoAddress && !router))
            {
                if (taken.Any(t => t.Subnet == subnet)) continue;
                Ip address = Mac.Eui64(subnet.Cidr, mac);
                NetworkState.Take(subnet, address);
                taken.Add(new FixedIp(subnet, address));
            }

            return taken.ToImmutable();
        }
        catch (ApiFault)
        {
            foreach (FixedIp address in taken) address.Subnet.Ledger.Release(address.Address);
            throw;
        }
    }

    /// <summary>One IPv4 and one IPv6 address, from the first subnet of each that has one left.</summary>
    private static void Any(Network network, string deviceOwner, ImmutableArray<FixedIp>.Builder taken)
    {
        foreach (int version in (int[])[4, 6])
        {
            Subnet[] all = [.. network.Subnets.Where(s => s.Cidr.Version == version && !s.AutoAddress)];
            Subnet[] matching = [.. all.Where(s => s.ServiceTypes.Any(t => deviceOwner.StartsWith(t, StringComparison.Ordinal)))];
            Subnet[] candidates = matching.Length > 0 ? matching : [.. all.Where(s => s.ServiceTypes.Length == 0)];
            if (candidates.Length == 0) continue;
            FixedIp? found = null;
            foreach (Subnet subnet in candidates)
            {
                if (subnet.Ledger.TakeNext(subnet.Pools) is not { } address) continue;
                found = new FixedIp(subnet, address);
                break;
            }

            taken.Add(found ?? throw NoneLeft(network));
        }
    }

    private static FixedIp One(Network network, FixedIpRequest request, string mac)
    {
        if (request.SubnetId is null && request.Address is null) throw Faults.InvalidInput("IP allocation requires subnet_id or ip_address");
        Subnet? subnet = null;
        if (request.SubnetId is { } id)
        {
            subnet = network.Subnets.FirstOrDefault(s => s.Id == id);
            if (subnet is null)
                throw Faults.InvalidInput($"Failed to create port on network {network.Id}, because fixed_ips included invalid subnet {id}");
        }

        if (request.Address is { } address)
        {
            if (subnet is null)
            {
                subnet = network.Subnets.FirstOrDefault(s => IsHost(s.Cidr, address)) ?? throw Faults.Invalid(
                    "InvalidIpForNetwork", $"IP address {address} is not a valid IP for any of the subnets on the specified network.");
            }

            if (!IsHost(subnet.Cidr, address))
                throw Faults.Invalid("InvalidIpForSubnet", $"IP address {address} is not a valid IP for the specified subnet.");
            if (subnet.AutoAddress && address != Mac.Eui64(subnet.Cidr, mac) && address != subnet.Gateway)
            {
                throw Faults.Invalid(
                    "AllocationOnAutoAddressSubnet",
                    $"IPv6 address {address} cannot be directly assigned to a port on subnet {subnet.Id} as the subnet is configured for automatic addresses");
            }

            NetworkState.Take(subnet, address);
            return new FixedIp(subnet, address);
        }

        if (subnet!.AutoAddress)
        {
            Ip own = Mac.Eui64(subnet.Cidr, mac);
            NetworkState.Take(subnet, own);
            return new FixedIp(subnet, own);
        }

        return new FixedIp(subnet, subnet.Ledger.TakeNext(subnet.Pools) ?? throw NoneLeft(network));
    }

    private static bool IsHost(Prefix cidr, Ip address)
        => cidr.Contains(address) && !(cidr.Version == 4 && cidr.Length < 31 && (address == cidr.First || address == cidr.Last));

    private static ApiFault NoneLeft(Network network)
        => Faults.Conflict("IpAddressGenerationFailure", $"No more IP addresses available on network {network.Id}.");
}

/// <summary>The device owners that Neutron itself gives.</summary>
internal static class NeutronOwners
{
    public const string RouterInterface = "network:router_interface";
    public const string RouterGateway = "network:router_gateway";
    public const string FloatingIp = "network:floatingip";
    public const string Distributed = "network:distributed";
    public const string Subport = "trunk:subport";
}
