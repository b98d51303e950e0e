using Tenon.Core;
using Tenon.OpenStack.Http;

namespace Tenon.OpenStack.Networking;

public sealed partial class NetworkingClient
{
    /// <inheritdoc/>
    public IAsyncEnumerable<Port> ListPortsAsync(PortQuery query, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(query);
        Query filters = Query.Empty
            .WithEach("id", query.Ids)
            .With("name", query.Name)
            .WithEach("device_id", query.DeviceIds)
            .WithEach("device_owner", query.DeviceOwners)
            .WithEach("network_id", query.NetworkIds)
            .WithEach("fixed_ips", query.SubnetIds, "subnet_id=")
            .WithEach("fixed_ips", query.IpAddresses, "ip_address=")
            .WithEach("mac_address", query.MacAddresses)
            .WithEach("security_groups", query.SecurityGroupIds)
            .With("status", query.Status)
            .With("description", query.Description)
            .With("project_id", query.ProjectId)
            .WithJoined("tags", query.Tags)
            .WithJoined("tags-any", query.TagsAny);
        return List<PortsWire, PortWire, Port>(
            "ports", filters, query.PageSize, PortJson.Default.PortsWire, p => p.Id, p => p.ToPort(), cancellationToken);
    }

    /// <inheritdoc/>
    public async Task<Port?> GetPortAsync(string portId, CancellationToken cancellationToken)
        => (await GetAsync("ports", portId, PortJson.Default.PortRootWire, cancellationToken))?.Port?.ToPort();

    /// <inheritdoc/>
    public async Task<Port> CreatePortAsync(PortCreate port, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(port);
        var call = new ApiCall
        {
            Operation = "network.ports.create",
            Method = HttpMethod.Post,
            Path = "ports",
            Body = JsonBody.Of("port", b => Write(b, port)),
        };
        return _channel.Found(call, (await _channel.SendAsync(call, PortJson.Default.PortRootWire, cancellationToken)).Port).ToPort();
    }

    /// <inheritdoc/>
    public async Task<EquatableArray<Port>> CreatePortsAsync(IReadOnlyCollection<PortCreate> ports, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(ports);
        if (ports.Count == 0) return default;
        var call = new ApiCall
        {
            Operation = "network.ports.create_bulk",
            Method = HttpMethod.Post,
            Path = "ports",
            Body = JsonBody.OfEach("ports", ports, Write),
        };
        PortsWire answer = await _channel.SendAsync(call, PortJson.Default.PortsWire, cancellationToken);
        return _channel.Found(call, answer.Ports).Select(p => p.ToPort()).ToEquatableArray();
    }

    /// <inheritdoc/>
    public async Task<Port> UpdatePortAsync(string portId, PortUpdate update, int? revision, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(update);
        var call = new ApiCall
        {
            Operation = "network.ports.update",
            Method = HttpMethod.Put,
            Path = Item("ports", portId),
            Revision = revision,
            Body = JsonBody.Of("port", b => Write(b, update)),
        };
        return _channel.Found(call, (await _channel.SendAsync(call, PortJson.Default.PortRootWire, cancellationToken)).Port).ToPort();
    }

    /// <inheritdoc/>
    public Task DeletePortAsync(string portId, CancellationToken cancellationToken) => DeleteAsync("ports", portId, cancellationToken);

    /// <inheritdoc/>
    public IAsyncEnumerable<Trunk> ListTrunksAsync(TrunkQuery query, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(query);
        Query filters = Query.Empty.WithEach("port_id", query.PortIds).With("name", query.Name).WithJoined("tags", query.Tags);
        return List<TrunksWire, TrunkWire, Trunk>(
            "trunks", filters, query.PageSize, PortJson.Default.TrunksWire, t => t.Id, t => t.ToTrunk(), cancellationToken);
    }

    /// <inheritdoc/>
    public async Task<Trunk?> GetTrunkAsync(string trunkId, CancellationToken cancellationToken)
        => (await GetAsync("trunks", trunkId, PortJson.Default.TrunkRootWire, cancellationToken))?.Trunk?.ToTrunk();

