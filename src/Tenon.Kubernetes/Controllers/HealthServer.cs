using System.Net;
using Microsoft.Extensions.Logging;

namespace Tenon.Kubernetes.Controllers;

/// <summary>One thing that must be well.</summary>
/// <param name="Name">Its name in <c>?verbose</c> answers.</param>
/// <param name="Check">Returns what is wrong, or <see langword="null"/> when it is well. Must not block.</param>
public sealed record HealthCheck(string Name, Func<string?> Check);

/// <summary>What a health server serves.</summary>
public sealed record HealthServerOptions
{
    /// <summary>Where it listens; port 0 takes a free one.</summary>
    public IPEndPoint Endpoint { get; init; } = new(IPAddress.Loopback, 10258);

    /// <summary>What <c>/healthz</c> (and <c>/livez</c>) asks: when one fails, the process should be restarted.</summary>
    public IReadOnlyList<HealthCheck> Liveness { get; init; } = [];

    /// <summary>What <c>/readyz</c> asks besides.</summary>
    public IReadOnlyList<HealthCheck> Readiness { get; init; } = [];

    /// <summary>The meters whose instruments <c>/metrics</c> shows: names, or beginnings that end in <c>*</c>.</summary>
    public IReadOnlyList<string> Meters { get; init; } = ["Tenon.*", "System.Runtime"];

    /// <summary>How many label combinations one instrument may have; further ones are counted together.</summary>
    public int MaxSeries { get; init; } = 2000;
}

/// <summary>Serves <c>/healthz</c>, <c>/livez</c>, <c>/readyz</c> and <c>/metrics</c> (Prometheus text format) over HTTP.</summary>
public sealed class HealthServer : IAsyncDisposable
{
    /// <summary>Stores what is given.</summary>
    public HealthServer(HealthServerOptions options, TimeProvider? time = null, ILogger<HealthServer>? logger = null)
    {
    }

    /// <summary>Where it listens, once started.</summary>
    public Uri Address => throw new NotImplementedException();

    /// <summary>Begins to listen.</summary>
    public Task StartAsync(CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>Adds a check to <c>/readyz</c>.</summary>
    public void AddReadiness(HealthCheck check) => throw new NotImplementedException();

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => throw new NotImplementedException();
}
