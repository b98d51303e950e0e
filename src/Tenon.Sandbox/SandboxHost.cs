using Microsoft.AspNetCore.Http;
using Tenon.Sandbox.Control;
using Tenon.Sandbox.Kubernetes;
using Tenon.Sandbox.Measures;
using Tenon.Sandbox.OpenStack;

namespace Tenon.Sandbox;

/// <summary>
/// An OpenStack and a Kubernetes API in this process, on 127.0.0.1, in memory. One HTTP port serves all OpenStack services and the control
/// endpoint, one HTTPS port the Kubernetes API.
/// </summary>
public sealed class SandboxHost : IAsyncDisposable
{
    private readonly LoopbackServer _server;

    private SandboxHost(SandboxOptions options, LoopbackServer server, OpenStackCloud openStack, KubernetesModule kubernetes)
    {
        Options = options;
        _server = server;
        OpenStack = openStack;
        Kubernetes = kubernetes;
    }

    /// <summary>How it was asked to look.</summary>
    public SandboxOptions Options { get; }

    /// <summary>Keystone's address, <c>http://127.0.0.1:PORT/identity/v3</c>.</summary>
    public string AuthUrl => $"{OpenStack.Root}/identity/v3";

    /// <summary>The control endpoint, <c>http://127.0.0.1:PORT/_sandbox/</c>.</summary>
    public Uri ControlUrl => new($"{OpenStack.Root}/_sandbox/");

    /// <summary>A clouds.yaml with <c>sandbox</c> (user demo of project demo) and <c>sandbox-admin</c>.</summary>
    public string CloudsYaml => CloudFiles.CloudsYaml(AuthUrl, Options.Regions);

    /// <summary>A cloud.conf for a cloud controller, with credentials and nothing else.</summary>
    public string CloudConf => CloudFiles.CloudConf(AuthUrl, Options.Regions[0]);

    /// <summary>A kubeconfig of a cluster administrator.</summary>
    public string Kubeconfig => Kubernetes.Kubeconfig;

    /// <summary>The cloud, in process.</summary>
    public OpenStackCloud OpenStack { get; }

    /// <summary>The cluster, in process.</summary>
    public KubernetesModule Kubernetes { get; }

    /// <summary>Every API call.</summary>
    public required CallLog Calls { get; init; }

    /// <summary>Faults to inject.</summary>
    public required FaultRules Faults { get; init; }

    /// <summary>Latency to add.</summary>
    public required LatencyTable Latency { get; init; }

    /// <summary>Starts a sandbox; when this returns, everything is seeded and served.</summary>
    /// <exception cref="IOException">A port is taken.</exception>
    public static async Task<SandboxHost> StartAsync(SandboxOptions options, CancellationToken cancellationToken)
    {
        var calls = new CallLog();
        var faults = new FaultRules();
        var latency = new LatencyTable();
        latency.Set(LatencyTable.Default, options.Latency);
        foreach ((string service, TimeSpan value) in options.ServiceLatency) latency.Set(service, value);
        var pipeline = new CallPipeline(calls, faults, latency, options.TimeProvider);
        var cloud = new OpenStackCloud(options, pipeline);
        var control = new ControlApi(options, calls, faults, latency, cloud);
        LoopbackServer server = await LoopbackServer.StartAsync(
            context => context.Request.Path.StartsWithSegments("/_sandbox", StringComparison.Ordinal) ? control.HandleAsync(context) : Root(cloud, context),
            options.OpenStackPort, null, cancellationToken);
        try
        {
            cloud.ListensAt($"http://127.0.0.1:{server.Port}");
            WorldSeeder.Seed(cloud, options);
            KubernetesModule kubernetes = await KubernetesModule.StartAsync(
                new SandboxContext(options, pipeline, control, cloud), cancellationToken);
            return new SandboxHost(options, server, cloud, kubernetes) { Calls = calls, Faults = faults, Latency = latency };
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        // Calls that hang must not hold up the end.
        Faults.Clear();
        await Kubernetes.DisposeAsync();
        await _server.DisposeAsync();
    }

    private static Task Root(OpenStackCloud cloud, HttpContext context) => cloud.HandleAsync(context);
}
