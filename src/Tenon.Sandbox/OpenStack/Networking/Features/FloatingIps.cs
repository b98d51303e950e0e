using System.Collections.Immutable;
using Tenon.Sandbox.OpenStack.Http;
using Tenon.Sandbox.OpenStack.Identity;
using Tenon.Sandbox.OpenStack.Networking.Addressing;
using Tenon.Sandbox.OpenStack.Networking.Attributes;
using Tenon.Sandbox.OpenStack.Networking.Resources;

namespace Tenon.Sandbox.OpenStack.Networking.Features;

/// <summary>Floating IPs.</summary>
internal sealed class FloatingIps(NetworkState state, PortAllocator allocator)
{
    public void Map(RouteTable routes) => new ResourceApi<FloatingIp>
    {
        Type = NetworkTypes.FloatingIps,
        Path = "floatingips",
        Table = state.FloatingIps,
        State = state,
        NotFound = id => Faults.NotFound("FloatingIPNotFound", $"Floating IP {id} could not be found"),
        Create = Create,
        Update = Update,
        Delete = Delete,
    }.Map(routes);

    /// <summary>Takes a floating IP off its port; it is DOWN as soon as the network noticed.</summary>
    public static void Release(NetworkState state, FloatingIp floating)
    {
        floating.Port?.FloatingIps.Remove(floating);
        floating.Port = null;
        floating.FixedAddress = null;
        floating.Router = null;
        floating.Touch(state.Now);
        state.Context.Transitions.After(TimeSpan.Zero, () =>
        {
            if (floating.Port is null) floating.Status = "DOWN";
        });
    }

    private static ApiFault Bad(string message) => Faults.BadRequest("floatingip", message);

    private FloatingIp Create(Input input, string project, TokenInfo token)
    {
        state.Quotas.Check(project, "floatingip", () => state.FloatingIps.Count(f => f.ProjectId == project));
        Network external = state.NetworkFor(token, input.Get<string>("floating_network_id")!);
        if (!external.External) throw Bad($"Network {external.Id} is not a valid external network");
        string? portId = input.Get<string>("port_id");
        var fixedAddress = input["fixed_ip_address"] as Ip?;
        if (portId is null && fixedAddress is not null) throw Bad("fixed_ip_address cannot be specified without a port_id");
        Port? port = portId is null ? null : state.PortFor(token, portId);
        var id = Text.NewUuid();
        string? subnetId = input.Get<string>("subnet_id");
        if (subnetId is not null && !state.Subnets.Contains(subnetId)) throw Faults.SubnetNotFound(subnetId);
        var address = input["floating_ip_address"] as Ip?;
        Port outside = allocator.Create(new PortSpec(external, "")
        {
            DeviceId = id,
            DeviceOwner = NeutronOwners.FloatingIp,
            CheckQuota = false,
            // A floating IP is an IPv4 address.
            FixedIps = subnetId is not null || address is not null ? [new FixedIpRequest(subnetId, address)] : FirstIPv4(external),
        });
        outside.Status = "N/A";
        try
        {
            if (outside.FixedIps.Length == 0)
                throw Faults.Invalid("ExternalIpAddressExhausted", $"Unable to find any IP address on external network {external.Id}.");
            var floating = new FloatingIp
            {
                Id = id,
                ProjectId = project,
                Description = input.Or("description", ""),
                ExternalNetwork = external,
                ExternalPort = outside,
                CreatedAt = state.Now,
            };
            if (port is not null) Associate(floating, port, fixedAddress);
            floating.Born(state.Now, 0);
            state.FloatingIps.Add(id, floating);
            return floating;
        }
        catch (ApiFault)
        {
            allocator.Remove(outside);
            throw;
        }
    }

    private static ImmutableArray<FixedIpRequest>? FirstIPv4(Network external)
    {
        Subnet? free = external.Subnets.FirstOrDefault(s => s.Cidr.Version == 4 && HasRoom(s))
                       ?? external.Subnets.FirstOrDefault(s => s.Cidr.Version == 4);
        return free is null ? [] : [new FixedIpRequest(free.Id, null)];
    }

