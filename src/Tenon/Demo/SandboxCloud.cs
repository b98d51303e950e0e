using System.Text.Json.Nodes;
using Tenon.CloudController.Configuration;
using Tenon.CloudControllers;
using Tenon.Sandbox;
using Tenon.Sandboxes;

namespace Tenon.Demo;

/// <summary>The sandbox's own cloud, whose servers are nodes from the start and which ends with the sandbox.</summary>
internal sealed class SandboxCloud(SandboxHost host, SandboxDirectory files, CloudConfig config) : IDemoCloud
{
    public CloudConfig Config => config;

    public string ClusterName => "kubernetes";

    public TimeSpan StepLimit => TimeSpan.FromSeconds(45);

    public string CallsHeading => "API calls, as the sandbox counted them";

    public string OpenStackEnvironment => $"OS_CLIENT_CONFIG_FILE={files.CloudsYaml} OS_CLOUD=sandbox";

    public OpenStack.CloudClient Open() => Connections.OpenCloud(config, readOnly: false, userAgent: "tenon-cloud-controller");

    public Task AddNodesAsync(DemoProgress progress, CancellationToken cancellationToken) => Task.CompletedTask;

    public Task<JsonArray> RoutesAsync(CancellationToken cancellationToken)
    {
        JsonNode? body = host.OpenStack.Send("network", "GET", "/v2.0/routers").Body;
        IEnumerable<JsonNode?> routes = body?["routers"]?.AsArray().SelectMany(r => r!["routes"]!.AsArray()) ?? [];
        return Task.FromResult(new JsonArray([.. routes.Select(r => r!.DeepClone())]));
    }

    public async Task<JsonNode> CallsAsync(CancellationToken cancellationToken)
    {
        using var http = new HttpClient();
        return JsonNode.Parse(await http.GetStringAsync(new Uri(host.ControlUrl, "calls/summary"), cancellationToken))!;
    }

    public Task RemoveAsync(DemoProgress progress, KubectlProcess kubectl, Task? controller, CancellationToken cancellationToken) => Task.CompletedTask;

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