    /// <inheritdoc/>
    public async Task<Trunk> CreateTrunkAsync(TrunkCreate trunk, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(trunk);
        var call = new ApiCall
        {
            Operation = "network.trunks.create",
            Method = HttpMethod.Post,
            Path = "trunks",
            Body = JsonBody.Of("trunk", b =>
            {
                b.Set("port_id", trunk.PortId);
                b.SetUnlessEmpty("name", trunk.Name);
                b.SetUnlessEmpty("description", trunk.Description);
                b.Objects("sub_ports", trunk.SubPorts, Write);
            }),
        };
        return _channel.Found(call, (await _channel.SendAsync(call, PortJson.Default.TrunkRootWire, cancellationToken)).Trunk).ToTrunk();
    }

    /// <inheritdoc/>
    public Task<Trunk> AddSubPortsAsync(string trunkId, IReadOnlyCollection<SubPort> subPorts, CancellationToken cancellationToken)
        => ChangeSubPortsAsync("add_subports", trunkId, JsonBody.OfEach("sub_ports", subPorts, Write), cancellationToken);

    /// <inheritdoc/>
    public Task<Trunk> RemoveSubPortsAsync(string trunkId, IReadOnlyCollection<string> portIds, CancellationToken cancellationToken)
        => ChangeSubPortsAsync("remove_subports", trunkId, JsonBody.OfEach("sub_ports", portIds, (b, id) => b.Set("port_id", id)), cancellationToken);

    /// <inheritdoc/>
    public Task DeleteTrunkAsync(string trunkId, CancellationToken cancellationToken) => DeleteAsync("trunks", trunkId, cancellationToken);

    private static void Write(JsonBody body, PortCreate port)
    {
        body.Set("network_id", port.NetworkId);
        body.SetUnlessEmpty("name", port.Name);
        body.SetUnlessEmpty("description", port.Description);
        if (port.FixedIps.IsSet) body.Objects("fixed_ips", port.FixedIps.Value, Write);
        body.Update("security_groups", port.SecurityGroups);
        body.ObjectsUnlessEmpty("allowed_address_pairs", port.AllowedAddressPairs, Write);
        body.Set("mac_address", port.MacAddress);
        body.Set("device_id", port.DeviceId);
        body.Set("device_owner", port.DeviceOwner);
        body.Set("port_security_enabled", port.PortSecurityEnabled);
        if (!port.AdminStateUp) body.Set("admin_state_up", false);
        body.Set("binding:host_id", port.BindingHostId);
        body.Set("binding:vnic_type", port.VnicType);
        body.Set("dns_name", port.DnsName);
        body.SetUnlessEmpty("tags", port.Tags);
        body.Set("project_id", port.ProjectId);
    }

    private static void Write(JsonBody body, PortUpdate update)
    {
        body.Update("name", update.Name);
        body.Update("description", update.Description);
        if (update.FixedIps.IsSet) body.Objects("fixed_ips", update.FixedIps.Value, Write);
        body.Update("security_groups", update.SecurityGroups);
        if (update.AllowedAddressPairs.IsSet) body.Objects("allowed_address_pairs", update.AllowedAddressPairs.Value, Write);
        body.Update("device_id", update.DeviceId);
        body.Update("device_owner", update.DeviceOwner);
        body.Update("port_security_enabled", update.PortSecurityEnabled);
        body.Update("admin_state_up", update.AdminStateUp);
        body.Update("binding:host_id", update.BindingHostId);
        body.Update("dns_name", update.DnsName);
    }

    private static void Write(JsonBody body, FixedIp address)
    {
        body.SetUnlessEmpty("subnet_id", address.SubnetId);
        body.SetUnlessEmpty("ip_address", address.IpAddress);
    }

    private static void Write(JsonBody body, AddressPair pair)
    {
        body.Set("ip_address", pair.IpAddress);
        body.Set("mac_address", pair.MacAddress);
    }

    private static void Write(JsonBody body, SubPort port)
    {
        body.Set("port_id", port.PortId);
        body.Set("segmentation_type", port.SegmentationType);
        body.Set("segmentation_id", port.SegmentationId);
    }

    private async Task<Trunk> ChangeSubPortsAsync(string action, string trunkId, ReadOnlyMemory<byte> body, CancellationToken cancellationToken)
    {
        // Not harmless twice: the second time the subports are "in use", or not found.
        var call = new ApiCall
        {
            Operation = $"network.trunks.{action}",
            Method = HttpMethod.Put,
            Path = $"{Item("trunks", trunkId)}/{action}",
            Body = body,
            Repeatable = false,
        };
        return (await _channel.SendAsync(call, PortJson.Default.TrunkWire, cancellationToken)).ToTrunk();
    }
}
