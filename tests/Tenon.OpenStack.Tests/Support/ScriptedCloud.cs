using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Tenon.OpenStack.Tests.Support;

/// <summary>A request as the scripted cloud received it.</summary>
internal sealed record Received(string Method, string Path, string Query, string? Token, string Body, IReadOnlyDictionary<string, string> Headers)
{
    public JsonNode Json => JsonNode.Parse(Body)!;
}

/// <summary>
/// An HTTP server that answers what a test tells it to, with a Keystone in front: for what a well-behaved cloud never does.
/// Everything but <c>/identity</c> goes to the script, as <c>/compute/…</c>, <c>/network/…</c> and so on.
/// </summary>
internal sealed class ScriptedCloud : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ConcurrentQueue<Received> _received = new();
    private int _tokens;

    private ScriptedCloud(WebApplication app) => _app = app;

    /// <summary>Answers what is not Keystone's.</summary>
    public Func<Received, HttpContext, Task> Script { get; set; } = (_, context) => Answer(context, 404, "{}");

    /// <summary>Answers <c>POST /identity/v3/auth/tokens</c>; <see langword="null"/> gives a token.</summary>
    public Func<Received, HttpContext, Task>? Keystone { get; set; }

    /// <summary>The life of tokens.</summary>
    public TimeSpan TokenLife { get; set; } = TimeSpan.FromHours(1);

    /// <summary>What Keystone believes the time to be.</summary>
    public DateTimeOffset KeystoneNow { get; set; } = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>The catalog as JSON; <see langword="null"/> lists this server's services in RegionOne.</summary>
    public JsonArray? Catalog { get; set; }

    /// <summary>All requests, in order.</summary>
    public IReadOnlyList<Received> Received => [.. _received];

    /// <summary>Requests that were not Keystone's.</summary>
    public IReadOnlyList<Received> ServiceCalls => [.. _received.Where(r => !r.Path.StartsWith("/identity", StringComparison.Ordinal))];

    /// <summary>How often a token was asked for.</summary>
    public int Authentications => _received.Count(r => r.Path == "/identity/v3/auth/tokens");

    public string Root => _app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();

    public CloudCredentials Credentials => new()
    {
        AuthUrl = new($"{Root}/identity"),
        Method = new AuthMethod.Password(null, "demo", DomainReference.ByName("Default"), new("pa$$word-one")),
        Scope = new AuthScope.Project(null, "demo", DomainReference.ById("default")),
        Region = "RegionOne",
    };

    public static async Task<ScriptedCloud> StartAsync(X509Certificate2? certificate = null, Func<X509Certificate2, bool>? acceptClient = null)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen =>
        {
            if (certificate is null) return;
            listen.UseHttps(https =>
            {
                https.ServerCertificate = certificate;
                if (acceptClient is null) return;
                https.ClientCertificateMode = ClientCertificateMode.RequireCertificate;
                https.ClientCertificateValidation = (client, _, _) => acceptClient(client);
            });
        }));
        WebApplication app = builder.Build();
        var cloud = new ScriptedCloud(app);
        app.Run(cloud.HandleAsync);
        await app.StartAsync(TestContext.Current.CancellationToken);
        return cloud;
    }

    /// <summary>A client of this cloud that repeats quickly.</summary>
    public CloudClient Connect(CloudClientOptions? options = null, ILoggerFactory? loggers = null, CloudCredentials? credentials = null)
        => new(credentials ?? Credentials, options ?? Fast(), loggers);

    public static CloudClientOptions Fast() => new() { Retry = new() { BaseDelay = TimeSpan.FromMilliseconds(1), MaxDelay = TimeSpan.FromMilliseconds(5) } };

    public static async Task Answer(HttpContext context, int status, string body, params (string Name, string Value)[] headers)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        foreach ((string name, string value) in headers) context.Response.Headers[name] = value;
        await context.Response.WriteAsync(body, context.RequestAborted);
    }

    public JsonArray DefaultCatalog() => new(
        Service("compute", "RegionOne", "public", $"{Root}/compute/v2.1"),
        Service("network", "RegionOne", "public", $"{Root}/network"),
        Service("load-balancer", "RegionOne", "public", $"{Root}/load-balancer"),
        Service("key-manager", "RegionOne", "public", $"{Root}/key-manager"));

    public static JsonObject Service(string type, string region, string face, string url) => new()
    {
        ["type"] = type,
        ["name"] = type,
        ["endpoints"] = new JsonArray(new JsonObject { ["region"] = region, ["region_id"] = region, ["interface"] = face, ["url"] = url, ["id"] = "e" }),
    };

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    /// <summary>What Keystone answers to good credentials; the token is <c>token-N</c>.</summary>
    public Task GiveTokenAsync(HttpContext context)
    {
        int number = Interlocked.Increment(ref _tokens);
        var token = new JsonObject
        {
            ["token"] = new JsonObject
            {
                ["issued_at"] = KeystoneNow.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'"),
                ["expires_at"] = (KeystoneNow + TokenLife).ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'"),
                ["user"] = new JsonObject { ["id"] = "user-1", ["name"] = "demo", ["domain"] = new JsonObject { ["id"] = "default", ["name"] = "Default" } },
                ["project"] = new JsonObject { ["id"] = "project-1", ["name"] = "demo", ["domain"] = new JsonObject { ["id"] = "default", ["name"] = "Default" } },
                ["roles"] = new JsonArray(new JsonObject { ["id"] = "r", ["name"] = "member" }),
                ["catalog"] = (Catalog ?? DefaultCatalog()).DeepClone(),
            },
        };
        return Answer(context, 201, token.ToJsonString(), ("X-Subject-Token", $"token-{number}-of-this-cloud"));
    }

    private async Task HandleAsync(HttpContext context)
    {
        using var reader = new StreamReader(context.Request.Body);
        string body = await reader.ReadToEndAsync(context.RequestAborted);
        var headers = context.Request.Headers.ToDictionary(h => h.Key, h => h.Value.ToString(), StringComparer.OrdinalIgnoreCase);
        var received = new Received(
            context.Request.Method,
            context.Request.Path.Value!,
            context.Request.QueryString.ToString(),
            headers.GetValueOrDefault("X-Auth-Token"),
            body,
            headers);
        _received.Enqueue(received);
        bool authenticates = received is { Path: "/identity/v3/auth/tokens", Method: "POST" };
        Task answer = !authenticates ? Script(received, context) : Keystone is { } keystone ? keystone(received, context) : GiveTokenAsync(context);
        await answer;
    }
}