    private static bool HasRoom(Subnet subnet)
    {
        UInt128 size = UInt128.Zero;
        foreach (IpRange pool in subnet.Pools) size += pool.End.Value - pool.Start.Value + 1;
        return size > (UInt128)subnet.Ledger.Count;
    }

    private void Update(FloatingIp floating, Input input, TokenInfo token)
    {
        bool portGiven = input.Has("port_id");
        string? portId = input.Get<string>("port_id");
        var fixedAddress = input["fixed_ip_address"] as Ip?;
        if (portId is null && fixedAddress is not null)
            throw Bad("fixed_ip_address cannot be specified without a port_id");
        if (portId is not null) Associate(floating, state.PortFor(token, portId), fixedAddress);
        else if (portGiven && floating.Port is not null) Release(state, floating);
        // Whatever changes, the address that goes with the port is looked for again.
        else if (floating.Port is { } port && input.Names.Any()) Choose(port, null);
        input.When<string>("description", text => floating.Description = text);
    }

    private void Delete(FloatingIp floating)
    {
        state.FloatingIps.Remove(floating.Id);
        floating.Port?.FloatingIps.Remove(floating);
        allocator.Remove(floating.ExternalPort);
    }

    private void Associate(FloatingIp floating, Port port, Ip? wanted)
    {
        if (port.ProjectId != floating.ProjectId && floating.ProjectId.Length > 0)
        {
            throw Bad(
                $"Port {port.Id} is associated with a different tenant than Floating IP {floating.Id} and therefore cannot be bound");
        }

        FixedIp address = Choose(port, wanted);
        Router router = Reaching(floating.ExternalNetwork, address.Subnet) ?? throw Faults.NotFound(
            "ExternalGatewayForFloatingIPNotFound",
            $"External network {floating.ExternalNetwork.Id} is not reachable from subnet {address.Subnet.Id}.  "
            + $"Therefore, cannot associate Port {port.Id} with a Floating IP.");
        if (port.FloatingIps.Any(f => f != floating && f.FixedAddress == address.Address && f.ExternalNetwork == floating.ExternalNetwork))
        {
            throw Faults.Conflict(
                "FloatingIPPortAlreadyAssociated",
                $"Cannot associate floating IP {floating.Address} ({floating.Id}) with port {port.Id} using fixed IP {address.Address}, "
                + $"as that fixed IP already has a floating IP on external network {floating.ExternalNetwork.Id}.");
        }

        floating.Port?.FloatingIps.Remove(floating);
        port.FloatingIps.Add(floating);
        floating.Port = port;
        floating.FixedAddress = address.Address;
        floating.Router = router;
        state.Context.Transitions.After(TimeSpan.Zero, () =>
        {
            if (floating.Port is not null) floating.Status = "ACTIVE";
        });
    }

    private static FixedIp Choose(Port port, Ip? wanted)
    {
        if (wanted is { } address)
        {
            foreach (FixedIp has in port.FixedIps)
            {
                if (has.Address == address) return has;
            }

            throw Bad($"Port {port.Id} does not have fixed ip {address}");
        }

        FixedIp[] four = [.. port.FixedIps.Where(a => a.Address.Version == 4)];
        return four.Length switch
        {
            0 => throw Bad($"Cannot add floating IP to port {port.Id} that has no fixed IPv4 addresses"),
            1 => four[0],
            _ => throw Bad(
                $"Port {port.Id} has multiple fixed IPv4 addresses.  Must provide a specific IPv4 address when assigning a floating IP"),
        };
    }

    /// <summary>The router that joins a subnet to an external network; the one that is the subnet's gateway first.</summary>
    private Router? Reaching(Network external, Subnet subnet)
    {
        Router? other = null;
        foreach (Router router in state.Routers)
        {
            if (router.Gateway?.Network != external) continue;
            foreach (FixedIp address in router.Interfaces.SelectMany(p => p.FixedIps).Where(a => a.Subnet == subnet))
            {
                if (address.Address == subnet.Gateway) return router;
                other ??= router;
            }
        }

        return other;
    }
}
