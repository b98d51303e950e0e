using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Tenon.Kubernetes.Client;

namespace Tenon.Kubernetes.Tests;

/// <summary>A real HTTP server whose answers a test writes, for what a well-behaved API server will not do on command.</summary>
internal sealed class ScriptedApi : IAsyncDisposable
{
    private readonly WebApplication _app;
    private int _inFlight;

    private ScriptedApi(WebApplication app) => _app = app;

    public Uri Address => new(_app.Urls.First());

    public ConcurrentQueue<string> Requests { get; } = new();

    public ConcurrentQueue<string> Bodies { get; } = new();

    public int InFlight => Volatile.Read(ref _inFlight);

    public static async Task<ScriptedApi> StartAsync(
        Func<HttpContext, Task> answer, X509Certificate2? certificate = null, Action<HttpsConnectionAdapterOptions>? https = null)
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore();
        if (certificate is not null) builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen =>
        {
            if (certificate is not null)
            {
                listen.UseHttps(options =>
                {
                    options.ServerCertificate = certificate;
                    https?.Invoke(options);
                });
            }
        }));
        WebApplication app = builder.Build();
        var api = new ScriptedApi(app);
        app.Run(async context =>
        {
            bool watch = context.Request.Query.ContainsKey("watch");
            if (!watch) Interlocked.Increment(ref api._inFlight);
            try
            {
                api.Requests.Enqueue($"{context.Request.Method} {context.Request.Path}{context.Request.QueryString}");
                context.Request.EnableBuffering();
                using (var reader = new StreamReader(context.Request.Body, Encoding.UTF8, leaveOpen: true))
                    api.Bodies.Enqueue(await reader.ReadToEndAsync(context.RequestAborted));
                context.Request.Body.Position = 0;
                await answer(context);
            }
            finally
            {
                if (!watch) Interlocked.Decrement(ref api._inFlight);
            }
        });
        await app.StartAsync(TestContext.Current.CancellationToken);
        return api;
    }

    public KubernetesClient Client(KubernetesClientOptions? options = null, KubernetesConfiguration? configuration = null)
        => new((configuration ?? new KubernetesConfiguration { Server = Address }) with { Server = Address }, options);

    public async ValueTask DisposeAsync()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromMilliseconds(200));
        await _app.StopAsync(limit.Token);
        await _app.DisposeAsync();
    }

    public static Task AnswerAsync(HttpContext context, int code, string body, string type = "application/json")
    {
        context.Response.StatusCode = code;
        context.Response.ContentType = type;
        return context.Response.WriteAsync(body, context.RequestAborted);
    }

    public static Task StatusAsync(HttpContext context, int code, string reason, string message = "because")
        => AnswerAsync(context, code, StatusJson(code, reason, message));

    public static string StatusJson(int code, string reason, string message = "because")
        => $$"""{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"{{message}}","reason":"{{reason}}","code":{{code}}}""";
}
