using System.Net;
using System.Net.Security;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

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

    /// <summary>Gives the server certificate with its chain, for TLS, anew for each connection; <see langword="null"/> for plain HTTP.</summary>
    public Func<SslStreamCertificateContext>? Certificate { get; init; }

    /// <summary>Whether the owner of a bearer token may read the metrics; <see langword="null"/> lets everybody. Health is always open.</summary>
    public Func<Secret, CancellationToken, Task<bool>>? AuthorizeMetrics { get; init; }
}

/// <summary>Serves <c>/healthz</c>, <c>/livez</c>, <c>/readyz</c> and <c>/metrics</c> (Prometheus text format) over HTTP.</summary>
public sealed partial class HealthServer : IAsyncDisposable
{
    private readonly HealthServerOptions _options;
    private readonly ILogger _logger;
    private readonly MetricsCollector _metrics;
    private readonly Lock _gate = new();
    private HealthCheck[] _liveness;
    private HealthCheck[] _readiness;
    private WebApplication? _app;

    /// <summary>Stores what is given; metrics are gathered from now on.</summary>
    public HealthServer(HealthServerOptions options, ILogger<HealthServer>? logger = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        _options = options;
        _logger = logger ?? NullLogger<HealthServer>.Instance;
        _liveness = [.. options.Liveness];
        _readiness = [.. options.Readiness];
        _metrics = new MetricsCollector(options.Meters, options.MaxSeries);
    }

    /// <summary>Where it listens, once started.</summary>
    public Uri Address => _app is { } app ? new Uri(app.Urls.First()) : throw new InvalidOperationException("The health server is not started.");

    /// <summary>Whether it listens.</summary>
    public bool IsStarted => _app is not null;

    /// <summary>Begins to listen.</summary>
    /// <exception cref="IOException">The address is in use.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        if (_app is not null) throw new InvalidOperationException("The health server is started already.");
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore();
        if (_options.Certificate is not null) builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Listen(_options.Endpoint, listen =>
            {
                if (_options.Certificate is not { } certificate) return;
                listen.UseHttps(new TlsHandshakeCallbackOptions
                {
                    OnConnection = _ => ValueTask.FromResult(new SslServerAuthenticationOptions { ServerCertificateContext = certificate() }),
                });
            });
        });
        WebApplication app = builder.Build();
        app.Run(ServeAsync);
        await app.StartAsync(cancellationToken);
        _app = app;
        LogListening(Address);
    }

    /// <summary>Adds a check to <c>/readyz</c>.</summary>
    public void AddReadiness(HealthCheck check)
    {
        lock (_gate) _readiness = [.. _readiness, check];
    }

    /// <summary>Adds a check to <c>/healthz</c>.</summary>
    public void AddLiveness(HealthCheck check)
    {
        lock (_gate) _liveness = [.. _liveness, check];
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _app, null) is { } app)
        {
            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(1));
            await app.StopAsync(limit.Token);
            await app.DisposeAsync();
        }

        _metrics.Dispose();
    }

    private Task ServeAsync(HttpContext context)
    {
        if (!HttpMethods.IsGet(context.Request.Method) && !HttpMethods.IsHead(context.Request.Method))
            return AnswerAsync(context, StatusCodes.Status405MethodNotAllowed, "only GET is served here\n");
        string path = context.Request.Path.Value?.TrimEnd('/') ?? "";
        if (path == "/metrics") return AuthorizedMetricsAsync(context);
        foreach (string root in (ReadOnlySpan<string>)["/healthz", "/livez", "/readyz"])
        {
            if (path == root) return ChecksAsync(context, root, Checks(root));
            if (path.StartsWith(root + "/", StringComparison.Ordinal))
            {
                HealthCheck[] one = [.. Checks(root).Where(c => c.Name == path[(root.Length + 1)..])];
                if (one.Length > 0) return ChecksAsync(context, path, one);
            }
        }

        return AnswerAsync(context, StatusCodes.Status404NotFound, "there is /healthz, /livez, /readyz and /metrics\n");
    }

    private async Task AuthorizedMetricsAsync(HttpContext context)
    {
        if (_options.AuthorizeMetrics is { } authorize)
        {
            string header = context.Request.Headers.Authorization.ToString();
            string token = header.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase) ? header[7..].Trim() : "";
            int refusal = token.Length == 0 ? StatusCodes.Status401Unauthorized : StatusCodes.Status403Forbidden;
            if (token.Length == 0 || !await authorize(new Secret(token), context.RequestAborted))
            {
                await AnswerAsync(context, refusal, "metrics need the bearer token of somebody who may get /metrics\n");
                return;
            }
        }

        await MetricsAsync(context);
    }

    private HealthCheck[] Checks(string root) => root == "/readyz" ? [.. _liveness, .. _readiness] : _liveness;

    private static Task ChecksAsync(HttpContext context, string path, HealthCheck[] checks)
    {
        var text = new StringBuilder();
        bool well = true;
        string?[] excluded = [.. context.Request.Query["exclude"]];
        foreach (HealthCheck check in checks)
        {
            if (excluded.Contains(check.Name))
            {
                text.Append("[+]").Append(check.Name).Append(" excluded: ok\n");
                continue;
            }

            string? wrong = Ask(check);
            well &= wrong is null;
            text.Append(wrong is null ? "[+]" : "[-]").Append(check.Name).Append(wrong is null ? " ok" : $" failed: {wrong}").Append('\n');
        }

        if (!well) return AnswerAsync(context, StatusCodes.Status503ServiceUnavailable, $"{text}{path[1..]} check failed\n");
        return AnswerAsync(
            context, StatusCodes.Status200OK, context.Request.Query.ContainsKey("verbose") ? $"{text}{path[1..]} check passed\n" : "ok");
    }

    private static string? Ask(HealthCheck check)
    {
        try
        {
            return check.Check();
        }
        catch (Exception e)
        {
            return $"the check itself failed: {e.Message}";
        }
    }

    private Task MetricsAsync(HttpContext context)
    {
        context.Response.ContentType = "text/plain; version=0.0.4; charset=utf-8";
        return context.Response.WriteAsync(_metrics.Render(), context.RequestAborted);
    }

    private static Task AnswerAsync(HttpContext context, int status, string text)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "text/plain; charset=utf-8";
        context.Response.Headers.XContentTypeOptions = "nosniff";
        return context.Response.WriteAsync(text, context.RequestAborted);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Health and metrics at {Address}")]
    private partial void LogListening(Uri address);
}
