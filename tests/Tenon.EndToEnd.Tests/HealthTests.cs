using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using Tenon.EndToEnd.Tests.Support;

namespace Tenon.EndToEnd.Tests;

/// <summary>Health and metrics as <c>--secure-port</c> serves them.</summary>
[Trait("tier", "slow")]
public sealed class HealthTests
{
    private const int Limit = 300_000;

    private static readonly string[] MetricsRole = ["create", "clusterrole", "metrics-reader", "--verb=get", "--non-resource-url=/metrics"];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact(Timeout = Limit)]
    public async Task Health_is_open_and_metrics_are_for_those_whom_the_api_server_lets()
    {
        await using SandboxWorld world = await SandboxWorld.StartAsync("--nodes", "1");
        int port = FreePort();
        await using RunningTenon controller = Start(world, port, "--bind-address", "127.0.0.1");
        using HttpClient http = Trusting(port);
        await ReadyAsync(http, controller);
        (await http.GetStringAsync("/healthz", Token)).ShouldBe("ok");
        (await http.GetStringAsync("/livez", Token)).ShouldBe("ok");
        string checks = await http.GetStringAsync("/readyz?verbose", Token);
        foreach (string name in new[] { "leader-election", "start", "informer-nodes", "informer-services" }) checks.ShouldContain($"[+]{name} ok");

        await world.KubectlAsync("create", "serviceaccount", "scraper");
        string token = await world.KubectlAsync("create", "token", "scraper");
        (await MetricsAsync(http, null)).Status.ShouldBe(HttpStatusCode.Unauthorized);
        (await MetricsAsync(http, "nobody-knows-this")).Status.ShouldBe(HttpStatusCode.Forbidden);
        (await MetricsAsync(http, token)).Status.ShouldBe(HttpStatusCode.Forbidden);
        await world.KubectlAsync(MetricsRole);
        await world.KubectlAsync("create", "clusterrolebinding", "metrics-reader", "--clusterrole=metrics-reader", "--serviceaccount=default:scraper");
        (await world.KubectlAsync("auth", "can-i", "get", "/metrics", "--as=system:serviceaccount:default:scraper")).ShouldBe("yes");
        (HttpStatusCode status, string text) = await MetricsAsync(http, token);
        status.ShouldBe(HttpStatusCode.OK);
        foreach (string series in new[]
        {
            "openstack_requests_total{service=\"compute\",operation=\"compute.servers.list\",status=\"200\"}", "openstack_api_requests_total{request=\"server_list\"}",
            "leader_election_master_status{", "rest_client_requests_total{", "workqueue_depth{",
        }) text.ShouldContain(series);
        (await controller.StopAsync()).ShouldBe(0, controller.Log);
        controller.Log.ShouldNotContain(token);
    }

    [Fact(Timeout = Limit)]
    public async Task The_peers_flag_opens_metrics_to_everybody()
    {
        await using SandboxWorld world = await SandboxWorld.StartAsync("--nodes", "1");
        int port = FreePort();
        await using RunningTenon controller = Start(world, port, "--authorization-always-allow-paths=/healthz,/metrics");
        using HttpClient http = Trusting(port);
        await ReadyAsync(http, controller);
        (await MetricsAsync(http, null)).Status.ShouldBe(HttpStatusCode.OK);
    }

    [Fact(Timeout = Limit)]
    public async Task While_the_cloud_is_away_the_process_is_alive_and_not_ready()
    {
        await using SandboxWorld world = await SandboxWorld.StartAsync("--nodes", "1");
        int port = FreePort();
        string conf = Path.Combine(world.Root, "away.conf");
        await File.WriteAllTextAsync(conf, $"[Global]\nauth-url = http://127.0.0.1:{FreePort()}/v3\nuser-id = u\npassword = p\ntenant-id = t\n", Token);
        await using RunningTenon controller = RunningTenon.Start(
            "cloud-controller", "--cloud-config", conf, "--kubeconfig", world.Kubeconfig, "--secure-port", $"{port}", "--bind-address", "127.0.0.1");
        using HttpClient http = Trusting(port);
        await AnsweringAsync(http, controller);
        (await http.GetStringAsync("/healthz", Token)).ShouldBe("ok");
        using HttpResponseMessage ready = await http.GetAsync("/readyz", Token);
        ready.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
        (await ready.Content.ReadAsStringAsync(Token)).ShouldContain("have not answered yet");
        await Eventually.UntilAsync("the log says what is waited for", TimeSpan.FromSeconds(60), () => Task.FromResult(controller.Log.Contains("Keystone cannot be reached", StringComparison.Ordinal)), () => controller.Log);
        (await controller.StopAsync()).ShouldBe(0, controller.Log);
    }

    private static RunningTenon Start(SandboxWorld world, int port, params string[] more)
        => RunningTenon.Start(["cloud-controller", "--cloud-config", world.CloudConf, "--kubeconfig", world.Kubeconfig, "--secure-port", $"{port}", "--v", "6", .. more]);

    private static async Task<(HttpStatusCode Status, string Text)> MetricsAsync(HttpClient http, string? token)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/metrics");
        if (token is not null) request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        using HttpResponseMessage response = await http.SendAsync(request, Token);
        return (response.StatusCode, await response.Content.ReadAsStringAsync(Token));
    }

    private static Task ReadyAsync(HttpClient http, RunningTenon controller) => AnswersAsync(http, controller, "/readyz", HttpStatusCode.OK);

    private static Task AnsweringAsync(HttpClient http, RunningTenon controller) => AnswersAsync(http, controller, "/healthz", HttpStatusCode.OK);

    private static Task AnswersAsync(HttpClient http, RunningTenon controller, string path, HttpStatusCode wanted) => Eventually.UntilAsync($"{path} answers {wanted}", TimeSpan.FromSeconds(90), async () =>
    {
        controller.HasEnded.ShouldBeFalse(controller.Log);
        try
        {
            using HttpResponseMessage response = await http.GetAsync(path, Token);
            return response.StatusCode == wanted;
        }
        catch (HttpRequestException)
        {
            // It does not listen yet.
            return false;
        }
    }, () => controller.Log);

    private static HttpClient Trusting(int port) => new(new HttpClientHandler { ServerCertificateCustomValidationCallback = HttpClientHandler.DangerousAcceptAnyServerCertificateValidator })
    {
        BaseAddress = new Uri($"https://127.0.0.1:{port}"),
    };

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
