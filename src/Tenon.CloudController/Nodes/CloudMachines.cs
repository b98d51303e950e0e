using Tenon.OpenStack.Compute;
using Tenon.OpenStack.Identity;
using Tenon.OpenStack.Networking;

namespace Tenon.CloudController.Nodes;

/// <summary>
/// The project's servers and ports, read in bulk and shared by all nodes, routes and whoever else needs them: one paged list of each,
/// whatever the number of nodes.
/// </summary>
public sealed class CloudMachines : IDisposable
{
    private readonly IServerReader _servers;
    private readonly IPortReader _ports;
    private readonly INetworkReader _networks;
    private readonly IIdentityReader _identity;
    private readonly SharedRead<ServerInventory> _serverReads;
    private readonly SharedRead<PortInventory> _portReads;

    /// <summary>Stores what is given; nothing is read before it is asked for.</summary>
    public CloudMachines(IServerReader servers, IPortReader ports, INetworkReader networks, IIdentityReader identity, TimeProvider time)
    {
        _servers = servers;
        _ports = ports;
        _networks = networks;
        _identity = identity;
        Time = time;
        _serverReads = new SharedRead<ServerInventory>(ReadServersAsync, time);
        _portReads = new SharedRead<PortInventory>(ReadPortsAsync, time);
    }

    /// <summary>The clock by which readings age.</summary>
    public TimeProvider Time { get; }

    /// <summary>All servers of the project, read at a moment or later.</summary>
    public Task<Reading<ServerInventory>> ServersAsync(DateTimeOffset notBefore, CancellationToken cancellationToken)
        => _serverReads.GetAsync(notBefore, cancellationToken);

    /// <summary>All ports of the project, read at a moment or later.</summary>
    public Task<Reading<PortInventory>> PortsAsync(DateTimeOffset notBefore, CancellationToken cancellationToken)
        => _portReads.GetAsync(notBefore, cancellationToken);

    /// <summary>Forgets the ports that were read, since one of them turned out to have changed.</summary>
    public void InvalidatePorts() => _portReads.Invalidate();

    /// <summary>
    /// Whether a server still exists, by asking for it alone. A list may lack servers whose part of Nova is down; before a node is
    /// deleted, this makes sure.
    /// </summary>
    public async Task<bool> ServerExistsAsync(string serverId, CancellationToken cancellationToken)
        => await _servers.GetServerAsync(serverId, cancellationToken) is { Status: not (ServerStatus.Deleted or ServerStatus.SoftDeleted) };

    /// <inheritdoc/>
    public void Dispose()
    {
        _serverReads.Dispose();
        _portReads.Dispose();
    }

    private async Task<ServerInventory> ReadServersAsync(CancellationToken cancellationToken)
    {
        var servers = new List<Server>();
        await foreach (Server server in _servers.ListServersAsync(new ServerQuery(), cancellationToken)) servers.Add(server);
        return new ServerInventory(servers);
    }

    private async Task<PortInventory> ReadPortsAsync(CancellationToken cancellationToken)
    {
        AuthenticatedIdentity self = await _identity.GetSelfAsync(cancellationToken);
        var ports = new List<Port>();
        await foreach (Port port in _ports.ListPortsAsync(new PortQuery { ProjectId = self.ProjectId }, cancellationToken)) ports.Add(port);
        var names = new Dictionary<string, string>(StringComparer.Ordinal);
        if (PortInventory.SubPortNetworks(ports) is { IsEmpty: false } networkIds)
        {
            await foreach (Network network in _networks.ListNetworksAsync(new NetworkQuery { Ids = networkIds }, cancellationToken)) names[network.Id] = network.Name;
        }

        return new PortInventory(ports, names);
    }
}
