using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Tenon.Sandbox.OpenStack.Http;
using Tenon.Sandbox.OpenStack.Identity;
using Tenon.Sandbox.OpenStack.Networking.Attributes;
using Tenon.Sandbox.OpenStack.Networking.Resources;

namespace Tenon.Sandbox.OpenStack.Networking.Features;

/// <summary>Ports.</summary>
internal sealed class PortFeature(NetworkState state, PortAllocator allocator, TrunkFeature trunks)
{
    private static readonly Dictionary<string, Func<Port, IReadOnlyList<string>, bool>> Filters = new(StringComparer.Ordinal)
    {
        ["fixed_ips"] = MatchesFixedIps,
        ["security_groups"] = (port, wanted) => port.SecurityGroups.Any(wanted.Contains),
    };

    public void Map(RouteTable routes) => new ResourceApi<Port>
    {
        Type = PortTypes.Ports,
        Path = "ports",
        Table = state.Ports,
        State = state,
        NotFound = Faults.PortNotFound,
        Sees = NetworkState.Sees,
        Owns = (token, port) => token.MaySee(port.ProjectId) || token.Owns(port.Network.ProjectId),
        Create = Create,
        Update = Update,
        Delete = Delete,
        Filters = Filters,
        CheckBulk = CheckBulk,
        BulkFailed = LoseAddresses,
    }.Map(routes);

    /// <summary>Deletes a port as a client may.</summary>
    public void Delete(Port port)
    {
        if (port.DeviceOwner is NeutronOwners.RouterInterface or NeutronOwners.RouterGateway or NeutronOwners.FloatingIp)
        {
            throw Faults.Conflict(
                "ServicePortInUse", $"Port {port.Id} cannot be deleted directly via the port API: has device owner {port.DeviceOwner}.");
        }

        if (port.SubportOf is { } trunk)
            throw Faults.Conflict("PortInUseAsSubPort", $"Port {port.Id} is currently a subport for trunk {trunk.Id}.");
        if (port.Trunk is { } own)
            throw Faults.Conflict("PortInUseAsTrunkParent", $"Port {port.Id} is currently a parent port for trunk {own.Id}.");
        allocator.Remove(port);
    }

    /// <summary>
    /// What the service does otherwise for many ports than for one: it breaks where an address would configure itself, and it forgets address
    /// pairs and DHCP options.
    /// </summary>
    private void CheckBulk(ImmutableArray<Input> inputs, string project)
    {
        foreach (Input input in inputs)
        {
            if (input.Or("allowed_address_pairs", ImmutableArray<AddressPair>.Empty).Length > 0 && !input.Or("port_security_enabled", true))
                throw PortAllocator.AddressPairsNeedSecurity();
            if (state.Networks.TryGet(input.Get<string>("network_id")!, out Network? network) && network.Subnets.Any(s => s.AutoAddress)) throw Faults.Crash();
            input.Set("allowed_address_pairs", ImmutableArray<AddressPair>.Empty);
            input.Set("extra_dhcp_opts", new JsonArray());
        }
    }

    /// <summary>Where an address of many ports cannot be had, those that were already given to the others before it are lost until the subnet goes.</summary>
    private static void LoseAddresses(IReadOnlyList<Port> made, ApiFault fault)
    {
        if (fault.Type is not ("IpAddressAlreadyAllocated" or "IpAddressGenerationFailure" or "InvalidIpForNetwork" or "InvalidIpForSubnet")) return;
        foreach (FixedIp address in made.SelectMany(p => p.FixedIps)) address.Subnet.Ledger.Take(address.Address);
    }

    /// <summary><c>fixed_ips=ip_address=A</c>, <c>subnet_id=S</c>, <c>ip_address_substr=T</c>: of each kind one must match, on the same port.</summary>
    private static bool MatchesFixedIps(Port port, IReadOnlyList<string> wanted)
    {
        if (wanted.FirstOrDefault(w => !w.Contains('=', StringComparison.Ordinal)) is { } odd)
            throw Faults.InvalidInput($"'{odd}' is not of the form <key>=[value]");
        foreach (IGrouping<string, string> kind in wanted.Select(w => w.Split('=', 2)).GroupBy(p => p[0], p => p.Length > 1 ? p[1] : ""))
        {
            bool found = kind.Key switch
            {
                "ip_address" => port.FixedIps.Any(a => kind.Any(text => Lists.Matches(a.Address, text))),
                "subnet_id" => port.FixedIps.Any(a => kind.Contains(a.Subnet.Id)),
                "ip_address_substr" => port.FixedIps.Any(a => kind.Any(text => a.Address.ToString().Contains(text, StringComparison.Ordinal))),
                _ => true,
            };
            if (!found) return false;
        }

        return true;
    }

    private static void CheckNetworkOwner(Network network, Input input, TokenInfo token, string verb)
    {
        if (token.MaySee(network.ProjectId)) return;
        if (input["fixed_ips"] is ImmutableArray<FixedIpRequest> fixedIps && fixedIps.Any(f => f.Address is not null))
            throw Faults.Forbidden($"(rule:{verb}_port and (rule:{verb}_port:fixed_ips and rule:{verb}_port:fixed_ips:ip_address))");
        if (input.Has("mac_address")) throw Faults.Forbidden($"(rule:{verb}_port and rule:{verb}_port:mac_address)");
        if (input.Has("port_security_enabled")) throw Faults.Forbidden($"(rule:{verb}_port and rule:{verb}_port:port_security_enabled)");
        if (input["allowed_address_pairs"] is ImmutableArray<AddressPair> { Length: > 0 })
            throw Faults.Forbidden($"(rule:{verb}_port and rule:{verb}_port:allowed_address_pairs)");
    }

