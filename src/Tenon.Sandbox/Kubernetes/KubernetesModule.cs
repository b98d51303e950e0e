using System.Text;
using System.Text.Json.Nodes;
using Tenon.Sandbox.Kubernetes.Http;
using Tenon.Sandbox.Kubernetes.Objects;
using Tenon.Sandbox.Kubernetes.Resources;
using Tenon.Sandbox.Kubernetes.Resources.Strategies;
using Tenon.Sandbox.Kubernetes.Security;
using Tenon.Sandbox.Kubernetes.Storage;

namespace Tenon.Sandbox.Kubernetes;

/// <summary>The Kubernetes half of the sandbox: an API server on its own HTTPS port.</summary>
public sealed class KubernetesModule : IAsyncDisposable
{
    private readonly ClusterCertificates _certificates;
    private readonly CancellationTokenSource _stop = new();
    private LoopbackServer? _server;

    private KubernetesModule(SandboxContext context)
    {
        _certificates = new ClusterCertificates(context.Options.TimeProvider);
        var registry = new ResourceRegistry();
        foreach (ResourceDefinition definition in BuiltInResources.All(new ServiceStrategy(context.Options.DualStack))) registry.Add(definition);
        Store = new ClusterStore();
        Objects = new ObjectOperations(Store, registry, context.Options.TimeProvider);
        Access = new AccessControl(_certificates);
    }

    /// <summary>The objects, with every rule of the API server: for seeding and for controllers in this process.</summary>
    public ObjectOperations Objects { get; }

    /// <summary>What is stored.</summary>
    public ClusterStore Store { get; }

    /// <summary>A kubeconfig of a cluster administrator.</summary>
    public string Kubeconfig { get; private set; } = "";

    /// <summary>The API server, <c>https://127.0.0.1:PORT</c>.</summary>
    public string Address { get; private set; } = "";

    internal AccessControl Access { get; }

    /// <summary>Starts it: <see cref="LoopbackServer"/> with a certificate, each request through the context's pipeline as service <c>kubernetes</c>.</summary>
    internal static async Task<KubernetesModule> StartAsync(SandboxContext context, CancellationToken cancellationToken)
    {
        var module = new KubernetesModule(context);
        ClusterSeeder.Seed(module.Objects);
        var api = new ApiServer(module.Objects, module.Access, context.Pipeline, module._stop.Token);
        module._server = await LoopbackServer.StartAsync(api.HandleAsync, context.Options.KubernetesPort, module._certificates.Server, cancellationToken);
        module.Address = $"https://127.0.0.1:{module._server.Port}";
        (string certificate, string key) = module._certificates.MakeClient("kubernetes-admin", UserInfo.Masters);
        module.Kubeconfig = module.MakeKubeconfig("kubernetes-admin", new JsonObject
        {
            ["client-certificate-data"] = Base64(certificate),
            ["client-key-data"] = Base64(key),
        });
        return module;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        Store.EndWatches(null, WatchEnd.Closed);
        if (_server is not null) await _server.DisposeAsync();
        _certificates.Dispose();
        _stop.Dispose();
    }

    /// <summary>A kubeconfig for a user with a bearer token.</summary>
    public string KubeconfigFor(string user, string token) => MakeKubeconfig(user, new JsonObject { ["token"] = token });

    private string MakeKubeconfig(string user, JsonObject credential) => $"""
        apiVersion: v1
        kind: Config
        current-context: sandbox
        clusters:
        - name: sandbox
          cluster:
            server: {Address}
            certificate-authority-data: {Base64(_certificates.AuthorityPem)}
        contexts:
        - name: sandbox
          context:
            cluster: sandbox
            user: {user}
        users:
        - name: {user}
          user:
        {string.Join('\n', credential.Select(c => $"    {c.Key}: {c.Value}"))}

        """;

    private static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));
}
