using System.Diagnostics.Metrics;
using System.Net;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Tenon.Kubernetes.Controllers;

namespace Tenon.Kubernetes.Tests;

public sealed class HealthServerTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static async Task<(HealthServer Server, HttpClient Http)> StartAsync(HealthServerOptions options)
    {
        var server = new HealthServer(options with { Endpoint = new IPEndPoint(IPAddress.Loopback, 0) });
        await server.StartAsync(Token);
        return (server, new HttpClient { BaseAddress = server.Address });
    }

    [Fact(Timeout = 20_000)]
    public async Task Health_and_readiness_name_what_is_wrong()
    {
        string? wrong = "the cloud does not answer";
        (HealthServer server, HttpClient http) = await StartAsync(new()
        {
            Liveness = [new("loop", () => null)],
            Readiness = [new("cloud", () => wrong), new("broken", () => wrong is null ? null : throw new InvalidOperationException("boom"))],
        });
        await using HealthServer _ = server;
        using HttpClient _1 = http;
        (await http.GetStringAsync("/healthz", Token)).ShouldBe("ok");
        (await http.GetStringAsync("/livez?verbose", Token)).ShouldBe("[+]loop ok\nlivez check passed\n");
        using HttpResponseMessage unready = await http.GetAsync("/readyz", Token);
        unready.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
        string text = await unready.Content.ReadAsStringAsync(Token);
        text.ShouldContain("[-]cloud failed: the cloud does not answer");
        text.ShouldContain("[-]broken failed: the check itself failed: boom");
        (await http.GetStringAsync("/readyz?exclude=cloud&exclude=broken", Token)).ShouldBe("ok");
        (await http.GetStringAsync("/readyz/loop", Token)).ShouldBe("ok");
        wrong = null;
        (await http.GetStringAsync("/readyz", Token)).ShouldBe("ok");
        server.AddReadiness(new("later", () => "no"));
        (await http.GetAsync("/readyz", Token)).StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
        (await http.GetAsync("/nothing", Token)).StatusCode.ShouldBe(HttpStatusCode.NotFound);
        (await http.PostAsync("/healthz", null, Token)).StatusCode.ShouldBe(HttpStatusCode.MethodNotAllowed);
    }

    [Fact(Timeout = 20_000)]
    public async Task Over_tls_health_is_open_and_metrics_are_for_those_who_may()
    {
        using X509Certificate2 first = Certificate("first"), second = Certificate("second");
        X509Certificate2 present = first;
        var asked = new List<string>();
        await using var server = new HealthServer(new()
        {
            Endpoint = new IPEndPoint(IPAddress.Loopback, 0),
            Certificate = () => SslStreamCertificateContext.Create(present, null, offline: true),
            AuthorizeMetrics = (token, _) =>
            {
                asked.Add(token.ToString());
                return Task.FromResult(token.Reveal() == "may");
            },
        });
        await server.StartAsync(Token);
        server.Address.Scheme.ShouldBe("https");
        using HttpClient http = Client(server.Address);
        (await http.GetStringAsync("/healthz", Token)).ShouldBe("ok");
        (await http.GetStringAsync("/readyz", Token)).ShouldBe("ok");
        _shown.ShouldBe("CN=first");

        (await StatusAsync(http, null)).ShouldBe(HttpStatusCode.Unauthorized);
        (await StatusAsync(http, "Basic bWF5")).ShouldBe(HttpStatusCode.Unauthorized);
        (await StatusAsync(http, "Bearer may-not")).ShouldBe(HttpStatusCode.Forbidden);
        (await StatusAsync(http, "Bearer may")).ShouldBe(HttpStatusCode.OK);
        asked.ShouldAllBe(t => t == "***");

        present = second;
        using HttpClient later = Client(server.Address);
        (await later.GetStringAsync("/livez", Token)).ShouldBe("ok");
        _shown.ShouldBe("CN=second", "a renewed certificate is shown to the next connection");

        using var plain = new HttpClient { BaseAddress = new UriBuilder(server.Address) { Scheme = "http" }.Uri };
        await Should.ThrowAsync<HttpRequestException>(() => plain.GetStringAsync("/healthz", Token));
    }

    private string? _shown;

    private HttpClient Client(Uri address)
    {
        var handler = new HttpClientHandler();
        handler.ServerCertificateCustomValidationCallback = (_, certificate, _, errors) =>
        {
            _shown = certificate?.Subject;
            return (errors & SslPolicyErrors.RemoteCertificateNotAvailable) == SslPolicyErrors.None;
        };
        return new HttpClient(handler) { BaseAddress = address };
    }

    private static async Task<HttpStatusCode> StatusAsync(HttpClient http, string? authorization)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/metrics");
        if (authorization is not null) request.Headers.TryAddWithoutValidation("Authorization", authorization);
        using HttpResponseMessage response = await http.SendAsync(request, Token);
        return response.StatusCode;
    }

    private static X509Certificate2 Certificate(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        return new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256).CreateSelfSigned(now.AddHours(-1), now.AddHours(1));
    }

    [Fact(Timeout = 20_000)]
    public async Task Metrics_are_written_in_the_prometheus_text_format()
    {
        using var meter = new Meter("Test.Metrics");
        (HealthServer server, HttpClient http) = await StartAsync(new() { Meters = ["Test.*"], MaxSeries = 3 });
        await using HealthServer _ = server;
        using HttpClient _1 = http;
        Counter<long> counter = meter.CreateCounter<long>("test.calls", description: "Calls \\ with\na break");
        Histogram<double> histogram = meter.CreateHistogram("test_duration", "s", null, null, new InstrumentAdvice<double> { HistogramBucketBoundaries = [1, 5] });
        UpDownCounter<int> level = meter.CreateUpDownCounter<int>("test_level");
        meter.CreateObservableGauge("test_memory", () => 2.5, "By");
        bool gone = false;
        meter.CreateObservableGauge("test_seen", () => gone ? [] : new[] { new Measurement<int>(1, new KeyValuePair<string, object?>("who", "x")) });
        counter.Add(2, new KeyValuePair<string, object?>("path", "a\"b\\c\nd"));
        counter.Add(3, new KeyValuePair<string, object?>("path", "a\"b\\c\nd"));
        histogram.Record(0.5);
        histogram.Record(3);
        histogram.Record(30);
        level.Add(5);
        level.Add(-2);
        (await http.GetStringAsync("/metrics", Token)).ShouldBe("""
            # HELP test_calls_total Calls \\ with\na break
            # TYPE test_calls_total counter
            test_calls_total{path="a\"b\\c\nd"} 5
            # TYPE test_duration_seconds histogram
            test_duration_seconds_bucket{le="1"} 1
            test_duration_seconds_bucket{le="5"} 2
            test_duration_seconds_bucket{le="+Inf"} 3
            test_duration_seconds_sum 33.5
            test_duration_seconds_count 3
            # TYPE test_level gauge
            test_level 3
            # TYPE test_memory_bytes gauge
            test_memory_bytes 2.5
            # TYPE test_seen gauge
            test_seen{who="x"} 1

            """);
        gone = true;
        (await http.GetStringAsync("/metrics", Token)).ShouldNotContain("test_seen{");
        for (int i = 0; i < 100; i++) counter.Add(1, new KeyValuePair<string, object?>("path", i));
        string text = await http.GetStringAsync("/metrics", Token);
        text.ShouldContain("test_calls_total{overflow=\"true\"} 98");
        text.Split('\n').Count(l => l.StartsWith("test_calls_total{", StringComparison.Ordinal)).ShouldBe(4);
    }
}