    private Port Create(Input input, string project, TokenInfo token)
    {
        Network network = state.NetworkFor(token, input.Get<string>("network_id")!);
        CheckNetworkOwner(network, input, token, "create");
        CheckSubnets(input, token);
        return allocator.Create(new PortSpec(network, project)
        {
            Name = input.Or("name", ""),
            Description = input.Or("description", ""),
            DeviceId = input.Or("device_id", ""),
            DeviceOwner = input.Or("device_owner", ""),
            FixedIps = input["fixed_ips"] as ImmutableArray<FixedIpRequest>?,
            Mac = input.Get<string>("mac_address"),
            SecurityGroups = input["security_groups"] as ImmutableArray<string>?,
            AddressPairs = input.Or("allowed_address_pairs", ImmutableArray<AddressPair>.Empty),
            PortSecurity = input["port_security_enabled"] as bool?,
            AdminStateUp = input.Or("admin_state_up", true),
            VnicType = input.Or("binding:vnic_type", "normal"),
            HostId = input.Or("binding:host_id", ""),
            Profile = input.Get<JsonObject>("binding:profile"),
            DhcpOptions = input["extra_dhcp_opts"] as JsonArray,
        });
    }

    /// <summary>A subnet that nobody has is not found; one of another network is refused later.</summary>
    private void CheckSubnets(Input input, TokenInfo token)
    {
        if (input["fixed_ips"] is not ImmutableArray<FixedIpRequest> requests) return;
        foreach (FixedIpRequest request in requests)
        {
            if (request.SubnetId is { } id && !state.Subnets.Contains(id)) throw Faults.SubnetNotFound(id);
        }
    }

    private void Update(Port port, Input input, TokenInfo token)
    {
        CheckNetworkOwner(port.Network, input, token, "update");
        if (input.Has("mac_address") && !token.IsAdmin) throw Faults.Forbidden("(rule:update_port and rule:update_port:mac_address)");
        CheckSubnets(input, token);
        bool security = input.Or("port_security_enabled", port.PortSecurityEnabled);
        ImmutableArray<string> groups = input.Or("security_groups", port.SecurityGroups);
        ImmutableArray<AddressPair> pairs = input.Or("allowed_address_pairs", port.AddressPairs);
        if (!security && pairs.Length > 0) throw PortAllocator.AddressPairsNeedSecurity();
        if (!security && groups.Length > 0)
        {
            throw input.Has("security_groups")
                ? PortAllocator.GroupsNeedSecurity()
                : Faults.Conflict(
                    "PortSecurityPortHasSecurityGroup",
                    "Port has security group associated. Cannot disable port security or IP address until security group is removed.");
        }

        foreach (string id in groups.Except(port.SecurityGroups))
        {
            if (!state.Groups.TryGet(id, out SecurityGroup? group) || !(token.IsAdmin || token.Owns(group.ProjectId))) throw Faults.GroupNotFound(id);
        }

        if (input.Get<string>("mac_address") is { } mac && mac != port.Mac) ChangeMac(port, mac);
        if (input["fixed_ips"] is ImmutableArray<FixedIpRequest> fixedIps) PortAllocator.Readdress(port, fixedIps);
        port.PortSecurityEnabled = security;
        port.SecurityGroups = groups;
        port.AddressPairs = [.. pairs.Select(p => p.Mac.Length == 0 ? p with { Mac = port.Mac } : p)];
        input.When<string>("name", name => port.Name = name);
        input.When<string>("description", text => port.Description = text);
        input.When<bool>("admin_state_up", up => port.AdminStateUp = up);
        input.When<string>("binding:vnic_type", type => port.VnicType = type);
        input.When<JsonObject>("binding:profile", profile => port.Profile = profile);
        input.When<JsonArray>("extra_dhcp_opts", options => port.DhcpOptions = options);
        if (input.Has("device_id") || input.Has("device_owner"))
            state.Attach(port, input.Or("device_id", port.DeviceId), input.Or("device_owner", port.DeviceOwner));
        if (input.Has("binding:host_id"))
        {
            allocator.Bind(port, input.Or("binding:host_id", ""));
            trunks.Follow(port);
        }

        if (!port.AdminStateUp) port.Status = "DOWN";
        else if (port.HostId.Length > 0) allocator.BringUp(port, state.Context.Delays.Port);
    }

    private static void ChangeMac(Port port, string mac)
    {
        if (port.HostId.Length > 0)
        {
            throw Faults.Conflict(
                "PortBound",
                $"Unable to complete operation on port {port.Id}, port is already bound, port type: {port.VifType}, old_mac {port.Mac}, new_mac {mac}.");
        }

        if (!port.Network.Macs.Add(mac))
        {
            throw Faults.Conflict(
                "MacAddressInUse", $"Unable to complete operation for network {port.Network.Id}. The mac address {mac} is in use.");
        }

        port.Network.Macs.Remove(port.Mac);
        port.Mac = mac;
    }
}
