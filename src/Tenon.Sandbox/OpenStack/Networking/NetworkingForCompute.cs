using System.Collections.Immutable;
using Tenon.Sandbox.OpenStack.Compute;
using Tenon.Sandbox.OpenStack.Networking.Addressing;
using Tenon.Sandbox.OpenStack.Networking.Features;
using Tenon.Sandbox.OpenStack.Networking.Resources;

namespace Tenon.Sandbox.OpenStack.Networking;

/// <summary>What Nova asks of Neutron.</summary>
internal sealed partial class NetworkingService : INetworkingForCompute
{
    public NetworkSummary? FindNetwork(string networkId, string projectId, bool admin)
        => State.Networks.TryGet(networkId, out Network? network) && (admin || network.Shared || network.External || network.ProjectId == projectId) ? Summary(network) : null;

    public ImmutableArray<NetworkSummary> NetworksOf(string projectId)
    {
        Network[] own = [.. State.Networks.Where(n => n.ProjectId == projectId && !n.External)];
        return [.. (own.Length > 0 ? own : State.Networks.Where(n => n.Shared && !n.External)).Select(Summary)];
    }

    public ServerPort? FindPort(string portId, string projectId, bool admin)
        => State.Ports.TryGet(portId, out Port? port) && (admin || port.ProjectId == projectId) ? View(port) : null;

    public ServerPort CreatePort(ServerPortRequest request)
    {
        if (!State.Networks.TryGet(request.NetworkId, out Network? network)) throw Faults.NetworkNotFound(request.NetworkId);
        ImmutableArray<FixedIpRequest>? addresses = null;
        if (request.FixedIp is { } text)
        {
            if (!Ip.TryParse(text, out Ip address)) throw Faults.Attribute("fixed_ips", $"'{text}' is not a valid IP address");
            addresses = [new FixedIpRequest(null, address)];
        }

        Port port = Allocator.Create(new PortSpec(network, request.ProjectId)
        {
            DeviceId = request.ServerId,
            DeviceOwner = $"compute:{request.Zone}",
            HostId = request.Host,
            FixedIps = addresses,
            SecurityGroups = request.SecurityGroups,
        });
        if (request.Tag is { } tag) port.Tags.Add(tag);
        return View(port);
    }

    public ServerPort BindPort(string portId, string serverId, string zone, string host)
    {
        if (!State.Ports.TryGet(portId, out Port? port)) throw Faults.PortNotFound(portId);
        State.Attach(port, serverId, $"compute:{zone}");
        Allocator.Bind(port, host);
        _trunks.Follow(port);
        port.Touch(Context.Now);
        return View(port);
    }

    public void UnbindPort(string portId)
    {
        if (!State.Ports.TryGet(portId, out Port? port)) return;
        State.Attach(port, "", "");
        Allocator.Bind(port, "");
        _trunks.Follow(port);
        port.Touch(Context.Now);
    }

    public void DeletePort(string portId)
    {
        if (!State.Ports.TryGet(portId, out Port? port)) return;
        if (port.Trunk is not null || port.SubportOf is not null) UnbindPort(portId);
        else Allocator.Remove(port);
    }

    public IReadOnlyList<ServerPort> PortsOf(string serverId) => [.. State.PortsOf(serverId).Select(View)];

    public void SetSecurityGroups(string portId, IReadOnlyList<string> groupIds)
    {
        if (!State.Ports.TryGet(portId, out Port? port)) throw Faults.PortNotFound(portId);
        if (groupIds.FirstOrDefault(id => !State.Groups.Contains(id)) is { } missing) throw Faults.GroupNotFound(missing);
        port.SecurityGroups = [.. groupIds];
        port.Touch(Context.Now);
    }

    public string? FindSecurityGroup(string idOrName, string projectId)
    {
        if (idOrName == "default") return State.DefaultGroup(projectId).Id;
        if (State.Groups.TryGet(idOrName, out SecurityGroup? group) && group.ProjectId == projectId) return group.Id;
        SecurityGroup[] named = [.. State.Groups.Where(g => g.Name == idOrName && g.ProjectId == projectId)];
        return named.Length == 1 ? named[0].Id : null;
    }

    public IReadOnlyList<SecurityGroupSummary> SecurityGroupsOf(string projectId)
    {
        State.DefaultGroup(projectId);
        return [.. State.Groups.Where(g => g.ProjectId == projectId).Select(g => new SecurityGroupSummary(g.Id, g.Name, g.Description ?? ""))];
    }

    public void AddFixedIp(string portId, string networkId)
    {
        if (!State.Ports.TryGet(portId, out Port? port)) throw Faults.PortNotFound(portId);
        Subnet subnet = port.Network.Subnets.FirstOrDefault(s => s.Cidr.Version == 4) ?? port.Network.Subnets.FirstOrDefault()
            ?? throw Faults.Conflict("IpAddressGenerationFailure", $"No more IP addresses available on network {networkId}.");
        PortAllocator.Readdress(port, [.. port.FixedIps.Select(a => new FixedIpRequest(a.Subnet.Id, a.Address)), new FixedIpRequest(subnet.Id, null)]);
        port.Touch(Context.Now);
    }

    public void RemoveFixedIp(string portId, string address)
    {
        if (!State.Ports.TryGet(portId, out Port? port) || !Ip.TryParse(address, out Ip gone)) return;
        PortAllocator.Readdress(port, [.. port.FixedIps.Where(a => a.Address != gone).Select(a => new FixedIpRequest(a.Subnet.Id, a.Address))]);
        port.Touch(Context.Now);
    }

    private static NetworkSummary Summary(Network network) => new(network.Id, network.Name, network.External, network.Subnets.Count > 0);

    private ServerPort View(Port port) => new()
    {
        Id = port.Id,
        NetworkId = port.Network.Id,
        NetworkName = port.Network.Name,
        ProjectId = port.ProjectId,
        MacAddress = port.Mac,
        Status = port.Status,
        DeviceId = port.DeviceId,
        Addresses = [.. port.FixedIps.Select(a => new ServerAddress(a.Subnet.Id, a.Address.ToString(), FloatingOn(port, a.Address)))],
        SecurityGroupIds = port.SecurityGroups,
        SecurityGroupNames = [.. port.SecurityGroups.Select(id => State.Groups.Find(id)?.Name).OfType<string>()],
    };

    private static string? FloatingOn(Port port, Ip address)
        => port.FloatingIps.FirstOrDefault(f => f.FixedAddress == address)?.Address.ToString();
}
