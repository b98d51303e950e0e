using Microsoft.Extensions.Logging;
using Tenon.Core;
using Tenon.Sandbox.Kubernetes.Controllers;
using Tenon.Sandbox.Kubernetes.Http;
using Tenon.Sandbox.Kubernetes.Objects;
using Tenon.Sandbox.Kubernetes.Resources;
using Tenon.Sandbox.Kubernetes.Resources.Strategies;
using Tenon.Sandbox.Kubernetes.Security;
using Tenon.Sandbox.Kubernetes.Storage;

namespace Tenon.Sandbox.Kubernetes;

/// <summary>The Kubernetes half of the sandbox: an API server on its own HTTPS port, the cluster's control loops, and nodes without machines.</summary>
public sealed class KubernetesModule : IAsyncDisposable
{
    private readonly ClusterCertificates _certificates;
    private readonly ServiceAccountTokens _tokens;
    private readonly CancellationTokenSource _stop = new();
    private readonly ILogger _logger;
    private readonly Authenticator _authenticator;
    private LoopbackServer? _server;
    private ClusterControllers? _controllers;

    private KubernetesModule(SandboxContext context)
    {
        TimeProvider time = context.Options.TimeProvider;
        _logger = context.Options.LoggerFactory.CreateLogger("Tenon.Sandbox.Kubernetes");

        // Certificates are judged by the clients' clocks, which are the system's even where the sandbox runs on a manual one.
        _certificates = new ClusterCertificates(TimeProvider.System.GetUtcNow());
        var registry = new ResourceRegistry();
        foreach (ResourceDefinition definition in BuiltInResources.All(new ServiceStrategy(context.Options.DualStack))) registry.Add(definition);
        var store = new ClusterStore();
        _tokens = new ServiceAccountTokens(store, time);
        _authenticator = new Authenticator(_certificates, _tokens);
        Objects = new ObjectOperations(store, registry, time)
        {
            AuthorityPem = _certificates.AuthorityPem,
            IssueToken = account => _tokens.Issue(account, ServiceAccountTokens.Audiences, lifetime: null),
        };
    }

    /// <summary>The objects, with every rule of the API server: for seeding and for controllers in this process.</summary>
    public ObjectOperations Objects { get; }

    /// <summary>The nodes that the cloud's servers run.</summary>
    public SimulatedNodes Nodes { get; private set; } = null!;

    /// <summary>A kubeconfig of a cluster administrator.</summary>
    public string Kubeconfig { get; private set; } = "";

    /// <summary>The API server, <c>https://127.0.0.1:PORT</c>.</summary>
    public string Address { get; private set; } = "";

    /// <summary>A kubeconfig of a service account, valid for a day.</summary>
    /// <exception cref="ApiException">404: there is no such service account.</exception>
    public string KubeconfigOf(NamespacedName serviceAccount)
    {
        StoredObject account = Objects.Get(Objects.Target("", "serviceaccounts", serviceAccount.Namespace, serviceAccount.Name));
        return _certificates.TokenKubeconfig(Address, serviceAccount.Name, _tokens.Issue(account, ServiceAccountTokens.Audiences, TimeSpan.FromHours(24)));
    }

    /// <summary>Lets a fixed bearer token stand for a user until the sandbox ends.</summary>
    public void AddToken(string token, UserInfo user) => _authenticator.AddToken(token, user);

    /// <summary>Starts it: <see cref="LoopbackServer"/> with a certificate, each request through the context's pipeline as service <c>kubernetes</c>.</summary>
    internal static async Task<KubernetesModule> StartAsync(SandboxContext context, CancellationToken cancellationToken)
    {
        var module = new KubernetesModule(context);
        try
        {
            ClusterSeeder.Seed(module.Objects);

            // A cluster that one comes to has forgotten how it began.
            module.Objects.Store.Compact();
            new WatchFaults(module.Objects.Store).Map(context.Control);
            Authenticator authenticator = module._authenticator;
            var authorizer = new RbacAuthorizer(module.Objects.Store);
            var special = new SpecialSubresources(
                module.Objects, new AccessReviews(authenticator, authorizer), new TokenRequests(module._tokens, module.Objects.Store, module.Objects.Time));
            var api = new ApiServer(module.Objects, new AccessControl(authenticator, authorizer), special, context.Pipeline, module._stop.Token);
            module._server = await LoopbackServer.StartAsync(api.HandleAsync, context.Options.KubernetesPort, module._certificates.Server, cancellationToken);
            module.Address = $"https://127.0.0.1:{module._server.Port}";
            module.Kubeconfig = module._certificates.Kubeconfig(module.Address, "kubernetes-admin", "system:masters");
            module._controllers = ClusterControllers.Start(
                module.Objects, context.Options.Controllers, new ControllerSettings { DualStack = context.Options.DualStack }, module._logger);
            IEnumerable<string> servers = context.Options.SeedWorld ? Enumerable.Range(1, context.Options.Nodes).Select(i => $"node-{i}") : [];
            module.Nodes = SimulatedNodes.Start(module.Objects, servers, module._logger);
            return module;
        }
        catch
        {
            await module.DisposeAsync();
            throw;
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        Objects.Store.EndWatches(null, WatchEnd.Closed);
        if (Nodes is not null) await Nodes.DisposeAsync();
        if (_controllers is not null) await _controllers.DisposeAsync();
        if (_server is not null) await _server.DisposeAsync();
        _certificates.Dispose();
        _tokens.Dispose();
        _stop.Dispose();
    }
}
