using System.Collections.Immutable;
using Tenon.Sandbox.OpenStack.Http;
using Tenon.Sandbox.OpenStack.Identity;
using Tenon.Sandbox.OpenStack.Networking.Attributes;
using Tenon.Sandbox.OpenStack.Networking.Resources;

namespace Tenon.Sandbox.OpenStack.Networking.Features;

/// <summary>Networks.</summary>
internal sealed class NetworkFeature(NetworkState state, SubnetFeature subnets, PortAllocator allocator)
{
    private const int TunnelMtu = 1442;
    private const int WireMtu = 1500;
    private int _segments = 1000;

    public void Map(RouteTable routes) => new ResourceApi<Network>
    {
        Type = NetworkTypes.Networks,
        Path = "networks",
        Table = state.Networks,
        State = state,
        NotFound = Faults.NetworkNotFound,
        Sees = NetworkState.Sees,
        Create = Create,
        Update = Update,
        Delete = Delete,
    }.Map(routes);

    private static void CheckMtu(int mtu, string providerType)
    {
        int most = providerType == "geneve" ? TunnelMtu : WireMtu;
        if (mtu > most) throw Faults.InvalidInput($"Requested MTU is too big, maximum is {most}");
    }

    private Network Create(Input input, string project, TokenInfo token)
    {
        state.Quotas.Check(project, "network", () => state.Networks.Count(n => n.ProjectId == project));
        state.DefaultGroup(project);
        string provider = input.Get<string>("provider:network_type") ?? "geneve";
        if (provider is not ("geneve" or "vlan" or "flat" or "vxlan"))
            throw Faults.InvalidInput($"Unknown provider:network_type {provider}");
        string? physical = input.Get<string>("provider:physical_network");
        if (provider is "flat" or "vlan" && physical is null)
            throw Faults.InvalidInput($"physical_network required for {provider} provider network");
        int mtu = input.Or("mtu", 0);
        CheckMtu(mtu, provider);
        var network = new Network
        {
            Id = Text.NewUuid(),
            ProjectId = project,
            Name = input.Or("name", ""),
            Description = input.Or("description", ""),
            AdminStateUp = input.Or("admin_state_up", true),
            Shared = input.Or("shared", false),
            External = input.Or("router:external", false),
            IsDefault = input.Or("is_default", false),
            PortSecurityEnabled = input.Or("port_security_enabled", true),
            ProviderType = provider,
            PhysicalNetwork = physical,
            SegmentationId = provider == "flat" ? null : input.Get<int?>("provider:segmentation_id") ?? ++_segments,
            Mtu = mtu > 0 ? mtu : provider is "geneve" or "vxlan" ? TunnelMtu : WireMtu,
            ZoneHints = input.Or("availability_zone_hints", ImmutableArray<string>.Empty),
            CreatedAt = state.Now,
        };
        network.Born(state.Now, 1);
        state.Networks.Add(network.Id, network);
        // OVN answers DHCP and metadata from a port of its own on each network.
        allocator.Create(new PortSpec(network, project)
        {
            DeviceId = $"ovnmeta-{network.Id}", DeviceOwner = NeutronOwners.Distributed, FixedIps = [], CheckQuota = false,
        });
        return network;
    }

    private void Update(Network network, Input input, TokenInfo token)
    {
        input.When<int>("mtu", mtu =>
        {
            CheckMtu(mtu, network.ProviderType);
            network.Mtu = mtu;
        });
        if (input.Has("router:external") && !input.Or("router:external", network.External)
            && network.Ports.Any(p => p.DeviceOwner is NeutronOwners.RouterGateway or NeutronOwners.FloatingIp))
        {
            throw Faults.Conflict(
                "ExternalNetworkInUse",
                $"External network {network.Id} cannot be updated to be made non-external, since it has existing gateway ports.");
        }

        input.When<string>("name", name => network.Name = name);
        input.When<string>("description", text => network.Description = text);
        input.When<bool>("admin_state_up", up => network.AdminStateUp = up);
        input.When<bool>("shared", shared => network.Shared = shared);
        input.When<bool>("router:external", external => network.External = external);
        input.When<bool>("is_default", isDefault => network.IsDefault = isDefault);
        input.When<bool>("port_security_enabled", enabled => network.PortSecurityEnabled = enabled);
    }

    private void Delete(Network network)
    {
        Port[] used = [.. network.Ports.Where(p => p.DeviceOwner != NeutronOwners.Distributed)];
        if (used.Length > 0)
        {
            throw Faults.Conflict(
                "NetworkInUse",
                $"Unable to complete operation on network {network.Id}. There are one or more ports still in use on the network, "
                + $"id for these ports is: {string.Join(",", used.Select(p => p.Id))}.");
        }

        foreach (Port own in network.Ports.ToList()) allocator.Remove(own);
        foreach (Subnet subnet in network.Subnets.ToList()) subnets.Delete(subnet);
        state.Networks.Remove(network.Id);
    }
}
