using System.Net;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Tenon.CloudController.Configuration;
using Tenon.CloudControllers;
using Tenon.CommandLine;
using Tenon.Core;
using Tenon.OpenStack;
using Tenon.OpenStack.Compute;
using Tenon.OpenStack.Networking;
using Tenon.Sandbox;

namespace Tenon.Demo;

/// <summary>A cloud of clouds.yaml: servers are made there for the demonstration, and taken away at its end with all that came of it.</summary>
internal sealed class RealCloud : IDemoCloud
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    private readonly string _name;
    private readonly SandboxHost _host;
    private readonly CloudClient _hands;
    private readonly CallCounter _calls = new();
    private readonly DemoPlace _place;
    private readonly int _nodes;

    private RealCloud(string name, SandboxHost host, CloudClient hands, CloudConfig config, DemoPlace place, int nodes)
    {
        (_name, _host, _hands, _place, _nodes) = (name, host, hands, place, nodes);
        Config = config with { Route = config.Route with { RouterId = place.Router.Id } };
        ClusterName = $"tenon-demo-{RandomNumberGenerator.GetHexString(4, lowercase: true)}";
    }

    public CloudConfig Config { get; }

    public string ClusterName { get; }

    public TimeSpan StepLimit => Patience;

    public string CallsHeading => "API calls, as the cloud controller counted them";

    public string OpenStackEnvironment
        => $"OS_CLOUD={_name}{(Environment.GetEnvironmentVariable("OS_CLIENT_CONFIG_FILE") is { Length: > 0 } file ? $" OS_CLIENT_CONFIG_FILE={file}" : "")}";

    /// <summary>Looks at the cloud and decides where the servers go.</summary>
    /// <exception cref="CommandException">There is no such cloud, or it leaves a choice; the message names the option that decides.</exception>
    public static async Task<RealCloud> OpenAsync(DemoOptions options, SandboxHost host, IPNetwork pods, Action<Problem> report, CancellationToken cancellationToken)
    {
        CloudConfig config = Connections.ReadCloud(options.Cloud!, report);
        CloudClient hands = Connections.OpenCloud(config, readOnly: false, userAgent: "tenon-demo");
        try
        {
            string? region = config.Global.Region;
            NetworkingClient networking = hands.Networking(region);
            var seen = new DemoChoices
            {
                Networks = await networking.ListNetworksAsync(new NetworkQuery { External = false }, cancellationToken).ToListAsync(cancellationToken),
                RouterPorts = await networking.ListPortsAsync(
                    new PortQuery { DeviceOwners = ["network:router_interface", "network:router_interface_distributed", "network:ha_router_replicated_interface"] },
                    cancellationToken).ToListAsync(cancellationToken),
                Routers = await networking.ListRoutersAsync(new RouterQuery(), cancellationToken).ToListAsync(cancellationToken),
                Flavors = await hands.Compute(region).ListFlavorsAsync(cancellationToken),
                Images = await hands.Images(region).ListImagesAsync(cancellationToken).ToListAsync(cancellationToken),
                Zones = await hands.Compute(region).ListZonesAsync(cancellationToken),
            };
            return new RealCloud(options.Cloud!, host, hands, config, DemoPlace.Choose(seen, options.Network, options.Image, pods), options.Nodes);
        }
        catch
        {
            await hands.DisposeAsync();
            throw;
        }
    }

    public CloudClient Open() => Connections.OpenCloud(Config, readOnly: false, userAgent: "tenon-cloud-controller", observer: _calls.Count);

    public async Task AddNodesAsync(DemoProgress progress, CancellationToken cancellationToken)
    {
        ComputeClient compute = _hands.Compute(Config.Global.Region);
        progress.Say($"ordering {_nodes} servers ({_place.Flavor.Name}, {_place.Image.Name}) on network {_place.Network.Name}");
        for (int i = 0; i < _nodes; i++)
        {
            await compute.CreateServerAsync(
                new ServerCreate
                {
                    Name = NameOf(i),
                    FlavorId = _place.Flavor.Id,
                    ImageId = _place.Image.Id,
                    NetworkIds = [_place.Network.Id],
                    AvailabilityZone = _place.Zones.Count == 0 ? null : _place.Zones[i % _place.Zones.Count],
                    Metadata = [new("tenon-demo", ClusterName)],
                },
                cancellationToken);
        }

        await progress.UntilAsync($"{_nodes} servers are ACTIVE", StepLimit, null, async () =>
        {
            List<Server> mine = await MineAsync(cancellationToken);
            if (mine.Find(s => s.Status == "ERROR") is { } broken)
                throw new CommandException(ExitCode.Failure, $"server {broken.Name} is in ERROR: see openstack server show {broken.Id}");
            return mine.Count(s => s.Status == "ACTIVE") == _nodes;
        }, cancellationToken);
        for (int i = 0; i < _nodes; i++) _host.Kubernetes.Nodes.Add(NameOf(i));
    }

    public async Task<JsonArray> RoutesAsync(CancellationToken cancellationToken)
    {
        Router? router = await _hands.Networking(Config.Global.Region).GetRouterAsync(_place.Router.Id, cancellationToken);
        return [.. (router?.Routes ?? []).Except(_place.Router.Routes).Select(r => (JsonNode)new JsonObject { ["destination"] = r.Destination, ["nexthop"] = r.NextHop })];
    }

    public Task<JsonNode> CallsAsync(CancellationToken cancellationToken) => Task.FromResult<JsonNode>(_calls.Summary());

    public async Task RemoveAsync(DemoProgress progress, KubectlProcess kubectl, Task? controller, CancellationToken cancellationToken)
    {
        try
        {
            await RemoveAllAsync(progress, kubectl, controller, cancellationToken);
        }
        catch (CommandException e)
        {
            throw new CommandException(e.ExitCode, $"{e.Message}; whatever is left of the demonstration in cloud {_name} has {ClusterName} in its name", e.Problems);
        }
    }

    public ValueTask DisposeAsync() => _hands.DisposeAsync();

    private async Task RemoveAllAsync(DemoProgress progress, KubectlProcess kubectl, Task? controller, CancellationToken cancellationToken)
    {
        progress.Say("taking it away again");
        if (controller is { IsCompleted: false })
        {
            await kubectl.RunAsync(cancellationToken, "delete", "services", "--all", "--all-namespaces", "--wait=false");
            await progress.UntilAsync("the load balancer is gone", StepLimit, controller, async () =>
                (await kubectl.RunAsync(cancellationToken, "get", "services", "--all-namespaces", "-o", "jsonpath={.items[?(@.spec.type==\"LoadBalancer\")].metadata.name}")).Length == 0,
                cancellationToken);
            foreach (string name in _host.Kubernetes.Nodes.Names) _host.Kubernetes.Nodes.Remove(name);
            await kubectl.RunAsync(cancellationToken, "delete", "nodes", "--all", "--wait=false");
            await progress.UntilAsync("the routes are gone", StepLimit, controller, async () => (await RoutesAsync(cancellationToken)).Count == 0, cancellationToken);
        }

        foreach (Server server in await MineAsync(cancellationToken)) await _hands.Compute(Config.Global.Region).DeleteServerAsync(server.Id, cancellationToken);
        await progress.UntilAsync("the servers are gone", StepLimit, null, async () => (await MineAsync(cancellationToken)).Count == 0, cancellationToken);
    }

    private string NameOf(int node) => $"{ClusterName}-node-{node + 1}";

    /// <summary>The servers by their names, so that one whose order was never answered is among them.</summary>
    private async Task<List<Server>> MineAsync(CancellationToken cancellationToken)
        => [.. (await _hands.Compute(Config.Global.Region).ListServersAsync(new ServerQuery(), cancellationToken).ToListAsync(cancellationToken))
            .Where(s => s.Name.StartsWith($"{ClusterName}-node-", StringComparison.Ordinal))];
}
